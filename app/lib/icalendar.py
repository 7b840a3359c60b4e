"""iCalendar (RFC 5545) and what mail makes of it (RFC 5546): feeds, invitations, changes and cancellations. Pure.

Every time is written in UTC, so that no VTIMEZONE is needed and no reader can take one zone for another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from app.lib.text import many_lines, one_line

PRODUCT = "-//HiveTechs//Support//EN"
MIME = "text/calendar; charset=utf-8"
OCTETS = 75
METHODS = ("PUBLISH", "REQUEST", "CANCEL", "REPLY")
STATUSES = ("CONFIRMED", "TENTATIVE", "CANCELLED")
# What stands in the part of an address before and after the @ without being written in percents.
ADDRESS_SAFE = "@!$&'*+=-._~"


@dataclass(frozen=True)
class Address:
    """Whoever organizes or attends. `needs_answer`: their program asks them to accept."""

    email: str
    name: str = ""
    needs_answer: bool = False


@dataclass(frozen=True)
class Alarm:
    """A reminder so long before the beginning."""

    before: timedelta
    text: str


@dataclass(frozen=True)
class Entry:
    """An event of a calendar. `uid` stays the same for its life; `sequence` grows with each change that was sent.

    Times are aware. `stamp` is when this state of it was made. `blocks`: whether it makes its reader busy.
    """

    uid: str
    start: datetime
    end: datetime
    summary: str
    stamp: datetime
    description: str = ""
    location: str = ""
    url: str = ""
    sequence: int = 0
    status: str = "CONFIRMED"
    organizer: Address | None = None
    attendees: tuple[Address, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    categories: tuple[str, ...] = ()
    blocks: bool = True


def calendar(entries: Iterable[Entry], *, method: str = "", name: str = "", refresh: timedelta | None = None) -> str:
    """A whole calendar: lines of 75 octets at most, each ended by CR and LF.

    `method`: REQUEST invites or changes, CANCEL takes back, PUBLISH tells; a plain feed has none. `name` is what programs
    call a feed, `refresh` how often they should read it again. Raises ValueError for a method that is not one.
    """
    if method and method not in METHODS:
        raise ValueError(f"{method} is no method of iCalendar")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    if method:
        lines.append(f"METHOD:{method}")
    if name:
        lines += [f"NAME:{escaped(name)}", f"X-WR-CALNAME:{escaped(name)}"]
    if refresh is not None:
        lines += [f"REFRESH-INTERVAL;VALUE=DURATION:{length(refresh)}", f"X-PUBLISHED-TTL:{length(refresh)}"]
    for entry in entries:
        lines += event(entry)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def event(entry: Entry) -> list[str]:
    """The lines of one event, not yet folded. Raises ValueError for a status that is not one, or an end before the beginning."""
    if entry.status not in STATUSES:
        raise ValueError(f"{entry.status} is no status of an event")
    if entry.end < entry.start:
        raise ValueError("an event cannot end before it begins")
    lines = ["BEGIN:VEVENT", f"UID:{escaped(entry.uid)}", f"DTSTAMP:{moment(entry.stamp)}"]
    lines += [f"DTSTART:{moment(entry.start)}", f"DTEND:{moment(entry.end)}", f"SEQUENCE:{entry.sequence}", f"STATUS:{entry.status}"]
    lines.append(f"SUMMARY:{escaped(one_line(entry.summary))}")
    lines += [f"{key}:{escaped(value)}" for key, value in (("DESCRIPTION", entry.description), ("LOCATION", entry.location)) if value]
    if entry.url:
        lines.append(f"URL:{one_line(entry.url)}")
    if entry.categories:
        lines.append("CATEGORIES:" + ",".join(escaped(one_line(word)) for word in entry.categories))
    lines.append(f"TRANSP:{'OPAQUE' if entry.blocks else 'TRANSPARENT'}")
    if entry.organizer is not None:
        lines.append(f"ORGANIZER{named(entry.organizer)}:{mailto(entry.organizer)}")
    lines += [attendee(one) for one in entry.attendees]
    for alarm in entry.alarms:
        trigger = f"TRIGGER:-{length(abs(alarm.before))}"
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", trigger, f"DESCRIPTION:{escaped(alarm.text)}", "END:VALARM"]
    return [*lines, "END:VEVENT"]


def attendee(one: Address) -> str:
    """Somebody who is invited."""
    state = "NEEDS-ACTION;RSVP=TRUE" if one.needs_answer else "ACCEPTED;RSVP=FALSE"
    return f"ATTENDEE{named(one)};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={state}:{mailto(one)}"


def named(one: Address) -> str:
    """The parameter with somebody's name. A quotation mark cannot stand in one."""
    name = one_line(one.name).replace('"', "'")
    return f';CN="{name}"' if name else ""


def mailto(one: Address) -> str:
    """Somebody's address as the URI that it is."""
    return "mailto:" + quote(one_line(one.email), safe=ADDRESS_SAFE)


def moment(at: datetime) -> str:
    """`20261123T100000Z`. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime is no moment; use aware UTC")
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def length(span: timedelta) -> str:
    """`P1DT2H`, `PT15M`: a duration, to the second."""
    seconds = int(span.total_seconds())
    days, rest = divmod(seconds, 86_400)
    parts = [(rest // 3600, "H"), (rest % 3600 // 60, "M"), (rest % 60, "S")]
    times = "".join(f"{number}{unit}" for number, unit in parts if number)
    if not times:
        return f"P{days}D" if days else "PT0S"
    return f"P{days}DT{times}" if days else f"PT{times}"


def escaped(text: str) -> str:
    """A text as a value: without control characters, line ends and the three marks escaped."""
    clean = many_lines(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return clean.replace("\n", "\\n")


def folded(line: str) -> str:
    """A line in pieces of 75 octets at most, each but the first behind a space; no character is cut in two. Linear."""
    pieces: list[str] = []
    start, size, limit = 0, 0, OCTETS
    for n, character in enumerate(line):
        octets = len(character.encode("utf-8", "replace"))
        if size + octets > limit:
            pieces.append(line[start:n])
            # The space takes one.
            start, size, limit = n, 0, OCTETS - 1
        size += octets
    return "\r\n ".join([*pieces, line[start:]])
