/* HiveTechs Support: a search box for pages of yours.

     <div id="help"><a href="…/help">Help centre</a></div>
     <script src="…/embed/search.js" data-target="#help" async></script>

   It reads what is public and nothing else: no cookie, no storage, no fonts, no frames, no code made from text, no inline
   style. A content security policy needs `script-src` and `connect-src` with our origin. More: /desk/knowledge/embed. */
(() => {
  "use strict";
  const script = document.currentScript;
  const at = script ? script.src.indexOf("/embed/search.js") : -1;
  if (at < 0) return;
  const base = script.src.slice(0, at), given = script.dataset;
  const say = { label: given.label || "Search the help centre", hint: given.placeholder || "Ask in your own words" };
  const most = Math.min(Math.max(parseInt(given.limit, 10) || 6, 1), 10);
  let boxes = 0;

  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; display: block; font: inherit; color-scheme: inherit }
    * { box-sizing: border-box }
    .box { position: relative; --ink: light-dark(#141821, #eceff4); --soft: light-dark(#5f6877, #a5adbb); --bg: light-dark(#fff, #14171c); --edge: light-dark(#808997, #6d7685); --line: light-dark(#e2e6ec, #262b34); --on: light-dark(#edf4fb, #1d2c3c); --focus: light-dark(#1a73c2, #62b2f0); color: var(--ink); text-align: start }
    .box[data-theme=light] { color-scheme: light }
    .box[data-theme=dark] { color-scheme: dark }
    .box[data-theme=auto] { color-scheme: light dark }
    input { width: 100%; min-height: 2.75em; padding: .5em .75em; border: 1px solid var(--edge); border-radius: 6px; background: var(--bg); color: inherit; font: inherit; font-size: max(1em, 16px) }
    input::placeholder { color: var(--soft); opacity: 1 }
    :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px }
    .list { position: absolute; z-index: 1000; inset: calc(100% + 4px) 0 auto; max-height: min(26em, 70vh); overflow-y: auto; padding: 4px; border: 1px solid var(--line); border-radius: 8px; background: var(--bg); box-shadow: 0 6px 20px rgb(0 0 0 / .2) }
    .list a { display: block; padding: .5em .75em; border-radius: 4px; color: inherit; text-decoration: none; line-height: 1.35; overflow-wrap: anywhere }
    .list a:hover, .list [aria-selected=true] { background: var(--on) }
    .list [aria-selected=true] { outline: 2px solid var(--focus); outline-offset: -2px }
    .list b { display: block; font-weight: 600 }
    .list small { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; color: var(--soft); font-size: .875em }
    [hidden] { display: none }
    .vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }`);

  const el = (name, attributes, ...inside) => {
    const made = document.createElement(name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    made.append(...inside);
    return made;
  };
  const search = query => `${base}/help${query ? `/search?q=${encodeURIComponent(query)}` : ""}`;

  const build = place => {
    const host = el("div"), root = host.attachShadow({ mode: "open" }), n = ++boxes;
    root.adoptedStyleSheets = [style];
    const input = el("input", { id: `q${n}`, type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": `l${n}`, "aria-autocomplete": "list", autocomplete: "off", maxlength: "200", placeholder: say.hint, enterkeyhint: "search" });
    const list = el("div", { id: `l${n}`, class: "list", role: "listbox", "aria-label": say.label, hidden: "" });
    const status = el("p", { class: "vh", role: "status" });
    root.append(el("div", { class: "box", role: "search", "aria-label": say.label, "data-theme": given.theme || "page" },
      el("label", { class: "vh", for: `q${n}` }, say.label), input, list, status));
    place(host);

    let timer = 0, request = null, asked = "", active = -1;
    const options = () => [...list.children];
    const show = open => { list.hidden = !open; input.setAttribute("aria-expanded", String(open)); if (!open) mark(-1); };
    const mark = to => {
      active = to;
      options().forEach((option, i) => option.setAttribute("aria-selected", String(i === to)));
      const option = options()[to];
      if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
    };
    const option = (i, href, title, about) => el("a", { id: `o${n}-${i}`, role: "option", "aria-selected": "false", tabindex: "-1", href }, el("b", {}, title), ...(about ? [el("small", {}, about)] : []));
    const fill = rows => { list.replaceChildren(...rows.map((row, i) => option(i, ...row))); active = -1; show(rows.length > 0); };
    const ask = async query => {
      request?.abort();
      const mine = request = new AbortController();
      try {
        const answer = await fetch(`${base}/help/suggestions?limit=${most}&q=${encodeURIComponent(query)}`, { credentials: "omit", signal: mine.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const [, titles, about, addresses] = await answer.json();
        fill([...titles.map((title, i) => [addresses[i], title, about[i]]), [search(query), `Everything about “${query}”`, ""]]);
        status.textContent = titles.length ? `${titles.length} ${titles.length === 1 ? "answer" : "answers"}. Use the arrow keys.` : "No answer yet. The last entry opens the help centre.";
      } catch (wrong) {
        if (wrong.name === "AbortError") return;
        fill([[search(query), "Open the help centre", "The search does not answer here at the moment."]]);
        status.textContent = "The search does not answer here at the moment. The entry opens the help centre.";
      }
    };
    input.addEventListener("input", () => {
      const query = input.value.trim().replace(/\s+/g, " ");
      clearTimeout(timer);
      if (query === asked) return;
      asked = query;
      if (query.length < 2) { request?.abort(); fill([]); status.textContent = ""; return; }
      timer = setTimeout(ask, 180, query);
    });
    input.addEventListener("keydown", e => {
      const rows = options(), step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
      if (e.isComposing) return;
      if (step && rows.length) {
        e.preventDefault();
        if (list.hidden) show(true);
        mark((active + 1 + step + rows.length + 1) % (rows.length + 1) - 1);      /* round through the field itself */
      } else if (e.key === "Enter" && input.value.trim()) {
        e.preventDefault();
        if (rows[active] && !list.hidden) rows[active].click(); else location.assign(search(input.value.trim()));
      } else if (e.key === "Escape") {
        e.preventDefault();
        if (list.hidden) { input.value = asked = ""; fill([]); } else show(false);
      }
    });
    input.addEventListener("focus", () => show(list.children.length > 0));
    root.addEventListener("focusout", e => { if (!root.contains(e.relatedTarget)) show(false); });
    list.addEventListener("mousedown", e => e.preventDefault());      /* the field keeps the focus */
  };

  const start = () => {
    if (!given.target) return build(host => script.after(host));
    const target = document.querySelector(given.target);
    if (target) build(host => target.replaceChildren(host));
    else console.warn(`Help search: nothing on this page is ${given.target}.`);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start); else start();
})();
