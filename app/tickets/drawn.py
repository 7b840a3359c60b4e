"""Entries of a timeline as markup, kept for all who look: what was said and done does not change, and pages show it again and again."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from flask import current_app
from markupsafe import Markup

from app.lib.marks import HUES, STAFF, initials, portrait, sprite
from app.tickets import pictures
from app.tickets.lines import Line
from app.tickets.story import US

NOBODY = "Somebody by e-mail"
# A longer message is drawn each time, so that the kept ones take some megabytes at most.
KEPT_CHARACTERS = 8_000


class File(NamedTuple):
    """A file of a message."""

    ref: str
    name: str
    media_type: str
    size_bytes: int
    storage_key: str

    @property
    def preview(self) -> tuple[int, int] | None:
        """How large to show it as a picture, if it is one to show. It looks into the file, so only when the message is drawn anew."""
        return pictures.preview(self.storage_key, self.media_type, self.size_bytes)


class Delivery(NamedTuple):
    """What became of a public message: the worst of its mails in a tone and a sentence, and each of them."""

    tone: str
    words: str
    mails: tuple[Any, ...]

    @property
    def can_be_sent_again(self) -> bool:
        """Whether a mail has failed: the form that sends it again has the key of whoever looks."""
        return self.tone == "bad"


class Said(NamedTuple):
    """All that the markup of a message depends on, the zone and the icons' sheet among it."""

    id: int
    name: str
    avatar: Markup
    note: bool
    is_automatic: bool
    by_staff: bool
    organization: str
    by_mail: bool
    at: datetime
    html: str
    files: tuple[File, ...]
    # Whether the desk may make an answer for the help centre of it.
    answers: bool
    delivery: Delivery | None
    ticket: str
    zone: str
    sheet: str


def message(entry: Any, ticket: Any, zone: str, delivery: Delivery | None, at_desk: bool) -> Markup:
    """The entry of a message (of queries.timeline), at the desk with what became of its mails, if any carry it."""
    told, organization = entry.message, ticket.organization
    # An automatic message is from the desk, and what came by mail from a stranger is from nobody that we know.
    known = told.name or (US if told.by_staff else "")
    is_colleague = organization is not None and not told.by_staff and told.organization_id == organization.id
    said = Said(
        told.id,
        known or NOBODY,
        portrait(initials(known), (told.author_id or 0) % HUES + 1, told.role in STAFF if told.name else told.by_staff, ""),
        told.visibility == "internal",
        told.is_automatic,
        told.by_staff,
        organization.name if is_colleague else "",
        told.source == "mail",
        told.created_at,
        told.html,
        tuple(File(one.ref, one.name, one.media_type, one.size_bytes, one.storage_key) for one in entry.files),
        at_desk and told.by_staff and told.visibility == "public" and not told.is_automatic,
        delivery,
        ticket.ref,
        zone,
        sprite(""),
    )
    if len(said.html) > KEPT_CHARACTERS or (delivery and delivery.can_be_sent_again):
        return macro("message", said)
    return kept_message(said)


@lru_cache(maxsize=1024)
def kept_message(said: Said) -> Markup:
    """The markup of a message."""
    return macro("message", said)


def event(line: Line, at: datetime, zone: str) -> Markup:
    """The whole entry of an event."""
    return kept_event(line, at, zone, sprite(""))


@lru_cache(maxsize=4096)
def kept_event(line: Line, at: datetime, zone: str, sheet: str) -> Markup:
    """The markup of an event; `sheet` is the address of the icons."""
    return macro("event", line, at, zone)


def macro(name: str, *given: Any) -> Markup:
    """A macro of the entries' template."""
    drawn: Markup = getattr(current_app.jinja_env.get_template("tickets/_entries.html").module, name)(*given)
    return drawn
