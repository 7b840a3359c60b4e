"""Articles and their translations as files: Markdown with front matter. Pure: text in, text out.

An article lies at `<section>/<slug>.md`, a translation beside it at `<section>/<slug>.<locale>.md`. Text that looks like a
directive to include another file is text: nothing is ever read from anywhere else.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.knowledge.exchange.frontmatter import Head, Unreadable, composed, listed, quoted, split
from app.knowledge.rules import MAX_BODY, MAX_PLACE, MAX_SUMMARY, MAX_TITLE, is_slug, tags_of
from app.knowledge.sections import AUDIENCES, SECTIONS, STATES

CARE = ("owner", "review", "redirects")
ARTICLE = ("title", "summary", "audience", "position", "tags", "version", "reviewed", "status", *CARE)
TRANSLATION = ("title", "summary", "locale", "status", "source")
MOST_REDIRECTS, MAX_VERSION = 100, 60
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
LOCALE = re.compile(r"[a-z]{2,3}")
STATES_OF_TRANSLATIONS = ("draft", "published")


@dataclass(frozen=True)
class Care:
    """Who looks after an entry (an e-mail address), when it is looked at again, the old addresses that lead to it.

    None, and no addresses, say nothing: what the desk has set stays.
    """

    owner: str | None = None
    review_on: date | None = None
    redirects: tuple[str, ...] = ()


NO_CARE = Care()


@dataclass(frozen=True)
class ArticleFile:
    """An article as its file has it. `front_matter` are the lines of keys that we do not know."""

    section: str
    slug: str
    title: str
    body: str
    summary: str = ""
    audience: str = "public"
    position: int = 0
    tags: tuple[str, ...] = ()
    product_version: str = ""
    reviewed_on: date | None = None
    status: str = "published"
    front_matter: str = ""
    care: Care = NO_CARE

    @property
    def path(self) -> str:
        """Where it lies below the folder of an export."""
        return f"{self.section}/{self.slug}.md"

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of its row in the database."""
        return {name: value for name, value in vars(self).items() if name != "care"} | {"tags": list(self.tags)}


@dataclass(frozen=True)
class TranslationFile:
    """A translation as its file has it. `source` is the fingerprint of the original that it was made from; empty: of today's."""

    section: str
    slug: str
    locale: str
    title: str
    body: str
    summary: str = ""
    status: str = "published"
    source: str = ""

    @property
    def path(self) -> str:
        """Where it lies below the folder of an export."""
        return f"{self.section}/{self.slug}.{self.locale}.md"


def parse_file(section: str, stem: str, text: str) -> ArticleFile | TranslationFile:
    """An article or a translation from its file, by its name without `.md`. Raises Unreadable."""
    slug, dot, locale = stem.rpartition(".")
    return parse_translation(section, slug, locale, text) if dot else parse_article(section, stem, text)


def parse_article(section: str, slug: str, text: str) -> ArticleFile:
    """An article from its file. Raises Unreadable."""
    if section not in SECTIONS or not is_slug(slug):
        raise Unreadable(f"{section}/{slug} is not an address of ours")
    head, body = split(text, ARTICLE)
    check_texts(head, body)
    return ArticleFile(
        section,
        slug,
        head.value("title"),
        body,
        head.value("summary"),
        one_of(head, "audience", "public", tuple(AUDIENCES)),
        number(head, "position"),
        tuple(tags_of(head.words("tags"))),
        head.value("version")[:MAX_VERSION],
        day(head, "reviewed"),
        one_of(head, "status", "published", tuple(STATES)),
        head.rest,
        Care(head.values.get("owner"), day(head, "review"), tuple(head.words("redirects")[:MOST_REDIRECTS])),
    )


def parse_translation(section: str, slug: str, locale: str, text: str) -> TranslationFile:
    """A translation from its file. Raises Unreadable."""
    if section not in SECTIONS or not is_slug(slug) or LOCALE.fullmatch(locale) is None or locale == "en":
        raise Unreadable(f"{section}/{slug}.{locale} is not an address of ours")
    head, body = split(text, TRANSLATION)
    check_texts(head, body)
    if head.others:
        raise Unreadable(f"a translation has no such line: {head.others[0][:60]!r}", 2)
    if head.value("locale", locale) != locale:
        raise Unreadable(f"the locale is {head.value('locale')}, and the name of the file says {locale}", head.line("locale"))
    source = head.value("source")
    if source and FINGERPRINT.fullmatch(source) is None:
        raise Unreadable("source is the 16 digits that an export wrote, or nothing", head.line("source"))
    status = one_of(head, "status", "published", STATES_OF_TRANSLATIONS)
    return TranslationFile(section, slug, locale, head.value("title"), body, head.value("summary"), status, source)


def check_texts(head: Head, body: str) -> None:
    """Title, summary and body within their bounds. Raises Unreadable."""
    if not head.value("title") or not body.strip():
        raise Unreadable("title or body is missing", head.line("title"))
    for name, text, most in (
        ("title", head.value("title"), MAX_TITLE),
        ("summary", head.value("summary"), MAX_SUMMARY),
        ("body", body, MAX_BODY),
    ):
        if len(text) > most:
            raise Unreadable(f"the {name} is too long: {most:,} characters at most", head.line(name))


def one_of(head: Head, key: str, default: str, known: tuple[str, ...]) -> str:
    """A word that we know. Raises Unreadable."""
    word = head.value(key) or default
    if word not in known:
        raise Unreadable(f"{key} is none that we know: {', '.join(known)}", head.line(key))
    return word


def number(head: Head, key: str) -> int:
    """A whole number. Raises Unreadable."""
    text = head.value(key) or "0"
    if re.fullmatch(r"[+-]?[0-9]{1,9}", text) is None or not -MAX_PLACE <= int(text) <= MAX_PLACE:
        raise Unreadable(f"the {key} is no whole number, or out of bounds", head.line(key))
    return int(text)


def day(head: Head, key: str) -> date | None:
    """A day, or None. Raises Unreadable."""
    try:
        return date.fromisoformat(head.value(key)) if head.value(key) else None
    except ValueError as wrong:
        raise Unreadable(f"the review date cannot be read ({key}): {wrong}", head.line(key)) from wrong


def compose_article(article: ArticleFile) -> str:
    """The file of an article. Parsing it gives the same article, and composing that the same bytes."""
    fields = {
        "title": quoted(article.title),
        "summary": quoted(article.summary),
        "audience": article.audience,
        "position": str(article.position),
        "tags": listed(article.tags),
        "version": quoted(article.product_version),
        "reviewed": str(article.reviewed_on or ""),
    }
    if article.status != "published":
        fields["status"] = article.status
    return composed({**fields, **care_of(article.care)}, article.front_matter, article.body)


def care_of(care: Care) -> dict[str, str]:
    """What the desk has set, where it has."""
    told = {"owner": care.owner or "", "review": str(care.review_on or ""), "redirects": listed(care.redirects) if care.redirects else ""}
    return {key: value for key, value in told.items() if value}


def compose_translation(translation: TranslationFile) -> str:
    """The file of a translation; as for articles."""
    fields = {"title": quoted(translation.title), "summary": quoted(translation.summary), "locale": translation.locale}
    if translation.status != "published":
        fields["status"] = translation.status
    if translation.source:
        fields["source"] = translation.source
    return composed(fields, "", translation.body)
