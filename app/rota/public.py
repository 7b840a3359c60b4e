"""The calendar feeds: programs read them without signing in, by an address that nobody can guess."""

import hashlib
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, request

from app.audiences import public
from app.extensions import limiter
from app.lib.clock import utcnow
from app.lib.icalendar import MIME
from app.rota import feeds

bp = public("rota_feeds", __name__)
# A whole office may read its calendars from one address.
READS = "600/hour"


@bp.get("/rota/<secret>.ics")
@limiter.limit(READS)
def feed(secret: str) -> Response:
    """The duties of whose secret this is; 304 where the reader has them."""
    base_url = current_app.config["SETTINGS"].base_url
    text = feeds.text(feeds.owner(secret), base_url=base_url, host=urlsplit(base_url).hostname or "hive", now=utcnow())
    response = make_response(text, 200, {"Content-Type": MIME, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"})
    response.headers["Content-Disposition"] = 'inline; filename="rota.ics"'
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response
