"""Addresses of the web that stand bare in a Markdown text become links, as people expect of what they paste. Pure.

A backslash before the colon (`https\\://`) keeps one as text, as it does with other marks.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from app.lib.addresses import split_address

BARE = re.compile(r"(?<![\w/])https?://[^\s<>\"`\\|]+", re.IGNORECASE)
# What ends a sentence or a bracket around the address, and is seldom meant as a part of it.
BEHIND = ".,;:!?'*_~"
LONGEST = 2_000


def autolinks(md: MarkdownIt) -> None:
    """Teach a parser the rule. It runs while what was escaped can still be told from what was not."""
    md.core.ruler.before("text_join", "autolinks", link_all)


def link_all(state: StateCore) -> None:
    """The rule: code and what is a link already stay as they are."""
    for block in state.tokens:
        if block.type != "inline" or not block.children or "://" not in block.content:
            continue
        depth, children = 0, []
        for token in joined(block.children):
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            children += linked(token, state.md) if token.type == "text" and not depth else [token]
        block.children = children


def joined(children: Sequence[Token]) -> list[Token]:
    """The pieces of a text put together, but for colons that were escaped."""
    together: list[Token] = []
    for token in children:
        if token.type == "text_special" and token.content != ":":
            token.type = "text"
        if together and token.type == together[-1].type == "text":
            together[-1].content += token.content
        else:
            together.append(token)
    return together


def linked(token: Token, md: MarkdownIt) -> list[Token]:
    """The pieces of a text, its addresses as links."""
    pieces: list[Token] = []
    text, done = token.content, 0
    for found in BARE.finditer(text):
        url = trimmed(found[0]) if len(found[0]) <= LONGEST else ""
        if split_address(url) is None:
            continue
        address = md.normalizeLink(url)
        opening = Token("link_open", "a", 1, attrs={"href": address}, level=token.level, markup="linkify", info="auto")
        pieces += [plain(text[done : found.start()], token.level), opening, plain(url, token.level + 1)]
        pieces.append(Token("link_close", "a", -1, level=token.level, markup="linkify", info="auto"))
        done = found.start() + len(url)
    return [*pieces, plain(text[done:], token.level)] if pieces else [token]


def plain(text: str, level: int) -> Token:
    """A piece of text."""
    return Token("text", "", 0, content=text, level=level)


def trimmed(url: str) -> str:
    """An address without the punctuation behind it; a closing bracket belongs to it if it has the opening one."""
    while url:
        last = url[-1]
        opening = {")": "(", "]": "["}.get(last)
        if last not in BEHIND and (opening is None or url.count(opening) >= url.count(last)):
            return url
        url = url[:-1]
    return url
