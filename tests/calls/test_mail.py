"""What both sides are sent, through a real mail server: the words, and the calendar entry read back."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from app.calls import actions, jobs
from app.calls.leaving import call_off_left
from app.extensions import db
from app.mail.models import OutboundMail
from tests import factories
from tests.calls.ics import invitation, read

DAY = timedelta(days=1)
STAMP = "%Y%m%dT%H%M%SZ"


@pytest.fixture
def post(app, smtp, drain, monkeypatch):
    """`post()` sends all that waits through the real server; address → the mails that arrived there by this."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url=smtp.url))

    def sent() -> dict[str, EmailMessage]:
        smtp.received.clear()
        drain()
        found = dict(smtp.received)
        told = {(who, str(mail["Subject"])) for who, mail in smtp.received}
        assert len(told) == len(smtp.received), "somebody was written the same twice"
        return found

    return sent


def words(message):
    return message.get_body(("plain",)).get_content()


def test_both_sides_are_invited(book, people, post, now):
    ticket = factories.ticket(people.user)
    post()
    call = book(ticket=ticket, topic="Upgrade; of our cluster, übermorgen " + "x" * 80)
    mails = post()
    assert set(mails) == {people.user.email, people.agent.email}
    for who, mail in mails.items():
        calendar = invitation(mail)
        event = calendar.part("VEVENT")
        assert calendar["METHOD"] == "REQUEST"
        assert (event["SEQUENCE"], event["STATUS"], event["UID"]) == ("0", "CONFIRMED", f"{call.ref.lower()}@hivetechs.example")
        assert (event["DTSTART"], event["DTEND"]) == (f"{call.starts_at:{STAMP}}", f"{call.ends_at:{STAMP}}")
        assert event["SUMMARY"] == f"Support call: {call.topic}"
        assert sorted(event.all("ATTENDEE")) == sorted(f"mailto:{person.email}" for person in (people.user, people.agent))
        assert event["ORGANIZER"] == "mailto:support@hivetechs.example"
        assert event.part("VALARM")["TRIGGER"] == "-PT15M"
        assert ticket.ref in words(mail) and ticket.ref in event["DESCRIPTION"]
        assert ("/calls/link/" in words(mail)) == (who == people.user.email)


def test_times_in_mails_are_those_of_their_reader(book, people, post):
    book()
    mails = post()
    assert "11:00 CET" in words(mails[people.user.email])
    assert "19:00 JST" in words(mails[people.agent.email])


def test_each_change_is_a_higher_sequence_of_the_same_entry(book, people, post, now):
    call = book()
    first = {who: invitation(mail).part("VEVENT") for who, mail in post().items()}
    actions.move(call, call.starts_at + DAY, people.agent.id, actor=people.user, now=now)
    moved = post()
    actions.set_room(call, "https://rooms.example/7", actor=people.agent, now=now)
    roomed = post()
    actions.cancel(call, "No need", actor=people.user, now=now)
    cancelled = post()
    for who in (people.user.email, people.agent.email):
        chain = [first[who], *(invitation(mails[who]).part("VEVENT") for mails in (moved, roomed, cancelled))]
        assert [event["SEQUENCE"] for event in chain] == ["0", "1", "2", "3"]
        assert len({event["UID"] for event in chain}) == 1
        assert chain[1]["DTSTART"] == f"{call.starts_at:{STAMP}}"
        assert chain[2]["LOCATION"] == "https://rooms.example/7"
        assert (invitation(cancelled[who])["METHOD"], chain[3]["STATUS"], chain[3].parts) == ("CANCEL", "CANCELLED", [])
    assert "No need" in words(cancelled[people.agent.email])


def test_another_engineer_is_invited_the_old_one_is_taken_back_and_the_customer_has_nothing_to_do(book, people, post, now):
    call = book()
    post()
    actions.reassign(call, people.agent2, actor=people.lead, now=now)
    mails = post()
    assert set(mails) == {people.user.email, people.agent.email, people.agent2.email}
    assert invitation(mails[people.agent.email])["METHOD"] == "CANCEL"
    for who in (people.user, people.agent2):
        event = invitation(mails[who.email]).part("VEVENT")
        assert (event["SEQUENCE"], event["DTSTART"]) == ("1", f"{call.starts_at:{STAMP}}")
        assert f"mailto:{people.agent2.email}" in event.all("ATTENDEE")
    assert "you have nothing to do" in words(mails[people.user.email])


def test_moving_to_somebody_else_takes_back_the_old_time_of_the_old_engineer(book, office, people, post, now):
    call = book(kind=office)
    old = call.starts_at
    post()
    actions.reassign(call, people.agent, actor=people.lead, now=now)
    post()
    actions.move(call, old + timedelta(hours=1), people.agent2.id, actor=people.user, now=now)
    mails = post()
    gone = invitation(mails[people.agent.email])
    assert (gone["METHOD"], gone.part("VEVENT")["DTSTART"]) == ("CANCEL", f"{old:{STAMP}}")
    assert "It would have been" in words(mails[people.user.email])


def test_reminders_go_to_both_sides_once(book, people, post, clock):
    book(hours=47)
    post()
    for hours, word in ((24, "Tomorrow"), (22.5, "In an hour")):
        clock.shift(timedelta(hours=hours))
        jobs.remind()
        jobs.remind()
        mails = post()
        assert set(mails) == {people.user.email, people.agent.email}
        assert all(str(mail["Subject"]).startswith(word) for mail in mails.values())
        assert not [part for mail in mails.values() for part in mail.walk() if part.get_content_type() == "text/calendar"]


def test_a_moved_call_is_reminded_of_anew_and_a_cancelled_one_never(book, people, post, clock, now):
    call, off = book(hours=47), book(people.owner, hours=48)
    clock.shift(timedelta(hours=24))
    assert jobs.remind() == 2
    post()
    actions.move(call, call.starts_at + DAY, people.agent.id, actor=people.user, now=now + DAY)
    actions.cancel(off, "", actor=people.owner, now=now + DAY)
    post()
    clock.shift(timedelta(hours=22.6))
    assert jobs.remind() == 0
    clock.shift(timedelta(hours=4))
    assert jobs.remind() == 1
    assert set(post()) == {people.user.email, people.agent.email}


def test_a_link_works_from_the_mail_and_is_not_kept_afterwards(book, people, post, browse):
    call = book()
    link = re.search(r"http://localhost(/calls/link/\S+)", words(post()[people.user.email]))[1]
    assert call.topic in browse(None).get(link).words
    stored = db.session.scalars(select(OutboundMail).where(OutboundMail.recipient == people.user.email)).all()
    assert all("/calls/link/" not in mail.text + mail.html and mail.calendar is None for mail in stored)


def test_who_has_left_is_not_written_to(book, people, post):
    book()
    people.agent.is_enabled = False
    assert set(post()) == {people.user.email}


@pytest.mark.parametrize("way", ["moved", "shut out"])
def test_the_call_of_who_has_left_goes_from_their_calendar_and_nothing_else_is_told(book, people, post, now, way):
    call = book()
    post()
    if way == "moved":
        people.user.organization_id = people.globex.id
    else:
        people.user.is_enabled = False
    call_off_left(now)
    db.session.commit()
    mail = post()[people.user.email]
    calendar = invitation(mail)
    assert (calendar["METHOD"], calendar.part("VEVENT")["STATUS"]) == ("CANCEL", "CANCELLED")
    assert calendar.part("VEVENT")["UID"] == f"{call.ref.lower()}@hivetechs.example"
    assert "This call is off: you had booked it for Acme Robotics, and have left." in words(mail)
    assert "Choose another time" not in words(mail) and "Reason" not in words(mail)
    assert people.agent.name not in words(mail)


def test_the_entry_can_be_fetched_again(book, people, browse):
    call = book()
    answer = browse(people.user).get(f"/calls/{call.ref}/invitation.ics")
    calendar = read(answer.data.decode())
    assert (calendar["METHOD"], calendar.part("VEVENT")["SEQUENCE"]) == ("PUBLISH", "0")
    assert calendar.part("VEVENT").all("ATTENDEE") == [], "RFC 5546 lets nobody attend what is only published"
    assert answer.mimetype == "text/calendar"
