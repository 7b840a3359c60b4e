"""The search box for pages of others: one script, that any site may load."""

from flask import Response, current_app, make_response, request

from app.audiences import public
from app.lib.assets import STATIC, YEAR_SECONDS, version

bp = public("embed", __name__)

SCRIPT = "embed.js"
# An address without its version always leads to the newest script; so long a browser may keep the one it has.
KEPT_SECONDS = 3600


@bp.get("/embed/search.js")
def script() -> Response:
    """The script. With `?v=` of this very version it may be kept for ever; of another one, or of none, for an hour."""
    current = version(SCRIPT)
    response = Response((STATIC / SCRIPT).read_bytes(), content_type="text/javascript; charset=utf-8")
    response.set_etag(current)
    is_exact = request.args.get("v") == current
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable" if is_exact else f"public, max-age={KEPT_SECONDS}"
    # Sites that isolate themselves (COEP) load only what says that it is for others.
    response.headers.update({"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"})
    return make_response(response.make_conditional(request))


def address() -> str:
    """The address to put into a page: it stays the same from release to release."""
    return f"{current_app.config['SETTINGS'].base_url}/embed/search.js"
