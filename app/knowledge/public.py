"""The help centre: search, articles, questions, votes. Open to everybody; each sees what is written for them."""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, request, url_for
from flask_login import current_user

from app.audiences import public
from app.extensions import db, limiter
from app.knowledge import abroad, actions, finding, queries, readers, render
from app.knowledge.finding import Found
from app.knowledge.learning.visitors import asking
from app.knowledge.models import Article, Faq
from app.knowledge.queries import reader_of
from app.knowledge.reading.releases import ended_on
from app.knowledge.rules import path_of
from app.knowledge.sections import Shelf, shelf
from app.knowledge.training.queries import page_for
from app.knowledge.translations.showing import text_of, wished
from app.knowledge.writing.queries import moved_to
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound
from app.lib.htmx import answer, go, is_htmx, page_or_part, part
from app.lib.pages import domain_error, page_without_slash
from app.lib.text import one_line

bp = public("help", __name__)
SORTS = {"best": "Best match", "helpful": "Most helpful", "newest": "Newest"}
VOTES = "60/minute"
MOST_CATEGORIES = 14
EVERYWHERE = Shelf("", "All", "layers")
ANCHOR = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
# The forms of tickets.
FORMS = frozenset({"tickets.new", "guest.new"})


@bp.get("/help")
def home() -> Response:
    """Where one begins: the search field, the sections, what is asked most."""
    reader = reader_of(current_user)
    questions = queries.popular_questions(reader)
    return part("knowledge/home.html", found=None, sorts=SORTS, shelves=queries.shelves(reader), questions=questions, shelf=shelf)


@bp.get("/help/search")
def search() -> Response:
    """Answers to what was typed, with or without script."""
    reader = reader_of(current_user)
    category, sort, page = typed("category", 100), request.args.get("sort", ""), number("page")
    found = abroad.search(reader, typed_text(), wished(), category=category, page=page, sort=sort)
    note_search(found, narrowed=bool(category))
    context: dict[str, Any] = {
        "found": found,
        "category": category,
        "sort": sort if sort in SORTS else "best",
        "sorts": SORTS,
        "shelf": shelf,
    }
    return at_its_address(page_or_part("knowledge/search.html", "knowledge/search.htmx.html", **context), found, context)


def note_search(found: Found, *, narrowed: bool) -> None:
    """Note what was asked and shown. To narrow a search down, or to turn its page, is to see more of it, not to ask again."""
    if found.query and not found.is_popular:
        shown = [f"{result.kind}:{result.id}" for result in found.results]
        readers.searched(asking(), found.query, shown, found.total, utcnow(), page=max(found.page, 1 + narrowed), poor=found.is_poor)


def at_its_address(response: Response, found: Found, context: dict[str, Any]) -> Response:
    """What is typed into the field is shown at an address without empty words, that can be shared; links have theirs."""
    if is_htmx() and request.headers.get("HX-Source", "").startswith("form"):
        sort = context["sort"] if context["sort"] != "best" else ""
        response.headers["HX-Replace-Url"] = search_address(q=found.query, category=context["category"], sort=sort)
    return response


@bp.get("/help/faq")
def faq() -> Response:
    """Common questions: one category with its answers, or each with its most popular ones; or those with some words."""
    reader, category, words = reader_of(current_user), typed("category", 100), typed("filter", 100)
    categories = queries.faq_categories(reader)
    if category and category not in categories:
        raise NotFound
    entries = queries.faq_shelf(reader, category, text=words) if category or words else queries.faq_overview(reader)
    context: dict[str, Any] = {"words": words, "is_open": request.args.get("open") == "all", "most": queries.ON_A_FAQ_SHELF}
    return part(
        "knowledge/faq.html", category=category, categories=categories, entries=entries, shelf=shelf, answer=render.answer, **context
    )


@bp.get("/help/faq/<path:key>")
def question(key: str) -> Response:
    """One question with its answer."""
    reader = reader_of(current_user)
    entry = queries.faq_for(reader, key)
    saw(entry)
    context: dict[str, Any] = {"shown": text_of(entry), "related": queries.related(reader, entry), "plain": render.plain}
    return part("knowledge/question.html", entry=entry, shelf=shelf, answer=render.answer, **context)


@bp.get("/help/<section>")
def section(section: str) -> Response:
    """The articles of one section."""
    reader = reader_of(current_user)
    articles = queries.section_of(reader, section)
    return part("knowledge/section.html", here=shelf(section), articles=articles)


@bp.get("/help/<section>/<slug>")
def article(section: str, slug: str) -> Response:
    """An article with its contents, its neighbours and what else helps."""
    reader = reader_of(current_user)
    entry = queries.article_for(reader, section, slug)
    articles = queries.section_of(reader, section)
    shown = text_of(entry)
    saw(entry)
    before, after = queries.neighbours(articles, slug)
    context: dict[str, Any] = {
        "here": shelf(section),
        "duty": page_for(reader, entry),
        "page": render.article(shown.body),
        "ended_on": ended_on(entry.product_version, utcnow().date()),
        "related": queries.related(reader, entry),
    }
    return part("knowledge/article.html", entry=entry, shown=shown, articles=articles, before=before, after=after, **context)


@bp.post("/help/votes")
@limiter.limit(VOTES)
def vote() -> Response:
    """Whether an entry helped. One vote a visitor; voting again changes it."""
    kind, wish = request.form.get("kind", ""), request.form.get("helpful", "")
    if wish not in {"yes", "no"}:
        raise Invalid("Say yes or no.")
    entry = queries.entry_for(reader_of(current_user), kind, whole(request.form.get("id", "")))
    who, now, said = asking(), utcnow(), wish == "yes"
    actions.vote(entry, who.voter(kind, entry.id), is_helpful=said, now=now, actor=reader_of(current_user), network=who.network(now))
    db.session.commit()
    readers.voted(who, kind, entry.id, now, is_helpful=said)
    return answer("knowledge/_votes.html", or_go=f"{address(entry)}?voted={wish}#votes", entry=entry, voted=wish)


@bp.get("/help/suggest")
def suggest() -> Response:
    """Answers that may spare a ticket, for the form in which its subject is typed."""
    found = finding.suggest(reader_of(current_user), request.args.get("q") or request.args.get("subject") or "")
    if found.results:
        readers.offered(asking(), utcnow())
    return part("knowledge/_suggestions.html", found=found, shelf=shelf)


@bp.get("/help/suggest/<any(faq, article):kind>/<int:number>")
def read_here(kind: str, number: int) -> Response:
    """One of them, whole, to be read without leaving the form; a page of its own without htmx."""
    reader = reader_of(current_user)
    entry = queries.entry_for(reader, kind, number)
    if not is_htmx():
        return go(address(entry))
    shown = text_of(entry)
    readers.viewed(asking(), kind, number, utcnow())
    return part("knowledge/_read_here.html", shown=shown, html=render.answer(shown.body))


@bp.post("/help/solved")
@limiter.limit(VOTES)
def solved() -> Response:
    """ "This answered my question": counted, and no ticket is opened."""
    kind, _, entry_number = request.form.get("solved", "").partition(":")
    entry = queries.entry_for(reader_of(current_user), kind, whole(entry_number))
    query = one_line(request.form.get("q") or request.form.get("subject"))[: finding.MAX_QUERY]
    actions.deflected(entry, query, now=utcnow(), actor=reader_of(current_user))
    db.session.commit()
    readers.solved(asking(), entry.kind, entry.id, utcnow())
    return answer("knowledge/_solved.html", or_go=url_for(".thanks", kind=kind, id=entry.id), entry=entry)


@bp.get("/help/solved")
def thanks() -> Response:
    """Where one is led who needed no ticket."""
    entry = queries.entry_for(reader_of(current_user), request.args.get("kind", ""), whole(request.args.get("id", "")))
    return part("knowledge/thanks.html", entry=entry)


@bp.errorhandler(NotFound)
def moved(error: NotFound) -> Any:
    """Where nothing is for this reader, an entry may have stood: its old address leads to where it is now, for ever.

    A slash at the end of a name leads to the address without it. Browsers keep neither answer for long, since another entry may
    take the address.
    """
    if request.endpoint in {"help.article", "help.question"}:
        if (page := page_without_slash()) is not None:
            return redirect(page, 301)
        entry = moved_to(reader_of(current_user), request.path.removeprefix("/help/"))
        if entry is not None:
            query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
            return redirect(address(entry) + query, 301)
    return domain_error(error)


@bp.app_template_global("entry_address")
def address(entry: Faq | Article) -> str:
    """The page of an entry."""
    return request.script_root + entry.path


@bp.app_template_global("faq_anchor")
def faq_anchor(entry: Faq) -> str:
    """The id of a question in a list of them: its name, where an id can be like it, so that a link lasts."""
    return f"q-{entry.external_id}" if ANCHOR.fullmatch(entry.external_id) else f"q-{entry.id}"


@bp.app_template_global("result_address")
def result_address(result: finding.Result) -> str:
    """The page of an answer in a list."""
    return request.script_root + path_of(*result.address, result.locale)


@bp.app_template_global("search_address")
def search_address(**words: Any) -> str:
    """A search as an address; empty words are left out."""
    given = [given_as(name, value) for name, value in words.items() if value]
    address = f"{request.script_root}/help/search"
    return f"{address}?{'&'.join(given)}" if given else address


@lru_cache(maxsize=1024)
def given_as(name: str, value: str | int) -> str:
    """One word of an address. A page of answers has a dozen links with the same question in them."""
    return urlencode({name: value})


@bp.app_template_global("category_links")
def category_links(found: Found, category: str) -> list[tuple[str, Shelf, int]]:
    """(address, category, how many) for the categories with most answers, the chosen one among them; first all of them."""
    most = sorted(found.categories.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [(key, count) for place, (key, count) in enumerate(most) if place < MOST_CATEGORIES or key == category]
    address = search_address(q=found.query)
    beginning = f"{address}{'&' if found.query else '?'}"
    links = [(beginning + given_as("category", key), shelf(key), count) for key, count in shown]
    return [(address, EVERYWHERE, sum(found.categories.values())), *links]


@bp.app_template_global("ticket_address")
def ticket_address(found: Found | None = None) -> str:
    """Where one asks a person: the ticket form, begun with what was searched for."""
    # On each page of answers, so this is not left to url_for either.
    address = f"{request.script_root}{'/guest/new' if reader_of(current_user) is None else '/tickets/new'}"
    return f"{address}?{urlencode({'subject': found.query})}" if found and found.query else address


def saw(entry: Faq | Article) -> None:
    """Note a reader; who asks for a part of the page reads it already."""
    if not is_htmx():
        readers.viewed(asking(), entry.kind, entry.id, utcnow())


@bp.after_app_request
def note_asking(response: Response) -> Response:
    """Note that somebody who read here went on to the form of a ticket, or sent it as a guest. People's tickets tell it by their event."""
    if request.endpoint in FORMS and response.status_code == HTTPStatus.OK and not request.args.get("sent"):
        readers.asked(asking(), utcnow())
    elif request.endpoint == "guest.create" and (response.status_code == HTTPStatus.SEE_OTHER or "HX-Redirect" in response.headers):
        readers.ticketed(asking(), utcnow())
    return response


def typed(name: str, length: int) -> str:
    """A word of the address, cleaned."""
    return one_line(request.args.get(name))[:length]


def typed_text() -> str:
    """What was typed into the search field; a space at the end says that the last word is finished."""
    return request.args.get("q", "")[:2000]


def number(name: str) -> int:
    """A whole number of the address, 1 where it is none."""
    return whole(request.args.get(name, "1")) or 1


def whole(text: str) -> int:
    """A whole number of at most nine digits, or 0."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0
