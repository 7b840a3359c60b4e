"""The help centre for machines that read along: robots, site map, Atom feeds, search from the browser's address bar.

Everybody gets the same here, and only what is public, whoever they are. Absolute addresses begin with BASE_URL.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from flask import Response, current_app, json, request, stream_with_context

from app.audiences import public
from app.knowledge import finding, readers
from app.knowledge.learning.visitors import asking
from app.knowledge.reading import changes
from app.knowledge.reading.changes import PART, Change, Place
from app.knowledge.rules import path_of
from app.knowledge.sections import SECTIONS, shelf
from app.lib.api import tagged
from app.lib.clock import utcnow
from app.lib.errors import NotFound
from app.lib.text import one_line

bp = public("feeds", __name__)

# What XML 1.0 cannot hold, whatever the text.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
# Where nothing is for a search engine: what needs an account, what is somebody's own, and what is answered by the question.
NOT_FOR_ROBOTS = ("/account", "/admin", "/api/", "/calls", "/desk", "/guest", "/help/search", "/login", "/survey", "/tickets")
SUGGESTIONS, MOST_SUGGESTIONS = 6, 10
HOUR, MINUTE = 3600, 60


@bp.get("/robots.txt")
def robots() -> Response:
    """What search engines may read, and where the site map is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS), "", f"Sitemap: {base()}/sitemap.xml", ""]
    return whole(Response("\n".join(lines), mimetype="text/plain"), HOUR)


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page; where there are more than a site map may hold, the list of its parts."""
    state = changes.public_state()
    if state.count + len(SECTIONS) + 2 > PART:
        listed = [Place(f"/sitemaps/{kind}-{part}.xml", at) for kind, part, at in changes.parts()]
        return mapped(state, "sitemapindex", "sitemap", [Place("/sitemaps/page-0.xml", state.changed_at), *listed])
    return mapped(state, "urlset", "url", every_place())


@bp.get("/sitemaps/<any(page, faq, article):kind>-<int:part>.xml")
def sitemap_part(kind: str, part: int) -> Response:
    """One part of a site map that is too large for one file."""
    if kind == "page" and part == 0:
        return mapped(changes.public_state(), "urlset", "url", changes.sections())
    if (kind, part) not in {(one, number) for one, number, _ in changes.parts()}:
        raise NotFound
    return mapped(changes.public_state(), "urlset", "url", changes.places(kind, part))


@bp.get("/help/changes.atom")
def feed() -> Response:
    """What was written or changed last (RFC 4287)."""
    return atom(changes.latest(), "Help centre", "/help", "/help/changes.atom")


@bp.get("/help/<section>/changes.atom")
def section_feed(section: str) -> Response:
    """The same for the articles of one section."""
    found = changes.latest(section)
    page = f"/help/{quote(section)}"
    return atom(found, shelf(section).label, page, f"{page}/changes.atom")


@bp.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser searches here from its address bar (OpenSearch 1.1)."""
    body = drawn("knowledge/opensearch.xml")
    return whole(Response(body, content_type="application/opensearchdescription+xml; charset=utf-8"), 24 * HOUR)


@bp.get("/help/suggestions")
def suggestions() -> Response:
    """`?q=&limit=` → `[q, [titles], [what they say], [addresses]]`: for a browser's address bar, and for the box on other sites."""
    query, limit = request.args.get("q", "")[: finding.MAX_QUERY], request.args.get("limit", SUGGESTIONS, type=int)
    found = finding.search(None, query)
    hits = [] if found.is_popular else found.results[: max(1, min(limit, MOST_SUGGESTIONS))]
    if found.query and not found.is_popular:
        shown = [f"{hit.kind}:{hit.id}" for hit in hits]
        readers.searched(asking(), found.query, shown, found.total, utcnow(), poor=found.is_poor)
    titles, words = [hit.heading for hit in hits], [hit.snippet.striptags() for hit in hits]
    body = json.dumps([one_line(query), titles, words, [base() + path_of(*hit.address) for hit in hits]])
    response = Response(body, content_type="application/x-suggestions+json; charset=utf-8")
    response.headers.update({"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})
    return whole(response, MINUTE)


def base() -> str:
    """What our addresses begin with."""
    return str(current_app.config["SETTINGS"].base_url)


def every_place() -> Iterator[Place]:
    """All public addresses."""
    yield from changes.sections()
    for kind in ("article", "faq"):
        yield from changes.places(kind)


def mapped(state: changes.State, root: str, item: str, places: Iterable[Place]) -> Response:
    """A site map, sent as it is read. Its tag comes from the state, so that one who has it already costs one statement."""

    def lines() -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {XMLNS}>\n'
        for place in places:
            yield f"<{item}><loc>{xml(base() + place.path)}</loc><lastmod>{stamp(place.changed_at)}</lastmod></{item}>\n"
        yield f"</{root}>\n"

    response = Response(stream_with_context(lines()), content_type="application/xml; charset=utf-8")
    # Otherwise the whole of it would be read to find its length.
    response.automatically_set_content_length = False
    return tagged(response, "\n".join((base(), str(state.count), stamp(state.changed_at))), lasting(HOUR))


def atom(entries: list[Change], title: str, page: str, own: str) -> Response:
    """A feed of these entries."""
    host = urlsplit(base()).hostname or "localhost"
    updated = stamp(max((entry.changed_at for entry in entries), default=changes.NEVER))
    about = {"host": host, "title": title, "page": page, "own": own, "updated": updated, "stamp": stamp, "shelf": shelf}
    body = drawn("knowledge/changes.atom.xml", entries=entries, **about)
    return whole(Response(body, content_type="application/atom+xml; charset=utf-8"), 10 * MINUTE)


def drawn(template: str, **context: Any) -> str:
    """A template without what pages know of who is looking: nobody is."""
    return NOT_XML.sub("", current_app.jinja_env.get_template(template).render(base=base(), **context))


def xml(text: str) -> str:
    """A text as it stands in XML."""
    return escape(NOT_XML.sub("", text), {'"': "&quot;"})


def stamp(at: datetime) -> str:
    """A moment as RFC 3339 has it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole(response: Response, seconds: int) -> Response:
    """An answer that is not sent as it is read, good for so long."""
    return tagged(response, response.get_data(as_text=True), lasting(seconds))


def lasting(seconds: int) -> str:
    """Good for so long, for anybody."""
    return f"public, max-age={seconds}"
