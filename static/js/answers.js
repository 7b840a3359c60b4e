/* Answers from knowledge beside the composer and the editor of a macro: the field takes the focus, and what is taken goes to the caret, where Ctrl+Z takes it back. */
(() => {
  "use strict";
  const $ = (s, el = document) => el.querySelector(s);
  const put = (area, text, whole) => {
    const before = area.value.slice(0, area.selectionStart), after = area.value.slice(area.selectionEnd);
    const gap = whole ? (/\n\n$|^$/.test(before) ? "" : before.endsWith("\n") ? "\n" : "\n\n") : /\s$|^$|[(\u201c"]$/.test(before) ? "" : " ";
    const end = whole && after.trim() && !after.startsWith("\n") ? "\n\n" : !whole && /^\w/.test(after) ? " " : "";
    area.focus();
    /* The one way that can be undone by the keyboard; where it is gone, the text still comes in. */
    if (!document.execCommand?.("insertText", false, gap + text + end)) area.setRangeText(gap + text + end, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  /* Opened again: what was looked for is still there. Only where a reply became a note, or a note a reply, it is fetched anew. */
  document.addEventListener("htmx:before:request", e => {
    const source = e.detail.ctx.sourceElement, body = $("#answers-body");
    if (!source.matches("[data-open=answers]") || !body?.firstElementChild) return;
    const isNote = Boolean($("form.composer [name=visibility][value=note]")?.checked), wasNote = Boolean($("[name=visibility]", body));
    /* Hidden, not removed: what one typed a moment ago is still about to be looked for, and htmx ends that as it swaps. */
    if (isNote !== wasNote) { body.hidden = true; return; }
    e.preventDefault();
    /* After the dialog has opened. */
    setTimeout(() => { $("#answers-q")?.focus(); $("#answers-q")?.select(); });
  });
  /* Nothing came: the list of before was for something else. */
  document.addEventListener("htmx:finally:request", e => {
    const body = $("#answers-body");
    if (!body?.hidden || !e.detail.ctx.sourceElement.matches("[data-open=answers]")) return;
    body.replaceChildren();
    body.hidden = false;
  });
  document.addEventListener("htmx:after:swap", e => {
    const id = e.detail.ctx?.target?.id;
    if (id === "answers-body") { e.detail.ctx.target.hidden = false; $("#answers-q")?.focus(); $("#answers-q")?.select(); }
    if (id !== "answers-taken") return;
    const taken = $("#answers-taken template[data-insert]"), area = $("form.composer textarea[name=body], #macro textarea[name=body]");
    if (!taken || !area) return;
    const text = taken.content.textContent, whole = taken.dataset.insert === "answer";
    if ("staffOnly" in taken.dataset) $("[data-staff-text]")?.removeAttribute("hidden");
    taken.remove();
    $("#answers")?.close();
    put(area, text, whole);
  });
})();
