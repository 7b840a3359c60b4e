"""Who calls the REST API: a bearer token (RFC 6750) becomes its owner, as far as its scopes and the owner's role today go.

Errors are problem+json like every answer below /api/; a 401 says in WWW-Authenticate what is missing. No cookie is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import structlog
from flask import g, request
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app.accounts import queries
from app.accounts.models import ApiToken, User
from app.accounts.scopes import allows
from app.extensions import db
from app.lib.database import writing
from app.lib.errors import NotAllowed
from app.lib.tokens import fingerprint

log = structlog.get_logger()

SEEN_EVERY = timedelta(minutes=5)
MISSING = "Send a token of yours in the header `Authorization: Bearer …`. Make one at /account."
WRONG = "This token is unknown or has been revoked. Make a new one at /account."


@dataclass(frozen=True)
class Caller:
    """Whose token it is, and the token."""

    person: User
    token: ApiToken

    def may(self, scope: str) -> bool:
        """Whether it goes so far."""
        return allows(self.token.scopes, self.person.role, scope)


def caller() -> Caller:
    """Who makes this request. One statement, once for each request. Raises Unauthorized (401)."""
    if "caller" not in g:
        g.caller = identified()
    found: Caller = g.caller
    return found


def identified() -> Caller:
    """Read the header and look its token up."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise Unauthorized(MISSING, www_authenticate=WWWAuthenticate("bearer", {"realm": "api"}))
    found = queries.token_by_secret(secret.strip())
    if found is None:
        raise Unauthorized(WRONG, www_authenticate=WWWAuthenticate("bearer", {"realm": "api", "error": "invalid_token"}))
    token, person = found
    return Caller(person, token)


def needs(*scopes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Around a route of the API: a token must be there, and hold every scope named. Raises Unauthorized or NotAllowed (403)."""

    def guarded(route: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(route)
        def checked(*args: Any, **kwargs: Any) -> Any:
            for scope in scopes:
                if not caller().may(scope):
                    raise NotAllowed(f"This token may not do this: it needs the scope {scope}, and its owner the right to it.")
            caller()
            return route(*args, **kwargs)

        return checked

    return guarded


def by_token() -> str:
    """What the API's limits count by: the token, or the network address where there is none."""
    secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
    return f"token:{fingerprint(secret)}" if secret else f"address:{request.remote_addr}"


def note_use(now: datetime) -> None:
    """After a request: remember that its token is in use, at most every SEEN_EVERY, in a short transaction of its own."""
    found: Caller | None = g.get("caller")
    last = found.token.last_used_at if found else now
    if found is None or (last is not None and now - last < SEEN_EVERY):
        return
    token_id = found.token.id
    # What the request wanted to keep is committed; a transaction that is still open would make SQLite wait for itself.
    db.session.rollback()
    try:
        with writing(), db.engine.begin() as connection:
            connection.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))
    except OperationalError as busy:
        log.info("token.not_noted", error=type(busy.orig).__name__)
