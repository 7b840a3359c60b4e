"""Addresses in mails: absolute, and from our own setting only, so that no request's host name can lead anybody astray."""

from urllib.parse import quote

from flask import current_app

# What the addresses of other features look like; a test follows each to its route.
TICKET = "/tickets/{}"
DESK_TICKET = "/desk/tickets/{}"
RESET = "/password-reset/{}"
RESET_START = "/password-reset"
INVITE = "/invite/{}"
GUEST = "/guest/{}"
SURVEY = "/survey/{}"
SLA_REPORT = "/desk/sla"
PATHS = (TICKET, DESK_TICKET, RESET, RESET_START, INVITE, GUEST, SURVEY, SLA_REPORT)


def absolute(path: str, *words: str) -> str:
    """An address of ours: `absolute(TICKET, ref)`."""
    return current_app.config["SETTINGS"].base_url + path.format(*(quote(word, safe="") for word in words))
