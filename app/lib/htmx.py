"""How routes answer: whole pages, parts of a page, or a list of parts that a change touched."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request


def is_htmx() -> bool:
    """Whether htmx asked for a part, and not for a whole page: boosted, restored from history, or to be selected from."""
    headers = request.headers
    if headers.get("HX-Request") != "true":
        return False
    return "true" not in (headers.get("HX-Boosted"), headers.get("HX-History-Restore-Request")) and headers.get("HX-Request-Type") != "full"


def dom_id(thing: Any, name: str = "") -> str:
    """The id of a part: `ticket-12-timeline`. `thing` is a row with an id, or a plain word."""
    if isinstance(thing, str):
        base = thing
    else:
        base = f"{type(thing).__name__.lower()}-{thing.id}"
    return f"{base}-{name}" if name else base


def part(template: str, status: int = 200, **context: Any) -> Response:
    """Render one part."""
    return vary(make_response(render_template(template, **context), status))


def private(template: str, status: int = 200, **context: Any) -> Response:
    """A page or part whose address or content is a secret: no cache keeps it, and no other site learns of it."""
    response = part(template, status, **context)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})
    return response


def answer(template: str, *, or_go: str, **context: Any) -> Response:
    """After a change: the parts it touched for htmx, otherwise a redirect (303)."""
    if is_htmx():
        return part(template, **context)
    return vary(make_response(redirect(or_go, 303)))


def go(url: str) -> Response:
    """Leave the page after a change: a redirect that htmx follows as a visit, too."""
    if is_htmx():
        return vary(make_response("", 200, {"HX-Redirect": url}))
    return vary(make_response(redirect(url, 303)))


def page_or_part(page_template: str, part_template: str, status: int = 200, **context: Any) -> Response:
    """One address for a page and for its moving part (lists, search, paging)."""
    return part(part_template if is_htmx() else page_template, status, **context)


def vary(response: Response) -> Response:
    """Caches must keep a page and its part apart."""
    response.vary.add("HX-Request")
    return response
