"""What staff see of clocks: the SLA report, and why a ticket is due when it is."""

from typing import Any

from flask import Response, jsonify, make_response, request
from flask_login import current_user

from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import page_or_part, part
from app.sla import exports, queries, reports, subjects
from app.sla.forms import ReportForm
from app.sla.terms import METRICS

bp = desk("sla", __name__)


@bp.get("/desk/sla")
def report() -> Response:
    """How promises were kept: a range, narrowed to an organization, a team or a priority."""
    form = asked()
    is_valid = form.validate()
    shown: dict[str, Any] = {"form": form, "metrics": METRICS}
    if not is_valid:
        return page_or_part("sla/report.html", "sla/_report.html", 422, report=None, **shown)
    scope = form.scope(zone_name=current_user.time_zone, now=utcnow(), is_demo=current_user.is_demo)
    query = request.query_string.decode("ascii", "ignore")
    return page_or_part("sla/report.html", "sla/_report.html", report=reports.report(scope, now=utcnow()), query=query, **shown)


@bp.get("/desk/sla.csv")
def export_csv() -> Response:
    """The same rows for a spreadsheet."""
    found, about = narrowed()
    response = make_response(exports.as_csv(found, about))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="sla-{about["from"][:10]}-{about["to"][:10]}.csv"'
    return response


@bp.get("/desk/sla.json")
def export_json() -> Response:
    """The same rows for a program."""
    return jsonify(exports.as_json(*narrowed()))


@bp.get("/desk/tickets/<ref>/clocks")
def clocks(ref: str) -> Response:
    """Every clock that a ticket has had, those of earlier rounds too."""
    ticket = subjects.ticket_by_ref(ref)
    return part("sla/clocks.html", ticket=ticket, clocks=queries.clocks_for(ticket, utcnow(), all_of_them=True))


@bp.get("/desk/tickets/<ref>/clocks/<int:clock_id>")
def why(ref: str, clock_id: int) -> Response:
    """Why a clock is due when it is: a page, or the panel under the clocks of the ticket's page."""
    ticket = subjects.ticket_by_ref(ref)
    found = queries.why(ticket, clock_id, now=utcnow(), zone=current_user.time_zone, is_whole="all" in request.args)
    return page_or_part("sla/why.html", "sla/_why.html", ticket=ticket, why=found)


def asked() -> ReportForm:
    """The form of the address, with what this viewer can choose."""
    return ReportForm(request.args).offer(*reports.choices(is_demo=current_user.is_demo))


def narrowed() -> tuple[reports.Report, dict[str, Any]]:
    """The report of the address and what it is about. Raises Invalid for an address that no form of ours makes."""
    form = asked()
    if not form.validate():
        raise Invalid("The report cannot be narrowed like that. Open the SLA report and choose again.")
    scope = form.scope(zone_name=current_user.time_zone, now=utcnow(), is_demo=current_user.is_demo)
    about = exports.heading(scope, current_user.time_zone, form.name_of(form.organization), form.name_of(form.team))
    return reports.report(scope, now=utcnow()), about
