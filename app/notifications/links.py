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
NEW_TICKET = "/tickets/new"
SURVEY = "/survey/{}"
SLA_REPORT = "/desk/sla"
CALL_LINK = "/calls/link/{}"
CALL = "/calls/{}"
DESK_CALL = "/desk/calls/{}"
MY_ROTA = "/desk/rota/mine"
BATON = "/desk/rota/batons/{}"
WRITERS_LIST = "/desk/knowledge/weekly"
ENTRY_INSIGHTS = "/desk/knowledge/insights/{}/{}"
ENTRY = "/desk/knowledge/{}/{}"
TRANSLATION = "/desk/knowledge/{}/{}/translations/{}"
OWN_REVIEWS = "/desk/knowledge/care?view=mine"
ARTICLE = "/help/{}/{}"
PATHS = (
    WRITERS_LIST,
    ENTRY_INSIGHTS,
    ENTRY,
    TRANSLATION,
    OWN_REVIEWS,
    ARTICLE,
    MY_ROTA,
    BATON,
    TICKET,
    DESK_TICKET,
    RESET,
    RESET_START,
    INVITE,
    GUEST,
    NEW_TICKET,
    SURVEY,
    SLA_REPORT,
    CALL_LINK,
    CALL,
    DESK_CALL,
)


def absolute(path: str, *words: str) -> str:
    """An address of ours: `absolute(TICKET, ref)`."""
    return current_app.config["SETTINGS"].base_url + path.format(*(quote(word, safe="") for word in words))
