"""Statements in the portal: an organization's admin reads those of their own organization, keeps their files, and checks them."""

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.audiences import portal
from app.lib.htmx import part
from app.sla import asking, issuing, statement_desk
from app.sla.papers import Statement
from app.sla.statement_forms import CheckForm

bp = portal("sla_own_statements", __name__)


def index_page(status: int = 200, **shown: Any) -> Response:
    """The list, and the form that checks a file."""
    home = asking.own_organization(current_user)
    page = issuing.listed(organization_id=home.id, is_demo=home.is_demo, after=request.args.get("cursor", ""))
    fresh = {"check": CheckForm(None), "page": page, "door": bp.name, "report_zone": statement_desk.zone()}
    return part("sla/own_statements.html", status, **(fresh | shown))


@bp.get("/sla/statements")
def index() -> Response:
    """The statements of one's organization, the newest first."""
    return index_page()


@bp.post("/sla/statements/verification")
def verify() -> Response:
    """Check a file: whether it is the one that we made."""
    home = asking.own_organization(current_user)
    form = CheckForm()
    if not form.validate():
        return index_page(422, check=form)
    told = statement_desk.checked(form, organization_id=home.id, is_demo=home.is_demo)
    return index_page(422 if told["wrong"] else 200, **told)


@bp.get("/sla/statements/script")
def script() -> Response:
    """The script that checks a file without us."""
    return statement_desk.script()


@bp.get("/sla/statements/<ref>")
def show(ref: str) -> Response:
    """One statement, to be read or printed."""
    return part("sla/own_statement.html", **statement_desk.shown_of(own(ref), bp.name))


@bp.get("/sla/statements/<ref>.json")
def download(ref: str) -> Response:
    """Its file, as it was made."""
    return statement_desk.file_of(own(ref))


def own(ref: str) -> Statement:
    """A statement of one's own organization. Raises NotAllowed or NotFound."""
    home = asking.own_organization(current_user)
    return issuing.by_ref(ref, organization_id=home.id, is_demo=home.is_demo)
