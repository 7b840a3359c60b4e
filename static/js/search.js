/* Answers while one types: in the help centre, beside a new ticket, in the composer of the desk.
   A box with data-answers-of="x" holds the answers to what stands in the field #x; each answer has data-answer on the link
   or summary that takes the focus. Beside the field there may be #x-says (a live region) and #x-problem (what went wrong).
   Everything works without this file; with it the arrow keys go through the answers, and screen readers hear how many. */
(() => {
  "use strict";
  const QUIET_MS = 1000;
  const byId = id => document.getElementById(id);
  const boxOf = id => document.querySelector(`[data-answers-of="${CSS.escape(id)}"]`);
  const itemsIn = box => [...box.querySelectorAll("[data-answer]")].filter(item => item.checkVisibility?.() ?? true);
  const firstOf = id => { const box = boxOf(id); return box && itemsIn(box)[0]; };
  /* The field that a request is about: a link among the answers, the form around the field, or the field itself. */
  const fieldOf = source => {
    const box = source?.closest?.("[data-answers-of]");
    if (box) return byId(box.dataset.answersOf);
    const field = source?.matches?.("form") ? source.querySelector("input[type=search]") : source;
    return field?.id && boxOf(field.id) || field?.matches?.("[data-searches]") ? field : null;
  };

  /* Keys. Down goes from the field to the first answer, up from there back to it; Home, End; Escape back to the field. */
  const waiting = new Set();
  const busy = new Map();
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey || e.isComposing) return;
    const box = e.target.id ? boxOf(e.target.id) : null;
    if ((box || e.target.matches?.("[data-searches]")) && e.key === "ArrowDown") {
      e.preventDefault();
      if (busy.has(e.target.id)) waiting.add(e.target.id); else firstOf(e.target.id)?.focus();
      return;
    }
    const here = e.target.closest?.("[data-answers-of]");
    if (!here) return;
    if (e.key === "Escape") { e.preventDefault(); byId(here.dataset.answersOf)?.focus(); return; }
    const items = itemsIn(here), at = items.indexOf(e.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
    if (at < 0 || to === undefined) return;
    e.preventDefault();
    if (to < 0) byId(here.dataset.answersOf)?.focus();
    else items[Math.min(to, items.length - 1)].focus();
  });

  /* A letter was typed: the answers are about to change, unless it is the same text again. */
  const SOON_MS = 500;
  document.addEventListener("input", e => {
    const id = e.target.id;
    if (!id || !(boxOf(id) || e.target.matches("[data-searches]"))) return;
    const soon = {};
    waiting.delete(id);
    busy.set(id, soon);
    setTimeout(() => { if (busy.get(id) === soon) { busy.delete(id); if (waiting.delete(id)) firstOf(id)?.focus(); } }, SOON_MS);
    later(id);
  });

  /* Announce how many answers there are once the keys rest, not at each letter. */
  const timers = new Map();
  const later = id => {
    clearTimeout(timers.get(id));
    timers.set(id, setTimeout(() => {
      const box = boxOf(id), says = byId(`${id}-says`);
      if (box && says && !busy.has(id)) says.textContent = box.dataset.says || "";
    }, QUIET_MS));
  };

  /* What went wrong is said beside the field, which keeps what was typed; the answers of before stay. */
  const again = new Map();
  const retry = id => {
    const source = again.get(id);
    clear(id);
    if (source?.matches("a")) source.click(); else source?.dispatchEvent(new CustomEvent("again"));
  };
  const clear = id => { again.delete(id); byId(`${id}-problem`)?.replaceChildren(); };
  const complain = (field, source, words) => {
    const place = byId(`${field.id}-problem`);
    if (!place) return;
    const button = document.createElement("button");
    again.set(field.id, source);
    button.type = "button"; button.className = "btn btn--sm"; button.textContent = "Try again"; button.dataset.again = field.id;
    place.replaceChildren(words, " ", button);
  };
  document.addEventListener("click", e => {
    const button = e.target.closest?.("[data-again]");
    if (button) { byId(button.dataset.again)?.focus(); retry(button.dataset.again); }
  });
  addEventListener("online", () => [...again.keys()].forEach(retry));
  const refusal = (status, wait) => {
    if (status === 429) return `Too many searches in a short time. What you typed is kept; wait ${wait > 0 ? `${wait} seconds` : "a minute"}.`;
    return status >= 500 ? "Something broke on our side. What you typed is kept." : "This could not be searched for. Change it, then try again.";
  };

  document.addEventListener("htmx:before:request", e => {
    const ctx = e.detail.ctx, field = fieldOf(ctx.sourceElement);
    if (field) busy.set(field.id, ctx);
  });
  document.addEventListener("htmx:before:response", e => {
    const { sourceElement: source, response, hx } = e.detail.ctx, field = fieldOf(source);
    if (!field || !byId(`${field.id}-problem`) || hx?.redirect) return;
    if (response.status < 400) { clear(field.id); return; }
    e.preventDefault();
    complain(field, source, refusal(response.status, +response.headers.get("Retry-After")));
  });
  document.addEventListener("htmx:error", e => {
    const source = e.detail.ctx?.sourceElement, field = fieldOf(source);
    if (field && e.detail.ctx.request?.method === "GET") complain(field, source, "There is no answer from the server. What you typed is kept.");
  });
  document.addEventListener("htmx:finally:request", e => {
    /* By its context: what has asked may be gone by now. */
    for (const [id, cause] of busy) if (cause === e.detail.ctx) { busy.delete(id); waiting.delete(id); }
  });

  /* The address follows: what one types replaces it; a page one came from, and a search one ended with Enter, stay behind Back. */
  let ending = false, ended = false;
  document.addEventListener("submit", e => {
    if (!e.target.matches("form[data-search]")) return;
    ending = true;
    /* On a phone the keyboard would hide the answers. */
    if (matchMedia("(pointer: coarse)").matches) document.activeElement?.blur?.();
  });
  document.addEventListener("htmx:before:history:update", e => {
    const { history: step, sourceElement: source } = e.detail;
    if (!source?.matches?.("form[data-search]")) return;
    const there = new URL(step.path, location.href), same = there.href === location.href;
    step.type = !same && (ended && !ending || location.pathname !== there.pathname) ? "push" : "replace";
    ended = ending || ended && same;
    ending = false;
  });

  /* Before a swap: which link had the focus. After it: its like among the new answers, or their heading. */
  let held = null, byLink = false;
  const likeOf = el => {
    const nav = el?.closest?.("[data-answers-of] nav[aria-label]");
    return nav ? `nav[aria-label="${CSS.escape(nav.getAttribute("aria-label"))}"] [aria-current=true]` : "h2[tabindex]";
  };
  document.addEventListener("htmx:before:swap", e => {
    const source = e.detail.ctx?.sourceElement;
    byLink = Boolean(source?.matches?.("[data-answers-of] a"));
    held = byLink && source === document.activeElement ? likeOf(source) : null;
  });
  document.addEventListener("htmx:after:swap", e => {
    const target = e.detail.ctx?.target;
    const fresh = target?.id ? byId(target.id) : null;
    const box = fresh?.matches("[data-answers-of]") ? fresh : fresh?.querySelector("[data-answers-of]");
    const field = box && byId(box.dataset.answersOf);
    if (!field) return;
    /* A link asks something else than the field says; what was typed since then stays. */
    if (byLink && "query" in box.dataset && field !== document.activeElement) field.value = box.dataset.query;
    if (held) (box.querySelector(held) || box.querySelector("h2[tabindex]"))?.focus({ preventScroll: true });
    else if (waiting.delete(field.id)) itemsIn(box)[0]?.focus();
    held = null;
    later(field.id);
  });
})();
