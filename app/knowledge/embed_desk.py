"""The search box for other sites, as the desk hands it out: the lines to paste, what the other site has to allow, a try."""

from urllib.parse import urlsplit

from flask import Response

from app.audiences import desk
from app.knowledge import embed
from app.lib.htmx import part

bp = desk("embedding", __name__)


@bp.get("/desk/knowledge/embed")
def show() -> Response:
    """What to paste where."""
    address = embed.address()
    parts = urlsplit(address)
    return part("knowledge/desk/embed.html", address=address, origin=f"{parts.scheme}://{parts.netloc}")
