"""What programs ask for by an address and get: its words within their bounds, and answers that they may keep."""

import hashlib

from flask import Response, make_response, request

from app.lib.errors import Invalid


def word(name: str, most: int) -> str:
    """A word of the query as it was given, empty where it was not. Raises Invalid for more than `most` characters, or given twice."""
    values = request.args.getlist(name)
    if len(values) > 1:
        raise Invalid(f"Give `{name}` once.")
    text = values[0] if values else ""
    if len(text) > most:
        raise Invalid(f"`{name}` has more than {most} characters.")
    return text


def whole_number(name: str, default: int, most: int) -> int:
    """A number of the query, `default` where none was given. Raises Invalid for anything but 1 to `most`."""
    text = word(name, 100).strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise Invalid(f"`{name}` is a whole number from 1 to {most}.")
    return int(text)


def tagged(response: Response, told: str, keep: str) -> Response:
    """An answer with a tag (ETag) that changes with what it tells, and how it may be kept (Cache-Control); 304 for who has it."""
    response.set_etag(hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:20])
    response.headers["Cache-Control"] = keep
    return make_response(response.make_conditional(request))
