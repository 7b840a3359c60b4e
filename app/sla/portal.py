"""What an organization's admin sees: how our promises to their organization were kept. Nobody else's figure is ever in it."""

from typing import Any

from flask import Response, current_app, request
from flask_login import current_user

from app.audiences import portal
from app.lib.clock import utcnow
from app.lib.htmx import page_or_part
from app.sla import asking, exports, reports
from app.sla.desk import behind_csv, behind_page, download
from app.sla.forms import ReportForm
from app.sla.terms import METRICS

bp = portal("sla_portal", __name__)


@bp.get("/sla")
def report() -> Response:
    """The report of one's own organization."""
    asking.own_organization(current_user)
    form = asked_form()
    shown: dict[str, Any] = {"form": form, "metrics": METRICS, "door": bp.name}
    if not form.validate():
        return page_or_part("sla/portal.html", "sla/_report.html", 422, report=None, **shown)
    asked = asking.by_customer(form, current_user, utcnow())
    return page_or_part("sla/portal.html", "sla/_report.html", report=reports.report(asked.scope, now=utcnow()), asked=asked, **shown)


@bp.get("/sla.csv")
def export_csv() -> Response:
    """The same rows for a spreadsheet."""
    asked = asking.by_customer(asked_form(), current_user, utcnow())
    return download(exports.as_csv(reports.report(asked.scope, now=utcnow()), asked.about), asked, "sla")


@bp.get("/sla/tickets")
def clocks_behind() -> Response:
    """The tickets behind a figure."""
    return behind_page("sla/portal_behind.html", asking.by_customer(asked_form(), current_user, utcnow()), bp.name)


@bp.get("/sla/tickets.csv")
def export_behind() -> Response:
    """The same rows, all of them, as a stream."""
    return behind_csv(asking.by_customer(asked_form(), current_user, utcnow()))


def asked_form() -> ReportForm:
    """The form of the address: no choice of an organization, and none of our teams."""
    args = request.args.copy()
    for name in ("organization", "team"):
        args.poplist(name)
    return ReportForm(args).offer([], [], reports.zones(current_user.time_zone, current_app.config["SETTINGS"].report_zone))
