"""Tabs for platforms, as a block of Markdown. Pure.

    ::: tabs
    === macOS
    Any Markdown, code and lists among it.

    === Linux
    More of it.
    :::

Each label begins a line, and is followed by its text. Without script the texts stand one below another under their labels.
A group without its last line, or without a label at its beginning, is no group and stays as it was typed.
"""

import re
from bisect import bisect_left
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

OPENING = re.compile(r":::+\s*tabs\s*")
CLOSING = re.compile(r":::+\s*")
LABEL = re.compile(r"===+\s+(\S.{0,59}?)\s*")
FENCE = re.compile(r"(`{3,}|~{3,})")
LEVELS = range(3, 6)
# A group may not be longer, so that a text of nothing but beginnings is read in one go.
MOST_LINES = 1000
INSIDE = "inside_tabs"


def tabs(md: MarkdownIt) -> None:
    """Teach a parser the block."""
    md.block.ruler.before("fence", "tabs", group, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def group(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule: whether a group begins in this line; if so, its tokens are made and the parser goes on behind it."""
    if state.env.get(INSIDE) or is_code(state, start) or not OPENING.fullmatch(line_of(state, start)):
        return False
    found = parts(state, start + 1, end)
    if found is None:
        return False
    if silent:
        return True
    labels, last = found
    tag = heading_tag(state)
    state.push("tabs_open", "div", 1).attrSet("class", "tab-group")
    for place, (label, first) in enumerate(labels):
        until = labels[place + 1][1] - 1 if place + 1 < len(labels) else last
        panel(state, label, tag, first, until)
    state.push("tabs_close", "div", -1)
    state.line = last + 1
    return True


def panel(state: StateBlock, label: str, tag: str, first: int, until: int) -> None:
    """One label and the lines below it, from `first` to before `until`."""
    state.push("tab_open", "div", 1).attrSet("class", "tab")
    state.push("tab_name_open", tag, 1).attrSet("class", "tab-name")
    words = state.push("inline", "", 0)
    words.content, words.children, words.map = label, [], [first - 1, first]
    state.push("tab_name_close", tag, -1)
    line_max, parent, state.env[INSIDE] = state.lineMax, state.parentType, True
    state.lineMax, state.parentType = until, "root"
    state.md.block.tokenize(state, first, until)
    state.lineMax, state.parentType = line_max, parent
    del state.env[INSIDE]
    state.push("tab_close", "div", -1)


def parts(state: StateBlock, start: int, end: int) -> tuple[list[tuple[str, int]], int] | None:
    """([(label, first line of its text)], the closing line) of the group whose first line is `start`; None for no group."""
    labels: list[tuple[str, int]] = []
    fence = ""
    closing, end = next_closing(state.src, start), min(end, start + MOST_LINES)
    if closing is None or closing >= end:
        return None
    for line in range(start, end):
        text = line_of(state, line)
        if state.sCount[line] < state.blkIndent and text:
            return None
        mark = FENCE.match(text)
        if fence:
            fence = "" if mark and text.startswith(fence) and not text.strip(fence[0]).strip() else fence
        elif mark:
            fence = mark[1]
        elif CLOSING.fullmatch(text):
            return (labels, line) if labels else None
        elif label := LABEL.fullmatch(text):
            labels.append((label[1], line + 1))
        if text and not labels:
            return None
    return None


def next_closing(source: str, line: int) -> int | None:
    """The first line from this one on that could be the last of a group."""
    lines = closings(source)
    place = bisect_left(lines, line)
    return lines[place] if place < len(lines) else None


@lru_cache(maxsize=1)
def closings(source: str) -> list[int]:
    """Every line that could be the last of a group, in a quotation or a fence as well: found once for all beginnings of a text."""
    return [number for number, line in enumerate(source.split("\n")) if line.rstrip().endswith(":::")]


def line_of(state: StateBlock, line: int) -> str:
    """The text of a line without the space before it."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def is_code(state: StateBlock, line: int) -> bool:
    """Whether a line is indented so far that it is code."""
    return state.sCount[line] - state.blkIndent >= 4


def heading_tag(state: StateBlock) -> str:
    """One level below the heading that the group stands under; the page owns h1, so a first one counts as h2."""
    above = next((int(token.tag[1]) for token in reversed(state.tokens) if token.type == "heading_open"), 2)
    return f"h{min(max(above + 1, LEVELS.start), LEVELS.stop - 1)}"
