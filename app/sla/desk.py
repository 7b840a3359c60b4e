"""What staff see of clocks: the SLA report with the clocks behind each figure, and why a ticket is due when it is."""

from typing import Any

from flask import Response, current_app, jsonify, request, stream_with_context
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.errors import NotFound
from app.lib.htmx import page_or_part, part
from app.lib.requests import row_number
from app.sla import asking, behind, exports, overrides, queries, reports, subjects, subscribing
from app.sla.forms import ReportForm
from app.sla.terms import LABELS, METRICS
from app.sla.terms_form import TermsForm

bp = desk("sla", __name__)


@bp.get("/desk/sla")
def report() -> Response:
    """How promises were kept: a range, narrowed to an organization, a team or a priority."""
    form = asked_form()
    shown: dict[str, Any] = {"form": form, "metrics": METRICS, "door": bp.name, "subscription": subscribing.of(current_user.id)}
    if not form.validate():
        return page_or_part("sla/report.html", "sla/_report.html", 422, report=None, **shown)
    asked = asking.by_staff(form, current_user, utcnow())
    found = reports.report(asked.scope, now=utcnow())
    return page_or_part("sla/report.html", "sla/_report.html", report=found, asked=asked, **shown)


@bp.get("/desk/sla.csv")
def export_csv() -> Response:
    """The same rows for a spreadsheet."""
    asked = asking.by_staff(asked_form(), current_user, utcnow())
    return download(exports.as_csv(reports.report(asked.scope, now=utcnow()), asked.about), asked, "sla")


@bp.get("/desk/sla.json")
def export_json() -> Response:
    """The same rows for a program."""
    asked = asking.by_staff(asked_form(), current_user, utcnow())
    return jsonify(exports.as_json(reports.report(asked.scope, now=utcnow()), asked.about))


@bp.get("/desk/sla/tickets")
def clocks_behind() -> Response:
    """The tickets behind a figure of the report, by key."""
    asked = asking.by_staff(asked_form(), current_user, utcnow())
    return behind_page("sla/behind.html", asked, bp.name)


@bp.get("/desk/sla/tickets.csv")
def export_behind() -> Response:
    """The very same rows, all of them, as a stream."""
    return behind_csv(asking.by_staff(asked_form(), current_user, utcnow()))


@bp.get("/desk/tickets/<ref>/clocks")
def clocks(ref: str) -> Response:
    """Every clock that a ticket has had, those of earlier rounds too."""
    ticket = subjects.ticket_by_ref(ref)
    return clocks_page(ticket, None)


def clocks_page(ticket: subjects.Row, form: TermsForm | None, status: int = 200) -> Response:
    """The page of a ticket's clocks; whoever may change service levels gets the form of its own terms."""
    own = overrides.own_terms(ticket.id)
    if form is None and may(current_user.role, "sla.edit"):
        form = TermsForm.of(own)
    shown = queries.clocks_for(ticket, utcnow(), all_of_them=True)
    return part("sla/clocks.html", status, ticket=ticket, clocks=shown, own=own, form=form)


@bp.get("/desk/tickets/<ref>/clocks/<int:clock_id>")
def why(ref: str, clock_id: int) -> Response:
    """Why a clock is due when it is: a page, or the panel under the clocks of the ticket's page."""
    ticket = subjects.ticket_by_ref(ref)
    found = queries.why(ticket, clock_id, now=utcnow(), zone=current_user.time_zone, is_whole="all" in request.args)
    return page_or_part("sla/why.html", "sla/_why.html", ticket=ticket, why=found)


def asked_form() -> ReportForm:
    """The form of the address, with what this viewer can choose."""
    zones = reports.zones(current_user.time_zone, current_app.config["SETTINGS"].report_zone)
    asked = request.args.get("organization", type=row_number)
    return ReportForm(request.args).offer(*reports.choices(is_demo=current_user.is_demo, asked=asked), zones)


def figure_asked() -> tuple[str, str | None]:
    """The figure and the metric that the address names. Raises NotFound for others."""
    figure, metric = request.args.get("figure", "total"), request.args.get("metric") or None
    if figure not in reports.FIGURES or (metric is not None and metric not in METRICS):
        raise NotFound()
    return figure, metric


def behind_page(template: str, asked: asking.Asked, door: str) -> Response:
    """A page of the clocks behind a figure, for staff or for an organization's admin."""
    figure, metric = figure_asked()
    page = behind.page(asked.scope, figure, metric=metric, now=utcnow(), after=request.args.get("cursor", ""))
    title = f"{reports.FIGURE_WORDS[figure]}, {LABELS[metric].lower() if metric else 'all promises'}"
    return page_or_part(template, "sla/_behind.html", page=page, figure=figure, metric=metric, asked=asked, door=door, title=title)


def behind_csv(asked: asking.Asked) -> Response:
    """The clocks behind a figure, streamed."""
    figure, metric = figure_asked()
    rows = behind.every(asked.scope, figure, metric=metric, now=utcnow())
    return download(stream_with_context(exports.clocks_csv(rows, asked.zone)), asked, f"sla-{metric or 'all'}-{figure}")


def download(text: Any, asked: asking.Asked, name: str) -> Response:
    """CSV to keep, named by its range."""
    first, last = asked.form.since.data, asked.form.until.data
    headers = {"Content-Disposition": f'attachment; filename="{name}-{first}-{last}.csv"', "Cache-Control": "private, no-store"}
    return Response(text, headers=headers, content_type="text/csv; charset=utf-8")
