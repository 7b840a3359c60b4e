"""Pictures in Markdown: `![what it shows](/static/help/board.png "A caption")`. Ours are shown, others become links.

A picture that is a paragraph of its own is a figure, and its title is the caption. Its size is read from the file where it
is one of static/, or stands behind the address, `/some/picture.png#640x360` in pixels, so that the page does not jump when
it arrives. Nothing is ever loaded from another site: who reads an article tells nobody else.
"""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import escape

from app.lib.assets import STATIC, version

SIZE = re.compile(r"#(\d{1,5})x(\d{1,5})$")
OURS = re.compile(r"/(?!/)[^\\]*")
PNG, GIF, WEBP = b"\x89PNG\r\n\x1a\n", b"GIF8", b"WEBP"


def pictures(md: MarkdownIt) -> None:
    """Teach a parser and its renderer."""
    md.core.ruler.after("inline", "figures", figures)
    md.add_render_rule("image", drawn)


def figures(state: StateCore) -> None:
    """A paragraph that is one picture of ours becomes a figure with its caption."""
    for place in range(len(state.tokens) - 2):
        opened, words, closed = state.tokens[place : place + 3]
        children = words.children or []
        alone = opened.type == "paragraph_open" and len(children) == 1 and children[0].type == "image"
        if not alone or not is_ours(str(children[0].attrGet("src"))):
            continue
        opened.tag = closed.tag = "figure"
        opened.hidden = closed.hidden = False
        caption = str(children[0].attrs.pop("title", ""))
        if caption:
            # The space is not drawn; it parts caption and alternative text where the words alone are read.
            opening = Token("caption_open", "figcaption", 1, content=" ")
            said = Token("text", "", 0, content=caption)
            words.children = [*children, opening, said, Token("caption_close", "figcaption", -1)]


def drawn(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any) -> str:
    """One picture as HTML; one of another site as a link to it."""
    token = tokens[place]
    address, title = str(token.attrGet("src") or ""), str(token.attrGet("title") or "")
    words = self.renderInlineAsText(token.children or [], options, env)
    if not is_ours(address):
        return f'<a href="{escape(address)}">{escape(words or address)}</a>'
    size = size_of(address)
    shape = f' width="{size[0]}" height="{size[1]}"' if size else ""
    about = f' title="{escape(title)}"' if title else ""
    return f'<img src="{escape(SIZE.sub("", address))}" alt="{escape(words)}"{about}{shape} loading="lazy" decoding="async">'


def is_ours(address: str) -> bool:
    """Whether it is a path on this site."""
    return OURS.fullmatch(address) is not None


def size_of(address: str) -> tuple[int, int] | None:
    """(width, height) in pixels as far as they are known."""
    said = SIZE.search(address)
    if said:
        return int(said[1]), int(said[2])
    name = address.partition("?")[0].removeprefix("/static/")
    if name == address or ".." in PurePosixPath(name).parts:
        return None
    try:
        return measured(name, version(name))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=256)
def measured(name: str, _version: str) -> tuple[int, int] | None:
    """The size that a file of static/ tells in its first bytes, for PNG, GIF and the simple kind of WebP."""
    with (STATIC / name).open("rb") as file:
        head = file.read(32)
    if head.startswith(PNG) and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
    elif head.startswith(GIF) and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
    elif head[8:12] == WEBP and head[12:16] == b"VP8 " and len(head) >= 30:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
    else:
        return None
    return width, height
