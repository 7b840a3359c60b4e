"""What customers think of us: the desk's page over a range."""

from flask import Response, request
from flask_login import current_user

from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.htmx import page_or_part
from app.lib.paging import decode_cursor, encode_cursor
from app.surveys import queries, score
from app.tickets.rules import CATEGORIES

bp = desk("surveys", __name__)


@bp.get("/desk/surveys")
def index() -> Response:
    """Figures of the range, who and what the answers are about, and the answers themselves, newest first."""
    now = utcnow()
    chosen = request.args.get("range", "30d")
    chosen = chosen if chosen in queries.RANGES else "30d"
    low_only, after = request.args.get("show") == "low", request.args.get("after")
    span = {"is_demo": current_user.is_demo, "since": now - queries.RANGES[chosen], "until": now}
    before = tuple(decode_cursor(after, 2)[0]) if after else None
    rows = queries.recent(**span, low_only=low_only, before=before)
    shown = rows[: queries.PAGE]
    more = encode_cursor([shown[-1].answered_at, shown[-1].id]) if len(rows) > queries.PAGE else None
    return page_or_part(
        "surveys/index.html",
        "surveys/_answers.html",
        figures=queries.figures(**span),
        groups=queries.groups(**span),
        rows=shown,
        more=more,
        chosen=chosen,
        low_only=low_only,
        ranges=queries.RANGE_WORDS,
        short=score.SHORT,
        categories=CATEGORIES,
    )
