"""iCalendar: what we write can be read back by the rules of RFC 5545, whatever stands in it."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.icalendar import Address, Alarm, Entry, calendar, escaped, folded, length, moment
from app.lib.text import many_lines

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
CHARACTERS = st.characters(exclude_categories=("Cs",))


def entry(**over):
    """An hour on Monday."""
    given = {"uid": "duty-1@hive", "start": START, "end": START + timedelta(hours=1), "summary": "On call", "stamp": START}
    return Entry(**{**given, **over})


def unfolded(text):
    """The content lines, by section 3.1."""
    return text.replace("\r\n ", "").split("\r\n")


def unescaped(value):
    """A text value, by section 3.3.11."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value, flags=re.S)


def value(text, name):
    """The value of the first line of a name."""
    return next(line.partition(":")[2] for line in unfolded(text) if re.match(rf"{name}[;:]", line))


@given(st.text(CHARACTERS))
def test_what_is_escaped_reads_back_as_it_was(text):
    assert unescaped(escaped(text)) == many_lines(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]|[\r\n]", escaped(text))


@given(st.text(CHARACTERS.filter(lambda c: c not in "\r\n"), max_size=400))
def test_folded_lines_are_short_and_unfold_to_the_same(line):
    pieces = folded(line).split("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])
    assert folded(line).replace("\r\n ", "") == line


@given(st.text(CHARACTERS, max_size=200), st.text(CHARACTERS, max_size=200), st.text(CHARACTERS, max_size=60))
def test_no_text_breaks_out_of_its_line(summary, description, name):
    plain = entry(summary="x", description="y", attendees=(Address("a@b.example", "N"),))
    mine = entry(summary=summary, description=description, attendees=(Address("a@b.example", name),))
    names = [re.split("[;:]", line)[0] for line in unfolded(calendar([mine])) if not line.startswith("DESCRIPTION")]
    assert names == [re.split("[;:]", line)[0] for line in unfolded(calendar([plain])) if not line.startswith("DESCRIPTION")]
    assert unescaped(value(calendar([mine]), "SUMMARY")) == " ".join(many_lines(summary).split())


def test_a_feed_has_what_readers_need():
    text = calendar([entry()], name="Rota of Aiko; Tokyo", refresh=timedelta(hours=1))
    assert unfolded(text) == [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//HiveTechs//Support//EN", "CALSCALE:GREGORIAN"),
        *("NAME:Rota of Aiko\\; Tokyo", "X-WR-CALNAME:Rota of Aiko\\; Tokyo"),
        *("REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"),
        *("BEGIN:VEVENT", "UID:duty-1@hive", "DTSTAMP:20261123T100000Z", "DTSTART:20261123T100000Z", "DTEND:20261123T110000Z"),
        *("SEQUENCE:0", "STATUS:CONFIRMED", "SUMMARY:On call", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR", ""),
    ]


def test_an_invitation_names_who_asks_and_who_comes():
    guest = Address("marcus.webb+hive@acme.example", 'Marcus "M" Webb', needs_answer=True)
    called = entry(organizer=Address("support@hive.example", "HiveTechs Support"), attendees=(guest,), sequence=2)
    text = calendar([called], method="REQUEST")
    assert "METHOD:REQUEST" in text
    assert 'ORGANIZER;CN="HiveTechs Support":mailto:support@hive.example' in unfolded(text)
    assert value(text, "SEQUENCE") == "2"
    attendee = next(line for line in unfolded(text) if line.startswith("ATTENDEE"))
    assert attendee == (
        "ATTENDEE;CN=\"Marcus 'M' Webb\";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
        ":mailto:marcus.webb+hive@acme.example"
    )


def test_a_cancellation_and_a_reminder():
    text = calendar([entry(status="CANCELLED", alarms=(Alarm(timedelta(minutes=15), "Soon, now"),))], method="CANCEL")
    assert "STATUS:CANCELLED" in text
    assert "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:Soon\\, now\r\nEND:VALARM" in text


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=1), "P1D"),
        (timedelta(hours=1, minutes=30), "PT1H30M"),
        (timedelta(days=2, seconds=5), "P2DT5S"),
    ],
)
def test_durations_are_written_as_rfc_5545_does(span, expected):
    assert length(span) == expected


def test_times_are_utc_and_never_naive():
    assert moment(datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=9)))) == "20261122T160000Z"
    with pytest.raises(ValueError, match="naive"):
        moment(datetime(2026, 11, 23))


def test_nonsense_is_refused():
    for wrong in ({"status": "MAYBE"}, {"end": START - timedelta(hours=1)}):
        with pytest.raises(ValueError, match=r"status|end before"):
            calendar([entry(**wrong)])
    with pytest.raises(ValueError, match="method"):
        calendar([], method="SHOUT")
