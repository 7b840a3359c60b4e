"""The links of a text, and whether those within our pages lead anywhere. No call leaves the house from here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app
from markdown_it.token import Token
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.extensions import db
from app.knowledge import render
from app.knowledge.links.rules import Place, is_external, place_of
from app.knowledge.models import Article, Faq
from app.knowledge.sections import AUDIENCES, SECTIONS
from app.knowledge.writing.models import Picture, Redirect

MOST_LINKS = 500
NOWHERE = "No page of ours has this address."
DRAFT = "This page is not published."
TOO_NARROW = "Not all readers of this page may read that one."
NO_ANCHOR = "That page has no heading with this anchor."
NO_PICTURE = "There is no such picture. Add it in the editor."
HELP = "/help/"
PICTURES = "/help/pictures/"
ENTRIES = {"help.article", "help.question"}
# Who else reads what is written for an audience: each may read what those before it may.
RANK = {audience: number for number, audience in enumerate(AUDIENCES)}


@dataclass(frozen=True)
class Reference:
    """A link of an entry: as it is written, where it leads within our pages (None: elsewhere), and what is wrong with it at once."""

    url: str
    place: Place | None
    problem: str = ""

    @property
    def is_external(self) -> bool:
        """Whether somebody else's server has to be asked."""
        return self.place is None and not self.problem


@dataclass(frozen=True)
class Target:
    """A page of ours that links lead to: who may read it (empty: it is not published), its text for anchors."""

    audience: str
    body: str | None = None


def references(text: str, here: str) -> list[Reference]:
    """The links and pictures of a Markdown text on the page at `here`, each once, in order, MOST_LINKS at most.

    Mail addresses and the like are left out.
    """
    own_host = urlsplit(current_app.config["SETTINGS"].base_url).hostname or ""
    found: dict[str, Reference] = {}
    for url in urls(render.parser().parse(text)):
        if url not in found and len(found) < MOST_LINKS:
            reference = read(url, here, own_host)
            if reference is not None:
                found[url] = reference
    return list(found.values())


def urls(tokens: Sequence[Token]) -> Iterable[str]:
    """The addresses in a parsed text."""
    for token in tokens:
        for name in ("href", "src"):
            value = token.attrGet(name)
            if isinstance(value, str) and value:
                yield value
        if token.children:
            yield from urls(token.children)


def read(url: str, here: str, own_host: str) -> Reference | None:
    """One address; None for one that nobody can check."""
    try:
        place = place_of(url, here, own_host)
    except ValueError:
        return Reference(url, None, "This is no address.")
    if place is None and not is_external(url):
        return None
    return Reference(url, place)


def problems(found: Sequence[Reference], audience: str, here: str, text: str) -> dict[str, str]:
    """Address → why it leads nowhere, for the links within our pages of an entry that an audience reads. Four statements at most."""
    wanted = {reference.place.path for reference in found if reference.place is not None and reference.place.path != here}
    there = targets(wanted) | pictures(wanted)
    wrong = {reference.url: reference.problem for reference in found if reference.problem}
    for reference in found:
        if reference.place is not None:
            mine = Target(audience, text) if reference.place.path == here else there.get(reference.place.path)
            if why := problem(reference.place, mine, audience):
                wrong[reference.url] = why
    return wrong


def pictures(paths: Iterable[str]) -> dict[str, Target]:
    """Path → the picture there, which is for whoever reads a text that shows it. One statement, none without a picture."""
    refs = sorted(path.removeprefix(PICTURES) for path in paths if path.startswith(PICTURES))
    found = db.session.scalars(select(Picture.ref).where(Picture.ref.in_(refs))) if refs else ()
    return {f"{PICTURES}{ref}": Target("public") for ref in found}


def problem(place: Place, target: Target | None, audience: str) -> str:
    """Why a link leads nowhere for the readers of an audience; empty where it does lead somewhere."""
    if target is None and place.path.startswith(PICTURES):
        return NO_PICTURE
    if target is None:
        inside = audience != "staff" and place.path.startswith(("/desk", "/admin", "/dev"))
        return "" if is_page(place.path) and not inside else TOO_NARROW if inside else NOWHERE
    if not target.audience:
        return DRAFT
    if RANK.get(target.audience, 0) > RANK.get(audience, 0):
        return TOO_NARROW
    if place.anchor and target.body is not None and place.anchor not in anchors(target.body):
        return NO_ANCHOR
    return ""


def anchors(body: str) -> set[str]:
    """The anchors of an article: its headings, the top, and whatever else its text marks."""
    page = render.article(body)
    return {name for _, name, _ in page.headings} | {"", "top", "main", "reading", "votes"} | footnotes(body)


def footnotes(body: str) -> set[str]:
    """The anchors of its footnotes."""
    return {str(url)[1:] for url in urls(render.parser().parse(body)) if str(url).startswith("#note-")}


def is_page(path: str) -> bool:
    """Whether a path that is no entry's is a page of ours: the routes know."""
    try:
        endpoint, values = current_app.url_map.bind("localhost").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return endpoint not in ENTRIES and (endpoint != "help.section" or values.get("section") in SECTIONS)


def targets(paths: Iterable[str]) -> dict[str, Target]:
    """Path → the entry there, also where an old address leads to it. Three statements at most."""
    words = {path: path.removeprefix(HELP) for path in paths if path.startswith(HELP)}
    keys = {word.removeprefix("faq/") for word in words.values() if word.startswith("faq/")}
    slugs = {tuple(word.split("/")) for word in words.values() if word.count("/") == 1 and not word.startswith("faq/")}
    old = moved(words.values()) if words else {}
    faqs = {row.external_id: row for row in rows_of_faqs(keys, [number for kind, number in old.values() if kind == "faq"])}
    articles = rows_of_articles({slug for _, slug in slugs}, [number for kind, number in old.values() if kind == "article"])
    known: dict[str, Target] = {f"faq/{key}": seen(row.status, row.audience, None) for key, row in faqs.items()}
    known |= {f"{row.section}/{row.slug}": seen(row.status, row.audience, row.body) for row in articles}
    by_number = {("faq", row.id): known[f"faq/{row.external_id}"] for row in faqs.values()}
    by_number |= {("article", row.id): known[f"{row.section}/{row.slug}"] for row in articles}
    found = {path: known.get(word) or by_number.get(old.get(word, ("", 0))) for path, word in words.items()}
    return {path: target for path, target in found.items() if target is not None}


def seen(status: str, audience: str, body: str | None) -> Target:
    """A row as a target."""
    return Target(audience if status == "published" else "", body)


def moved(words: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Old address → (kind, number) of the entry that it leads to. One statement."""
    query = select(Redirect.path, Redirect.kind, Redirect.entry_id).where(Redirect.path.in_(sorted(words)))
    return {path: (kind, number) for path, kind, number in db.session.execute(query)}


def rows_of_faqs(keys: Iterable[str], numbers: Sequence[int]) -> Sequence[Faq]:
    """The questions of these names or numbers, as far as links need them. One statement."""
    columns = (Faq.id, Faq.external_id, Faq.status, Faq.audience)
    return db.session.execute(select(*columns).where(Faq.external_id.in_(sorted(keys)) | Faq.id.in_(numbers))).all()  # type: ignore[return-value]


def rows_of_articles(slugs: Iterable[str], numbers: Sequence[int]) -> Sequence[Article]:
    """The articles of these slugs or numbers, with their texts. One statement."""
    columns = (Article.id, Article.section, Article.slug, Article.status, Article.audience, Article.body)
    return db.session.execute(select(*columns).where(Article.slug.in_(sorted(slugs)) | Article.id.in_(numbers))).all()  # type: ignore[return-value]
