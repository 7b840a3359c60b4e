"""Markdown to safe HTML: CommonMark with tables, then an allow-list sanitizer. What people write is never trusted."""

import re
from functools import lru_cache
from html import unescape

import nh3
from markdown_it import MarkdownIt

from app.lib.autolinks import autolinks

TAGS = {
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "h2",
    "h3",
    "h4",
    "h5",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "div",
}
ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "h2": {"id"}, "h3": {"id"}, "th": {"align"}, "td": {"align"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
HEADING = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
BLANK_LINES = re.compile(r"\n{3,}")


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """One parser a process. Raw HTML is shown as text; single line breaks are kept, as people expect in a message."""
    return MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable(["table", "strikethrough"]).use(autolinks)


def to_html(text: str) -> str:
    """Render a message or article body. Headings begin at h2, since the page owns h1; links open with rel=nofollow.

    Blocks of code scroll by themselves, so they can be reached by keyboard.
    """
    return cleaned(rendered(text))


def rendered(text: str) -> str:
    """The HTML of a text before it is `cleaned`: not to be shown."""
    html: str = parser().render(text)
    return html.replace("<h1>", "<h2>").replace("</h1>", "</h2>")


def cleaned(html: str) -> str:
    """What is allowed of an HTML text, as `to_html` describes it."""
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener noreferrer")
    return clean.replace("<pre>", '<pre tabindex="0">')


def with_anchors(html: str) -> tuple[str, list[tuple[int, str, str]]]:
    """Give h2 and h3 ids and list them: (html, [(level, id, text)]) for a table of contents."""
    found: list[tuple[int, str, str]] = []
    taken: set[str] = set()

    def anchored(match: re.Match[str]) -> str:
        text = TAG.sub("", match[2])
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
        name, n = slug, 2
        while name in taken:
            name, n = f"{slug}-{n}", n + 1
        taken.add(name)
        found.append((int(match[1]), name, text))
        return f'<h{match[1]} id="{name}">{match[2]}</h{match[1]}>'

    return HEADING.sub(anchored, html), found


def to_lines(text: str) -> str:
    """The words of a Markdown text without its marks, with the lines that it has when rendered, for plain mail."""
    lines = unescape(nh3.clean(parser().render(text), tags=set())).splitlines()
    return BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def to_text(text: str) -> str:
    """The words of a Markdown text without its marks, for snippets and plain mail."""
    return " ".join(to_lines(text).split())
