"""`GET /api/v1/articles` and `/api/v1/articles/{section}/{slug}`: the documentation for other programs. Read-only.

Without a token everybody gets what is public, from any site, and may keep it for a minute. With one, its owner gets what they
may read on the pages, and no cache keeps it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, current_app, jsonify, make_response, redirect, request

from app.accounts.api_auth import caller
from app.accounts.models import User
from app.audiences import api
from app.extensions import csrf
from app.knowledge import queries, render
from app.knowledge.models import Article
from app.knowledge.reading import listing
from app.knowledge.rules import path_of
from app.knowledge.translations.queries import versions_of
from app.knowledge.writing.queries import moved_to
from app.lib.api import tagged, whole_number, word
from app.lib.errors import Invalid, NotFound
from app.lib.text import one_line

bp = api("articles_api", __name__, url_prefix="/api/v1/articles")
csrf.exempt(bp)

FILTERS = ("section", "tag", "changed_since", "cursor")
LIMIT, MOST = 50, 100
LONGEST = 300


@bp.get("")
def index() -> Response:
    """`?section=&tag=&changed_since=&limit=&cursor=`: articles in the order of their last change, oldest first.

    Who pages on from `next` misses nothing that changes meanwhile. `changed_since` is a time with its zone (ISO 8601);
    `limit` is 1 to 100.
    """
    given = {name: one_line(word(name, LONGEST)) for name in FILTERS}
    since, limit = moment(given["changed_since"]), whole_number("limit", LIMIT, MOST)
    wanted = listing.Wanted(given["section"], given["tag"], since)
    page, total = listing.page(reader(), wanted, given["cursor"], limit)
    return answered({"items": [brief(row) for row in page.items], "next": page.next, "total": total})


@bp.get("/<section>/<slug>")
def show(section: str, slug: str) -> Response:
    """One article, as it was written (Markdown) and as pages show it (HTML). An old address leads to the new one (301)."""
    who = reader()
    try:
        entry = queries.article_for(who, section, slug)
    except NotFound:
        found = moved_to(who, f"{section}/{slug}")
        if not isinstance(found, Article):
            raise
        return make_response(redirect(f"{bp.url_prefix}/{found.section}/{found.slug}", 301))
    return answered(whole(entry))


def reader() -> User | None:
    """The owner of the token, None where there is none. Raises Unauthorized for one that is wrong."""
    return caller().person if request.headers.get("Authorization") else None


def brief(row: Any) -> dict[str, Any]:
    """An article as lists have it."""
    return {
        "id": row.id,
        "section": row.section,
        "slug": row.slug,
        "title": row.title,
        "summary": row.summary,
        "tags": row.tags,
        "audience": row.audience,
        "product_version": row.product_version,
        "reviewed_on": row.reviewed_on.isoformat() if row.reviewed_on else None,
        "created_at": row.created_at.isoformat(),
        "changed_at": row.changed_at.isoformat(),
        "url": current_app.config["SETTINGS"].base_url + path_of(row.section, row.slug),
    }


def whole(entry: Article) -> dict[str, Any]:
    """An article with its text."""
    page = render.article(entry.body)
    headings = [{"level": level, "id": name, "text": render.unmarked(text)} for level, name, text in page.headings]
    languages = [version.locale for version in versions_of(entry)]
    text = {"markdown": entry.body, "html": str(page.html), "headings": headings, "minutes": page.minutes, "languages": languages}
    return {**brief(entry), **text}


def answered(body: Mapping[str, Any]) -> Response:
    """The answer with its tag; what is public may be kept for a minute and be read by pages of any site."""
    response, keep = jsonify(body), "private, no-cache"
    if not request.headers.get("Authorization"):
        response.headers["Access-Control-Allow-Origin"], keep = "*", "public, max-age=60"
    response.vary.add("Authorization")
    return tagged(response, response.get_data(as_text=True), keep)


def moment(text: str) -> datetime | None:
    """A time, None for an empty word. Raises Invalid."""
    # In a query a plus sign that nobody has encoded is a space.
    text = text.replace(" ", "+") if "T" in text else text
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = None
    if text and (at is None or at.tzinfo is None):
        raise Invalid("`changed_since` is a time with its zone, such as 2026-11-16T09:00:00Z.")
    return at
