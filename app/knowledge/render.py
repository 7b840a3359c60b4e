"""Articles and answers as HTML: Markdown, sanitized, with anchors, notes and code that can be scrolled by keyboard.

Beside CommonMark and tables: callouts (a quote that begins with **Note:**, **Tip:** or **Warning:**), tabs, pictures and
footnotes; reading/tabs.py, pictures.py and footnotes.py say how they are written.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from app.knowledge.reading.footnotes import footnotes
from app.knowledge.reading.pictures import pictures
from app.knowledge.reading.tabs import tabs
from app.lib.autolinks import autolinks
from app.lib.markdown import ATTRIBUTES, SCHEMES, TAGS, with_anchors
from app.lib.marks import icon

# A quote within a quote stays one: the first end would be the inner one's.
NOTE = re.compile(r"<blockquote>\s*<p><strong>(Note|Tip|Warning):</strong>\s*((?:(?!</?blockquote>).)*)</blockquote>", re.DOTALL)
NOTES = {"Note": ("info", "info"), "Tip": ("ok", "circle-check"), "Warning": ("warn", "triangle-alert")}
ANCHORED = re.compile(r'<h([23]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
MARK = re.compile(r"<[^>]+>")
OURS = re.compile(r'<a href="(/[^/"][^"]*|/|#[^"]*)"((?: (?:id|title)="[^"]*")*) rel="[^"]*">')
BACK = re.compile(r'<a href="(#note-[^"]*-back)">')
SHORT_CODE = re.compile(r"<td>(<code>[^<]{1,16}</code></td>)")
PRE = re.compile(r"<pre><code(?: class=\"language-([\w+-]{1,20})\")?>")
WORDS_A_MINUTE = 220
# What articles and answers may have beside what a message may.
MORE_TAGS = {*TAGS, "img", "figure", "figcaption", "sup"}
MORE_ATTRIBUTES = {
    **ATTRIBUTES,
    "a": {"href", "title", "id"},
    "li": {"id"},
    "img": {"src", "alt", "title", "width", "height", "loading", "decoding"},
}
CLASSES = {"div": {"tab-group", "tab", "notes"}, **{f"h{level}": {"tab-name"} for level in (3, 4, 5)}}


@dataclass(frozen=True)
class Page:
    """A rendered article: its HTML, its headings as (level, id, text), how many minutes it takes to read."""

    html: Markup
    headings: tuple[tuple[int, str, str], ...]
    minutes: int


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """One parser a process. Unlike in a message, a line break in the source is only a space."""
    plain_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    return plain_parser.use(tabs).use(footnotes).use(pictures).use(autolinks)


def html_of(text: str) -> str:
    """Markdown as sanitized HTML; headings begin at h2."""
    raw = parser().render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        raw,
        tags=MORE_TAGS,
        attributes=MORE_ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    return OURS.sub(r'<a href="\1"\2>', clean)


def dressed(html: str) -> str:
    """Notes as callouts, tables and code in boxes that scroll by themselves, tables and code reachable by keyboard. A short
    option or code of an error in a table is not broken at its hyphens."""
    html = NOTE.sub(callout, html)
    html = PRE.sub(lambda m: f'<pre tabindex="0" aria-label="{code_label(m[1])}"><code>', html)
    html = SHORT_CODE.sub(r'<td class="fit">\1', html)
    html = BACK.sub(r'<a href="\1" aria-label="Back to the text">', html)
    html = html.replace("<table>", '<div class="table-wrap" tabindex="0" role="group" aria-label="Table"><table class="table">')
    return html.replace("</table>", "</table></div>")


def callout(match: re.Match[str]) -> str:
    """A quote that begins with Note, Tip or Warning, with all that follows in it: paragraphs, lists, code."""
    tone, mark = NOTES[match[1]]
    inside = f"<p>{match[2].strip()}".removeprefix("<p></p>").strip()
    return f'<div class="callout" data-tone="{tone}">{icon(mark)}<div><p><b>{match[1]}</b></p>{inside}</div></div>'


def code_label(language: str | None) -> str:
    """What a screen reader says of a block of code."""
    return f"Code, {escape(language)}" if language else "Code"


def unmarked(html: str) -> str:
    """The words of a heading, as `headings` has it."""
    return unescape(MARK.sub("", html))


def with_links(html: str) -> str:
    """Beside each heading that has an anchor a link to it, whose address a click copies where script runs."""
    return ANCHORED.sub(
        lambda m: (
            f'<div class="heading">{m[0]}<a class="anchor" href="#{m[2]}" data-copy-link '
            f'aria-label="Link to “{escape(unmarked(m[3]))}”">{icon("link")}</a></div>'
        ),
        html,
    )


@lru_cache(maxsize=256)
def article(text: str) -> Page:
    """The body of an article. Kept for the texts that are read most."""
    html, headings = with_anchors(html_of(text))
    return Page(Markup(with_links(dressed(html))), tuple(headings), max(1, round(len(text.split()) / WORDS_A_MINUTE)))  # noqa: S704 - sanitized above


@lru_cache(maxsize=1024)
def answer(text: str) -> Markup:
    """An answer to a question: as an article, one heading level lower and without anchors."""
    html = html_of(text).replace("<h3>", "<h4>").replace("</h3>", "</h4>").replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    return Markup(dressed(html))  # noqa: S704 - sanitized above


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The words of a Markdown text without its marks, for search and snippets. Code keeps its characters."""
    tokens = parser().parse(text)
    words: list[str] = []
    for token in tokens:
        if token.type in {"fence", "code_block"}:
            words.append(token.content)
        for child in token.children or ():
            words.append(" " if child.type in {"softbreak", "hardbreak"} else child.content)
        words.append(" ")
    return " ".join("".join(words).split())
