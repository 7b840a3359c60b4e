/* The editor of knowledge: marks around what is chosen, keys for them, words counted, pictures pasted or dropped.
   The text stays an ordinary textarea; everything here only types into it, so undo works and nothing is lost without script. */
(() => {
  "use strict";
  const $ = (s, el = document) => el.querySelector(s);
  const box = $("[data-markdown]"), area = box && document.getElementById(box.dataset.markdown);
  if (!area) return;
  const bar = $(".editor-bar", box), says = $("[data-says]", box), words = $("[data-words]", box), chooser = $("[data-picture]", bar);

  /* Type, so that the browser's undo knows of it. */
  const type = text => {
    area.focus();
    if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const chosen = () => area.value.slice(area.selectionStart, area.selectionEnd);
  const wrap = (mark, empty) => {
    const from = area.selectionStart, text = chosen(), there = area.value.slice(from - mark.length, from) === mark && area.value.slice(area.selectionEnd, area.selectionEnd + mark.length) === mark;
    if (there) { area.setSelectionRange(from - mark.length, area.selectionEnd + mark.length); type(text); area.setSelectionRange(from - mark.length, from - mark.length + text.length); return; }
    const inner = text || empty;
    type(mark + inner + mark);
    area.setSelectionRange(from + mark.length, from + mark.length + inner.length);
  };
  /* Whole lines: put a mark before each, or take it off where all have it. */
  const lines = mark => {
    const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, end = area.value.indexOf("\n", area.selectionEnd);
    area.setSelectionRange(from, end < 0 ? area.value.length : end);
    const rows = chosen().split("\n"), off = rows.every(r => r.startsWith(mark));
    const text = rows.map(r => off ? r.slice(mark.length) : mark + r).join("\n");
    type(text);
    area.setSelectionRange(off ? from : from + (rows.length > 1 ? 0 : mark.length), from + text.length);
  };
  const block = text => {
    const before = area.value.slice(0, area.selectionStart);
    type((before && !before.endsWith("\n\n") ? before.endsWith("\n") ? "\n" : "\n\n" : "") + text);
  };
  const link = () => {
    const from = area.selectionStart, text = chosen();
    if (/^(https?:\/\/|\/)\S+$/.test(text)) { type(`[text](${text})`); area.setSelectionRange(from + 1, from + 5); return; }
    const inner = text || "text";
    type(`[${inner}](/help/)`);
    area.setSelectionRange(from + inner.length + 3, from + inner.length + 9);
  };
  const code = () => chosen().includes("\n") ? block("```\n" + chosen() + "\n```\n") : wrap("`", "code");
  const marks = {
    bold: () => wrap("**", "bold"), italic: () => wrap("*", "italic"), code, link,
    list: () => lines("- "), heading: () => lines("## "), quote: () => block("> **Note:** "),
    table: () => block("| Option | Meaning |\n| --- | --- |\n| `--flag` | what it does |\n"), picture: () => chooser.click()
  };
  const keys = { b: "bold", i: "italic", e: "code", k: "link" };

  /* One stop for the tab key; arrows move within. */
  const buttons = [...bar.querySelectorAll("[data-mark]")];
  bar.addEventListener("click", e => { const b = e.target.closest("[data-mark]"); if (b) { says.textContent = ""; marks[b.dataset.mark](); } });
  bar.addEventListener("keydown", e => {
    const at = buttons.indexOf(e.target), step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    const to = at < 0 ? null : step ? buttons[(at + step + buttons.length) % buttons.length] : { Home: buttons[0], End: buttons.at(-1) }[e.key];
    if (!to) return;
    e.preventDefault();
    buttons.forEach(b => { b.tabIndex = b === to ? 0 : -1; });
    to.focus();
  });
  area.addEventListener("keydown", e => {
    const mark = (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && keys[e.key.toLowerCase()];
    if (mark) { e.preventDefault(); e.stopPropagation(); marks[mark](); return; }
    /* Enter in a list goes on with it; on an empty item it ends the list. */
    if (e.key !== "Enter" || e.shiftKey || e.ctrlKey || e.metaKey || e.isComposing || area.selectionStart !== area.selectionEnd) return;
    const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, row = area.value.slice(from, area.selectionStart);
    const item = /^(\s*)([-*]|\d+\.) (.*)$/.exec(row);
    if (!item) return;
    e.preventDefault();
    if (!item[3]) { area.setSelectionRange(from, area.selectionStart); type("\n"); return; }
    type(`\n${item[1]}${/\d/.test(item[2]) ? `${parseInt(item[2], 10) + 1}.` : item[2]} `);
  });

  const count = () => {
    const n = (area.value.match(/\S+/g) || []).length;
    words.textContent = `${n.toLocaleString("en")} ${n === 1 ? "word" : "words"}, ${Math.max(1, Math.round(n / 220))} min to read`;
  };
  area.addEventListener("input", count);
  count();

  /* Pictures: chosen, pasted or dropped; the server says what they are. */
  chooser.addEventListener("input", e => e.stopPropagation());
  const send = async files => {
    for (const file of files) {
      if (!file.type.startsWith("image/")) { says.textContent = `${file.name} is no picture.`; continue; }
      says.textContent = `Adding ${file.name}…`;
      const form = new FormData();
      form.append("picture", file);
      try {
        const answer = await fetch(bar.dataset.pictures, { method: "POST", body: form, headers: { Accept: "application/json", "X-CSRFToken": $("[name=csrf_token]", area.form).value } });
        const told = await answer.json();
        if (!answer.ok) { says.textContent = told.detail; continue; }
        /* Its size goes with the address, so that the page keeps its place (reading/pictures.py). */
        const size = await createImageBitmap(file).then(b => `#${b.width}x${b.height}`, () => "");
        block(`![${file.name.replace(/\.[^.]*$/, "").replace(/[[\]]/g, "")}](${told.url}${size})\n`);
        says.textContent = "Added. Say in the brackets what it shows.";
      } catch { says.textContent = `${file.name} was not added: no answer. Try again.`; }
    }
  };
  chooser.addEventListener("change", () => { send([...chooser.files]); chooser.value = ""; });
  area.addEventListener("paste", e => { if (e.clipboardData.files.length) { e.preventDefault(); send([...e.clipboardData.files]); } });
  const over = e => e.dataTransfer?.types.includes("Files");
  area.addEventListener("dragover", e => { if (over(e)) { e.preventDefault(); box.classList.add("is-over"); } });
  area.addEventListener("dragleave", () => box.classList.remove("is-over"));
  area.addEventListener("drop", e => { box.classList.remove("is-over"); if (over(e)) { e.preventDefault(); send([...e.dataTransfer.files]); } });

  /* What the server has kept is not lost: the browser need not ask, unless somebody typed on meanwhile. */
  let typed = 0, sent = 0, leaving = false;
  document.addEventListener("submit", e => { leaving = !e.defaultPrevented; setTimeout(() => { leaving = false; }, 15000); });
  const keeps = e => e.detail.ctx?.target?.id === "kept";
  area.form.addEventListener("input", () => { typed += 1; });
  document.addEventListener("htmx:before:request", e => { if (!keeps(e)) return; if (leaving) e.preventDefault(); else sent = typed; });
  document.addEventListener("htmx:after:swap", e => { if (keeps(e) && sent === typed) area.form.dataset.guard = ""; });
})();
