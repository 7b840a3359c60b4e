/* The help centre: copy a heading's address, mark the part that is being read, open the answer that a link leads to. */
(() => {
  "use strict";
  const all = (s, el = document) => [...el.querySelectorAll(s)];

  document.addEventListener("click", e => {
    const link = e.target instanceof Element && e.target.closest("a[data-copy-link]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    navigator.clipboard?.writeText(link.href).then(() => {
      const toast = document.createElement("div"), words = document.createElement("b");
      toast.className = "toast"; toast.dataset.tone = "ok"; words.textContent = "Link copied";
      toast.append(words);
      document.getElementById("toasts")?.append(toast);
    }, () => {});
  });

  /* The last heading above the upper quarter is the one that is being read. */
  const links = all(".toc nav a"), headings = all(".prose :is(h2, h3)[id]");
  let waiting = false;
  const mark = () => {
    waiting = false;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
    const passed = headings.filter(h => h.getBoundingClientRect().top < innerHeight / 4);
    const now = end ? headings.filter(h => h.getBoundingClientRect().top < innerHeight).at(-1) : passed.at(-1);
    links.forEach(a => { if (now && a.hash === `#${now.id}`) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current"); });
  };
  if (links.length) {
    addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
    mark();
  }
  all(".toc-fold").forEach(fold => fold.addEventListener("click", e => { if (e.target.closest("a")) fold.open = false; }));

  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const answer = target && target.closest("details.answer");
    if (answer && !answer.open) { answer.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
})();
