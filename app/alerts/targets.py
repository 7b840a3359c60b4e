"""Where a channel may lead: what is typed into a route, checked. Pure."""

import re

from app.alerts.rules import KINDS
from app.lib import http
from app.lib.errors import Invalid
from app.lib.mail import clean_address

SLACK_CHANNEL = re.compile(r"#[^\s#,<>&]{1,80}|[CDG][A-Z0-9]{7,20}")
SNOWFLAKE = re.compile(r"\d{15,21}")
LONGEST_ADDRESS = 254


def checked_target(kind: str, target: str, *, allow_local: bool) -> str:
    """The target of a channel as it is stored. Raises Invalid with what to write instead.

    Addresses on the web are https and of the Internet, unless `allow_local` (a development setting) says otherwise.
    """
    if kind not in KINDS:
        raise Invalid("Choose one of the channels.")
    target = target.strip()
    if kind in ("on_call", "leads"):
        if target:
            raise Invalid("Who that is, the rota and the teams say: leave this empty, or choose another channel for this address.")
        return ""
    if not target:
        raise Invalid("Say where it goes.")
    if kind == "email":
        return checked_address(target)
    if kind == "slack" and not target.startswith("http"):
        if SLACK_CHANNEL.fullmatch(target):
            return target
        raise Invalid("Write a channel such as #support-alerts, its id such as C0123ABCD, or an incoming webhook’s address.")
    if kind == "discord" and not target.startswith("http"):
        if SNOWFLAKE.fullmatch(target):
            return target
        raise Invalid("Write the number of a channel (15 to 21 digits) or a webhook’s address.")
    try:
        http.checked(target, allow_local=allow_local)
    except http.Refused as refused:
        raise Invalid(str(refused)) from refused
    return target


def checked_address(target: str) -> str:
    """A mail address in lower case. Raises Invalid."""
    try:
        address = clean_address(target).lower()
    except ValueError as wrong:
        raise Invalid("This is not a mail address such as ops@example.com.") from wrong
    name, _, domain = address.partition("@")
    if not name or "." not in domain or len(address) > LONGEST_ADDRESS:
        raise Invalid("This is not a mail address such as ops@example.com.")
    return address
