"""What writers learn from readers: the figures, one question, one entry, remarks, the weekly list."""

from typing import Any

from flask import Response, flash, make_response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import queries as knowledge
from app.knowledge.learning import actions, exports, queries, weekly
from app.knowledge.learning.forms import ClosingForm
from app.knowledge.learning.rules import GOAL, HALF_LIFE_DAYS, RANGES, WHYS, span
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound
from app.lib.htmx import go, page_or_part, part
from app.lib.text import one_line
from app.lib.times import monday_of

bp = desk("learning", __name__)
KIND = "<any(faq, article):kind>"
RANGE_WORDS = {"7d": "Last 7 days", "30d": "Last 30 days", "90d": "Last 90 days"}


@bp.get("/desk/knowledge/insights")
def insights() -> Response:
    """What readers looked for, what they found, and what led to tickets, for one of three ranges."""
    wanted, is_demo = asked(), current_user.is_demo
    lists = queries.question_lists(queries.LISTS, wanted, is_demo=is_demo)
    entries = {"to_tickets": queries.to_tickets(wanted, is_demo=is_demo), "worst": queries.worst(wanted, is_demo=is_demo)}
    context: dict[str, Any] = {"span": wanted, "totals": queries.totals(wanted, is_demo=is_demo), "lists": lists, "entries": entries}
    return page_or_part(
        "knowledge/desk/learning.html", "knowledge/desk/_learning.html", ranges=RANGE_WORDS, goal=GOAL, days=RANGES, **context
    )


@bp.get("/desk/knowledge/insights.csv")
def export() -> Response:
    """One of the lists, or the days, as a file."""
    which, wanted = request.args.get("list", "days"), asked()
    if which not in exports.LISTS:
        raise NotFound
    response = make_response(exports.csv_of(which, wanted, is_demo=current_user.is_demo))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="knowledge-{which}-{wanted.key}.csv"'
    return response


@bp.get("/desk/knowledge/insights/question")
def question() -> Response:
    """What came of one question, by day."""
    text, wanted = one_line(request.args.get("q"))[:200], asked()
    rows = queries.question_days(text, wanted, is_demo=current_user.is_demo)
    return part("knowledge/desk/learning_question.html", text=text, rows=rows, span=wanted, ranges=RANGE_WORDS)


@bp.get(f"/desk/knowledge/insights/{KIND}/<int:number>")
def entry(kind: str, number: int) -> Response:
    """What readers did with one entry and said of it, and the tickets that came back after it was the answer."""
    return shown(knowledge.entry_to_edit(kind, number))


@bp.post("/desk/knowledge/remarks/<int:number>/closing")
def close(number: int) -> Response:
    """A writer has dealt with a remark."""
    form = ClosingForm(request.form)
    if not form.validate():
        raise Invalid(form.answer.errors[0])
    remark = actions.close_remark(number, form.answer.data or "", actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".entry", kind=remark.kind, number=remark.entry_id, _anchor="remarks"))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/check")
def check(kind: str, number: int) -> Response:
    """Somebody looked, and it is still right."""
    found = knowledge.entry_to_edit(kind, number)
    actions.check(found, actor=current_user, now=utcnow())
    db.session.commit()
    flash(f"“{found.heading}” is checked: still right.", "ok")
    return go(url_for("learning.entry" if request.form.get("then") == "entry" else "stale.index", **named(kind, number)))


@bp.get("/desk/knowledge/weekly")
def week() -> Response:
    """The list of the week before, as it is mailed, and whether it is mailed to the viewer."""
    now = utcnow()
    found = weekly.list_of(weekly.week_before(monday_of(now, current_user.time_zone)), is_demo=current_user.is_demo)
    return part("knowledge/desk/learning_week.html", list=found, goal=GOAL, gets=weekly.gets(current_user, now), hour=weekly.HOUR)


@bp.post("/desk/knowledge/weekly/subscription")
def subscribe() -> Response:
    """Mail it to me."""
    actions.want_list(True, actor=current_user, now=utcnow())
    db.session.commit()
    flash("The list comes by mail on Mondays.", "ok")
    return go(url_for(".week"))


@bp.post("/desk/knowledge/weekly/unsubscription")
def unsubscribe() -> Response:
    """Mail it to me no more."""
    actions.want_list(False, actor=current_user, now=utcnow())
    db.session.commit()
    flash("The list comes by mail no more. This page still shows it.", "ok")
    return go(url_for(".week"))


def shown(found: Any, status: int = 200) -> Response:
    """The page of one entry."""
    wanted, is_demo = asked(), current_user.is_demo
    context: dict[str, Any] = {
        "rows": queries.entry_days(found, wanted, is_demo=is_demo),
        "remarks": queries.remarks(found, is_demo=is_demo),
        "reopened": queries.reopened(found, is_demo=is_demo),
        "stale": queries.stale_of(found, is_demo=is_demo),
        "popularity": queries.popularity_of(found, utcnow().date()),
    }
    words: dict[str, Any] = {"whys": WHYS, "ranges": RANGE_WORDS, "half_life": HALF_LIFE_DAYS}
    return part("knowledge/desk/learning_entry.html", status, entry=found, span=wanted, **words, **context)


def named(kind: str, number: int) -> dict[str, Any]:
    """The words of an entry's address, where that is where one goes."""
    return {"kind": kind, "number": number} if request.form.get("then") == "entry" else {}


def asked() -> Any:
    """The range in the address."""
    return span(request.args.get("range", "30d"), utcnow())
