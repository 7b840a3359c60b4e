"""The REST API of accounts."""

from typing import Any

from flask import Response

from app.accounts.api_auth import caller, needs, note_use
from app.accounts.permissions import ALLOWED, may
from app.accounts.scopes import scopes_for
from app.audiences import api
from app.extensions import csrf
from app.lib.clock import utcnow

bp = api("accounts_api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)


@bp.get("/me")
@needs()
def me() -> dict[str, Any]:
    """Whose token this is, and what it may do."""
    found = caller()
    person, home = found.person, found.person.organization
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "time_zone": person.time_zone,
        "organization": {"id": home.id, "name": home.name, "plan": home.plan.key} if home else None,
        "permissions": sorted(action for action in ALLOWED if may(person.role, action)),
        "token": {"name": found.token.name, "scopes": [scope for scope in found.token.scopes if scope in scopes_for(person.role)]},
    }


@bp.after_app_request
def note_token(response: Response) -> Response:
    """A token that is used says so at /account."""
    note_use(utcnow())
    return response
