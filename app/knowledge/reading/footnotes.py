"""Footnotes in Markdown: `[^name]` in the text, `[^name]: its words` on a line of its own. Pure.

The notes stand at the end, numbered as they are first named. A name that nobody explains stays as it was typed, and a note
that nobody names is left out.
"""

import hashlib
import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from app.knowledge.reading.tabs import is_code, line_of

NAMED = re.compile(r"\[\^([\w-]{1,40})\]")
EXPLAINED = re.compile(r"\[\^([\w-]{1,40})\]:\s+(\S.*)")
NOTES, ORDER, SAID = "notes", "order_of_notes", "digest_of_notes"


def footnotes(md: MarkdownIt) -> None:
    """Teach a parser both marks."""
    md.block.ruler.before("reference", "note", explained, {"alt": ["paragraph", "reference"]})
    md.inline.ruler.before("link", "note", named)
    md.core.ruler.after("inline", "notes", at_the_end)
    md.add_render_rule("note_mark", mark)


def explained(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule for a note's words: they are kept for the end. The first of two with the same name counts."""
    found = None if is_code(state, start) else EXPLAINED.fullmatch(line_of(state, start))
    if found is None:
        return False
    if not silent:
        state.env.setdefault(NOTES, {}).setdefault(found[1], found[2])
        state.line = start + 1
    return True


def named(state: StateInline, silent: bool) -> bool:
    """The rule for a note's name: a small number that leads to the note."""
    found = NAMED.match(state.src, state.pos, state.posMax)
    if found is None or found[1] not in state.env.get(NOTES, {}):
        return False
    if not silent:
        order: list[str] = state.env.setdefault(ORDER, [])
        is_first = found[1] not in order
        if is_first:
            order.append(found[1])
        number = order.index(found[1]) + 1
        state.push("note_ref_open", "sup", 1)
        link = state.push("link_open", "a", 1)
        link.attrs = {"href": f"#{anchor(state.env, number)}", **({"id": anchor(state.env, number, "back")} if is_first else {})}
        state.push("note_mark", "", 0).meta = {"shown": str(number)}
        state.push("link_close", "a", -1)
        state.push("note_ref_close", "sup", -1)
    state.pos = found.end()
    return True


def at_the_end(state: StateCore) -> None:
    """The notes that were named, as a list behind the text. A note may name others, which come behind it, each once."""
    notes, order = state.env.get(NOTES, {}), state.env.get(ORDER, [])
    if not order:
        return
    state.tokens += [opening("notes_open", "div", {"class": "notes"}), opening("ordered_list_open", "ol", {})]
    number = 0
    while number < len(order):
        said: list[Token] = []
        text = notes[order[number]]
        state.md.inline.parse(text, state.md, state.env, said)
        number += 1
        back = [opening("link_open", "a", {"href": f"#{anchor(state.env, number, 'back')}"}), shown("↩"), Token("link_close", "a", -1)]
        words = Token("inline", "", 0, content=text, children=[*said, shown(" "), *back])
        item = opening("list_item_open", "li", {"id": anchor(state.env, number)})
        state.tokens += [item, words, Token("list_item_close", "li", -1)]
    state.tokens += [Token("ordered_list_close", "ol", -1), Token("notes_close", "div", -1)]


def mark(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any) -> str:
    """A number or an arrow: seen on the page, and no word of the text, so that search does not read it."""
    return str(tokens[place].meta["shown"])


def shown(text: str) -> Token:
    """Such a mark."""
    return Token("note_mark", "", 0, meta={"shown": text})


def opening(kind: str, tag: str, attributes: dict[str, str | int | float]) -> Token:
    """A token that opens an element."""
    return Token(kind, tag, 1, attrs=attributes)


def anchor(env: MutableMapping[str, Any], number: int, end: str = "") -> str:
    """The id of a note or (`back`) of its place in the text. A page may show many texts: theirs differ by the notes they have."""
    if SAID not in env:
        env[SAID] = hashlib.sha256(repr(env.get(NOTES)).encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"note-{env[SAID]}-{number}{'-back' if end else ''}"
