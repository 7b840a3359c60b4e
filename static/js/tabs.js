/* Tabs in articles. Without script all panels stand one below another; here they become a tab list (portal.js moves by
   arrow keys and shows the panel). A choice holds for each group of the page that has it. On paper all panels stand again. */
(() => {
  "use strict";
  const groups = [...document.querySelectorAll(".tab-group")].filter(group => group.querySelectorAll(":scope > .tab").length > 1);
  const tabsOf = group => [...group.querySelectorAll(":scope > [role=tablist] > [role=tab]")];
  const panelOf = tab => document.getElementById(tab.getAttribute("aria-controls"));

  /* A group is called by the heading that it stands under. */
  const headings = [...document.querySelectorAll(".prose :is(h2, h3, h4)[id]")];
  const above = group => headings.filter(h => h.compareDocumentPosition(group) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1)?.textContent || "Variants";

  const show = (group, tab) => tabsOf(group).forEach(one => {
    one.setAttribute("aria-selected", String(one === tab));
    one.tabIndex = one === tab ? 0 : -1;
    panelOf(one).hidden = one !== tab;
  });
  const choose = (label, by) => {
    const top = by?.getBoundingClientRect().top;
    groups.forEach(group => { const tab = tabsOf(group).find(one => one.textContent === label); if (tab) show(group, tab); });
    if (by) scrollBy(0, by.getBoundingClientRect().top - top);      /* what is above may have become longer */
  };

  groups.forEach((group, g) => {
    const list = document.createElement("div");
    list.className = "tabs"; list.setAttribute("role", "tablist"); list.setAttribute("aria-label", above(group));
    group.querySelectorAll(":scope > .tab").forEach((panel, n) => {
      const tab = document.createElement("button");
      tab.type = "button"; tab.id = `tab-${g}-${n}`; tab.textContent = panel.querySelector(":scope > .tab-name").textContent;
      tab.setAttribute("role", "tab"); tab.setAttribute("aria-controls", `panel-${g}-${n}`);
      panel.id = `panel-${g}-${n}`; panel.setAttribute("role", "tabpanel"); panel.setAttribute("aria-labelledby", tab.id);
      list.append(tab);
    });
    group.prepend(list);
    group.classList.add("is-tabs");
    show(group, tabsOf(group)[0]);
    const act = e => { const tab = e.target.closest("[role=tab]"); if (tab) choose(tab.textContent, tab); };
    list.addEventListener("click", act);
    list.addEventListener("focusin", act);
    list.addEventListener("keydown", e => {
      const to = e.key === "Home" ? 0 : e.key === "End" ? -1 : null;
      if (to !== null) { e.preventDefault(); tabsOf(group).at(to).focus(); }
    });
  });
  if (!groups.length) return;

  const system = navigator.userAgentData?.platform || navigator.platform || "";
  const own = /mac|iphone|ipad/i.test(system) ? "macOS" : /win/i.test(system) ? "Windows" : /linux|android|x11/i.test(system) ? "Linux" : "";
  const labels = new Set(groups.flatMap(tabsOf).map(tab => tab.textContent));
  [...labels].filter(label => own && label.startsWith(own)).slice(0, 1).forEach(label => choose(label));

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const panel = target && target.closest(".tab[hidden]");
    if (panel) { choose(document.getElementById(panel.getAttribute("aria-labelledby")).textContent); target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  let shut = [];
  addEventListener("beforeprint", () => { shut = [...document.querySelectorAll(".tab[hidden]")]; shut.forEach(panel => { panel.hidden = false; }); });
  addEventListener("afterprint", () => { shut.forEach(panel => { panel.hidden = true; }); });
})();
