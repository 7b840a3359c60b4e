"""What customers think of us: the desk's page over a range."""

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.audiences import desk
from app.lib import ranges
from app.lib.clock import utcnow
from app.lib.htmx import page_or_part
from app.surveys import queries, score
from app.tickets.rules import CATEGORIES

bp = desk("surveys", __name__)
WORDS: dict[str, Any] = {"ranges": ranges.RANGES, "short": score.SHORT, "categories": CATEGORIES}


@bp.get("/desk/surveys")
def index() -> Response:
    """Figures of the range, who and what the answers are about, and the answers themselves, newest first."""
    chosen = request.args.get("range", "")
    span = ranges.span(chosen if chosen in ranges.RANGES else "30d", utcnow())
    wanted = {"is_demo": current_user.is_demo, "since": span.start, "until": span.end}
    low_only, after = request.args.get("show") == "low", request.args.get("after")
    page = queries.page_of_answers(**wanted, low_only=low_only, after=after)
    figures = {"figures": queries.figures(**wanted), "groups": queries.groups(**wanted)}
    shown = {"page": page, "span": span, "low_only": low_only, **WORDS, **figures}
    return page_or_part("surveys/index.html", "surveys/_answers.html", 200, **shown)
