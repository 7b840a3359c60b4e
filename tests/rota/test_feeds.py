"""The calendar feed: who reads it, what stands in it, and when it stops."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.rota import actions, feeds
from app.rota.models import RotaFeed
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def secret(week, people, now):
    """The agent's feed."""
    made = feeds.make(people.agent, actor=people.agent, now=now)
    db.session.commit()
    return made


def values(text, name):
    """The values of a property, in order."""
    return re.findall(rf"^{name}[^:]*:(.*)$", text.replace("\r\n ", "").replace("\r\n", "\n"), re.M)


@BOTH
def test_anybody_with_the_address_reads_the_duties(week, secret, browse):
    answer = browse(None).get(f"/rota/{secret}.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    text = answer.get_data(as_text=True)
    assert values(text, "X-WR-CALNAME") == ["Rota of Aiko Tanaka"]
    begins = values(text, "DTSTART")
    assert "20261123T070000Z" in begins and "20261130T070000Z" not in begins
    assert values(text, "SUMMARY")[0] == "On call: Support"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_a_reader_who_has_it_gets_304_until_the_rota_changes(week, people, secret, browse, now, clock):
    window = browse(None)
    first = window.get(f"/rota/{secret}.ics")
    clock.shift(3600)
    window.get(f"/rota/{secret}.ics", status=304, headers={"If-None-Match": first.headers["ETag"]})
    actions.add_absence(people.agent, utc(2026, 11, 24), utc(2026, 11, 25), None, "", actor=people.agent, now=now)
    second = window.get(f"/rota/{secret}.ics", headers={"If-None-Match": first.headers["ETag"]})
    text = second.get_data(as_text=True)
    assert "Away" in values(text, "SUMMARY") and "20261124T070000Z" not in values(text, "DTSTART")


def test_a_duty_that_is_cut_keeps_its_identity(week, people, secret, now):
    def uids():
        text = feeds.text(people.agent, base_url="http://localhost", host="localhost", now=now)
        return dict(zip(values(text, "DTSTART"), zip(values(text, "UID"), values(text, "DTEND"), strict=True), strict=True))

    before = uids()["20261124T070000Z"]
    actions.add_override(week.team, 1, people.lead, utc(2026, 11, 24, 14), utc(2026, 11, 24, 15), "", actor=people.lead, now=now)
    after = uids()["20261124T070000Z"]
    assert (before[0] == after[0], before[1], after[1]) == (True, "20261124T150000Z", "20261124T140000Z")


def test_every_day_of_a_duty_without_end_stands_in_it(week, people, secret, now):
    week.days.weekdays, week.days.starts_minute, week.days.ends_minute = list(range(7)), 0, 0
    week.days.turns = week.days.turns[:1]
    db.session.delete(week.nights)
    db.session.commit()
    text = feeds.text(people.agent, base_url="http://localhost", host="localhost", now=now)
    assert len(values(text, "UID")) == len(set(values(text, "UID"))) > 100


def test_the_secret_is_kept_as_a_fingerprint_only(week, secret):
    row = db.session.scalars(select(RotaFeed)).one()
    assert secret not in (row.secret_hash, *map(str, vars(row).values()))


def test_a_new_address_ends_the_old_one_and_a_revoked_one_is_gone(week, people, secret, browse, now):
    newer = feeds.make(people.agent, actor=people.agent, now=now)
    window = browse(None)
    window.get(f"/rota/{secret}.ics", status=404)
    window.get(f"/rota/{newer}.ics")
    for _ in range(2):
        feeds.revoke(people.agent, actor=people.agent, now=now)
    window.get(f"/rota/{newer}.ics", status=404)
    window.get(f"/rota/{'x' * 43}.ics", status=404)
    window.get("/rota/short.ics", status=404)


def test_who_left_the_desk_has_no_feed(week, people, secret, browse):
    people.agent.is_enabled = False
    browse(None).get(f"/rota/{secret}.ics", status=404)


def test_the_page_shows_the_address_once(week, people, browse):
    agent = browse(people.agent)
    agent.get("/desk/rota/mine")
    made = agent.post("/desk/rota/feed")
    address = re.search(r"http://localhost/rota/[\w-]{43}\.ics", made.text)[0]
    assert address not in agent.get("/desk/rota/mine").text
    browse(None).get(address.removeprefix("http://localhost"))
    agent.post("/desk/rota/feed/revocation", to="/desk/rota/mine")
    browse(None).get(address.removeprefix("http://localhost"), status=404)


def test_a_feed_reaches_weeks_ahead(week, people, secret, now):
    text = feeds.text(people.agent, base_url="http://localhost", host="localhost", now=now)
    assert max(values(text, "DTSTART")) > f"{now + timedelta(weeks=11):%Y%m%dT}"
