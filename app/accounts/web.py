"""What the three routes files of accounts share: where a request comes from, how a password is checked, pages that nobody keeps."""

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.accounts import passwords
from app.accounts.actions import Browser, Proof
from app.accounts.models import User
from app.lib.htmx import is_htmx, private
from app.lib.text import one_line

# Ids in addresses: beyond what a column holds there is nothing to be found.
ID = "int(max=2147483647)"


def browser() -> Browser:
    """Where this request comes from; proxies in front are taken off by TRUSTED_PROXIES."""
    return Browser(ip=request.remote_addr or "", user_agent=one_line(request.user_agent.string)[:255])


def signed_in() -> User | None:
    """Who is signed in in this browser; a new sign-in takes their place."""
    person: User | None = current_user._get_current_object() if current_user.is_authenticated else None
    return person


def proved(person: User | None, password: str) -> Proof:
    """Check a password, in the same time for everybody. Commit or roll back before: nothing may wait for this."""
    password_hash = person.password_hash if person is not None else None
    if not passwords.matches(password_hash, password) or not password_hash:
        return Proof(False)
    return Proof(True, passwords.kept(password) if passwords.is_outdated(password_hash) else None)


def private_or_part(page_template: str, part_template: str, status: int = 200, **context: Any) -> Response:
    """The same, or only the part of it that htmx asked for."""
    return private(part_template if is_htmx() else page_template, status, **context)


def typed(name: str, length: int = 100) -> str:
    """A word of the address, cleaned; what people search for."""
    return one_line(request.args.get(name))[:length]


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


def browser_name(user_agent: str) -> str:
    """`Firefox on Linux`: enough for people to know their own browser again."""
    what = next((name for mark, name in BROWSERS if mark in user_agent), "Another program")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{what} on {system}" if system else what
