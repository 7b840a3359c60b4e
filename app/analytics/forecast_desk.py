"""The desk's page of the forecast: what is likely to be missed in the next hours, who could help, and how often it was right."""

from flask import Response
from flask_login import current_user

from app.analytics import forecasts
from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.htmx import page_or_part
from app.sla.terms import LABELS

bp = desk("forecast", __name__)


@bp.get("/desk/sla/forecast")
def show() -> Response:
    """The newest forecast with each clock as it stands now, and the score of the last thirty days. Six statements."""
    is_demo, now = current_user.is_demo, utcnow()
    found = forecasts.latest(is_demo=is_demo)
    return page_or_part(
        "analytics/forecast.html",
        "analytics/_forecast.html",
        forecast=found,
        rows=forecasts.rows_of(found, now) if found else [],
        score=forecasts.score(now, is_demo=is_demo),
        recent=forecasts.recent(is_demo=is_demo),
        labels=LABELS,
    )
