"""The five doors. A blueprint made here carries its guard, so that no route can forget it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from app.lib.errors import NotAllowed
from app.lib.htmx import is_htmx
from app.lib.pages import failure, words_sent

CUSTOMER_ROLES = frozenset({"customer", "customer_admin"})
STAFF_ROLES = frozenset({"agent", "lead", "admin"})
LEAD_ROLES = frozenset({"lead", "admin"})

# What `hive-support routes` prints and the route tests read: blueprint name → (door, roles).
DOORS: dict[str, tuple[str, frozenset[str] | None]] = {}


def public(name: str, import_name: str, **options: Any) -> Blueprint:
    """Anybody may enter, signed in or not."""
    return door("public", None, name, import_name, **options)


def portal(name: str, import_name: str, **options: Any) -> Blueprint:
    """Customers; staff may look through it, and every query still decides what each may see."""
    return door("portal", CUSTOMER_ROLES | STAFF_ROLES | {"moderator"}, name, import_name, **options)


def desk(name: str, import_name: str, **options: Any) -> Blueprint:
    """Staff only."""
    return door("desk", STAFF_ROLES, name, import_name, **options)


def lead(name: str, import_name: str, **options: Any) -> Blueprint:
    """Leads and administrators: rules, policies, approvals."""
    return door("lead", LEAD_ROLES, name, import_name, **options)


def admin(name: str, import_name: str, **options: Any) -> Blueprint:
    """Administrators only."""
    return door("admin", frozenset({"admin"}), name, import_name, **options)


def api(name: str, import_name: str, **options: Any) -> Blueprint:
    """Machines. Errors are problem+json, and there is no CSRF token, since no cookie is read."""
    return door("api", None, name, import_name, **options)


def door(kind: str, roles: frozenset[str] | None, name: str, import_name: str, **options: Any) -> Blueprint:
    """A blueprint with its guard built in."""
    blueprint = Blueprint(name, import_name, **options)
    DOORS[name] = (kind, roles)
    if roles is not None:
        blueprint.before_request(guard(roles))
    return blueprint


def guard(roles: frozenset[str]) -> Callable[[], Any]:
    """Send visitors to sign in, and turn away the wrong roles."""

    def check() -> Any:
        person = current_user._get_current_object()
        if not person.is_authenticated:
            return to_sign_in()
        if person.role not in roles:
            raise NotAllowed("This part of the site is not open to your account. Go back to the start, or ask an administrator.")
        return None

    return check


def to_sign_in() -> Any:
    """To the sign-in page, and back to the page that was open; whoever sent something is told that it did not arrive.

    htmx is told to go there as a visit, so that no part swallows a login form; portal.js stays where somebody wrote
    something. Whoever sent words without script gets them back.
    """
    is_part = request.headers.get("HX-Request") == "true"
    wanted = request.full_path.rstrip("?") if request.method == "GET" and not is_part else open_page()
    target = url_for("accounts.login", next=wanted)
    if is_part:
        return current_app.response_class("", 401, {"HX-Redirect": target})
    if words_sent():
        return failure(401, "You have been signed out", "Nothing was sent. Sign in in another tab, then copy your words from here.", target)
    if request.method != "GET":
        flash("You had been signed out. Sign in, and you are back where you were; what was not saved has to be sent again.", "warn")
    return redirect(target, 303)


def key_refused(error: CSRFError) -> Any:
    """A form whose key is another session's. Who has none is sent to sign in, and so is htmx: its page is older than the session."""
    roles = DOORS.get(request.blueprint or "", ("", None))[1]
    if roles is not None and (is_htmx() or not current_user.is_authenticated):
        return to_sign_in()
    message = "You signed in or out since the page was opened. Go back, copy what you wrote, reload that page, and send it from there."
    return failure(400, "This form has expired", message)


def open_page() -> str | None:
    """The path of our page from which a request was made, where it is known and can be visited again."""
    whence = request.headers.get("HX-Current-URL") or request.referrer or ""
    if not whence.startswith(request.host_url):
        return None
    path = "/" + whence.removeprefix(request.host_url)
    adapter = current_app.create_url_adapter(request)
    return path if adapter is not None and adapter.test(path.partition("?")[0], "GET") else None
