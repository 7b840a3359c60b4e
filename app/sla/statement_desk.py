"""Statements at the desk: what was made for which customer, making one by hand, reading one, checking a file."""

from typing import Any

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.config import ROOT
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, WrongState
from app.lib.htmx import go, part
from app.lib.requests import row_number
from app.sla import choosing, issuing, reports, rulebook
from app.sla.papers import Statement
from app.sla.statement_forms import CheckForm, StatementForm

bp = desk("sla_statements", __name__)


def index_page(status: int = 200, **shown: Any) -> Response:
    """The list with its forms as they are given, the others fresh."""
    fresh = {"form": form_of(None), "check": CheckForm(None), "page": None, "door": bp.name}
    if shown.get("page") is None:
        fresh["page"] = issuing.listed(organization_id=None, is_demo=current_user.is_demo, after=request.args.get("cursor", ""))
    return part("sla/statements.html", status, report_zone=zone(), **(fresh | shown))


@bp.get("/desk/sla/statements")
def index() -> Response:
    """Every statement, the newest first."""
    return index_page()


@bp.post("/desk/sla/statements")
def create() -> Response:
    """Make one by hand, or the next version of one."""
    form = form_of(request.form)
    if not form.validate():
        return index_page(422, form=form)
    organization = rulebook.organization(form.organization.data)
    try:
        found = issuing.make_by_hand(organization, form.month.data, zone(), actor=current_user, now=utcnow())
    except (Invalid, WrongState) as wrong:
        form.month.errors = [wrong.message]
        return index_page(422, form=form)
    db.session.commit()
    return go(url_for(".show", ref=found.ref))


@bp.post("/desk/sla/statements/verification")
def verify() -> Response:
    """Check a file that somebody sent."""
    form = CheckForm()
    if not form.validate():
        return index_page(422, check=form)
    told = checked(form, organization_id=None, is_demo=current_user.is_demo)
    return index_page(422 if told["wrong"] else 200, **told)


@bp.get("/desk/sla/statements/<ref>")
def show(ref: str) -> Response:
    """One statement, to be read or printed."""
    return part("sla/statement.html", **shown_of(issuing.by_ref(ref, organization_id=None, is_demo=current_user.is_demo), bp.name))


@bp.get("/desk/sla/statements/<ref>.json")
def download(ref: str) -> Response:
    """Its file, as it was made."""
    return file_of(issuing.by_ref(ref, organization_id=None, is_demo=current_user.is_demo))


def form_of(given: Any) -> StatementForm:
    """The form with what can be chosen; an address may name the organization."""
    asked = request.values.get("organization", type=row_number)
    form = StatementForm(given, data={"organization": str(asked or "")})
    return form.offer(choosing.organizations(is_demo=current_user.is_demo, asked=asked), zone(), utcnow())


def checked(form: CheckForm, **among: Any) -> dict[str, Any]:
    """What the page shows of a file that was checked; `among` narrows as in issuing.problems."""
    found, wrong = issuing.problems(form.content(), **among)
    return {"check": form, "checked": found, "wrong": wrong, "latest": issuing.latest_of(found) if found is not None else None}


def zone() -> str:
    """The zone in which months begin and end."""
    return str(current_app.config["SETTINGS"].report_zone)


def shown_of(found: Statement, door: str) -> dict[str, Any]:
    """All that the page of a statement shows."""
    organization, maker = issuing.people_of(found)
    since, until = issuing.bounds(found.month, found.zone)
    rows = [row for metric in reports.METRICS for row in found.figures["rows"] if row["metric"] == metric]
    order = [*reports.PRIORITIES, reports.ALL]
    rows.sort(key=lambda row: (reports.METRICS.index(row["metric"]), order.index(row["priority"])))
    about = {"organization": organization, "maker": maker, "since": since, "until": until, "latest": issuing.latest_of(found)}
    return about | {"statement": found, "rows": rows, "labels": reports.LABELS, "is_whole": issuing.is_whole(found), "door": door}


def file_of(found: Statement) -> Response:
    """The file of a statement, to keep."""
    name = f"sla-statement-{found.month}-{found.ref}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(issuing.content_of(found), headers=headers, content_type="application/json")


def script() -> Response:
    """The script that checks a statement without us."""
    headers = {"Content-Disposition": 'attachment; filename="verify-statement.py"'}
    return Response((ROOT / "bin" / "verify-statement").read_bytes(), headers=headers, content_type="text/x-python; charset=utf-8")
