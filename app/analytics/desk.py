"""The dashboards of the desk."""

from typing import Any

from flask import Response, make_response, request
from flask_login import current_user

from app.analytics import metrics as figures
from app.analytics import queries, rules, views
from app.audiences import desk
from app.lib import metrics, ranges
from app.lib.clock import utcnow
from app.lib.errors import NotFound
from app.lib.htmx import page_or_part
from app.tickets.rules import CATEGORIES

bp = desk("analytics", __name__)
metrics.SOURCES["analytics"] = figures.families


@bp.get("/desk/analytics")
def show() -> Response:
    """Four cards, three charts and the tables behind them, for one of four ranges."""
    report = asked()
    shown: dict[str, Any] = {
        "cards": views.cards(report),
        "volume": views.volume_chart(report),
        "responses": views.response_chart(report),
        "categories": views.category_rows(report),
        "words": views.range_words(report),
    }
    return page_or_part("analytics/show.html", "analytics/_report.html", report=report, ranges=ranges.RANGES, **shown)


@bp.get("/desk/analytics.csv")
def export() -> Response:
    """The table of the volume chart, with its units in UTC."""
    report = asked()
    response = make_response(views.csv_of(report))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="analytics-{report.span.key}.csv"'
    return response


@bp.get("/desk/analytics/tickets")
def tickets() -> Response:
    """The tickets behind a figure of the dashboard."""
    figure, category = request.args.get("figure", "opened"), request.args.get("category", "")
    if figure not in queries.FIGURES or (category and category not in CATEGORIES):
        raise NotFound()
    span = ranges.span(request.args.get("range", "7d"), utcnow())
    page = queries.tickets_behind(figure, span, is_demo=current_user.is_demo, category=category, after=request.args.get("after"))
    return page_or_part(
        "analytics/tickets.html",
        "analytics/_tickets.html",
        page=page,
        figure=figure,
        category=category,
        span=span,
        title=title_of(figure, category),
    )


def asked() -> queries.Report:
    """The report of the range in the address, over demo work for demo people and real work for everybody else."""
    return queries.report(ranges.span(request.args.get("range", "7d"), utcnow()), is_demo=current_user.is_demo)


TITLES = {
    "opened": "Tickets opened",
    "unresolved": "Opened and not resolved",
    "resolved": "Tickets resolved",
    "unanswered": "Opened and not answered",
}


def title_of(figure: str, category: str) -> str:
    """What the list shows, in words."""
    if figure in rules.BUCKETS:
        words = rules.BUCKET_WORDS[figure]
        title = "First answered after 8 h" if figure == "later" else f"First answered within {words}"
    else:
        title = TITLES[figure]
    return f"{title}, {CATEGORIES[category]}" if category else title
