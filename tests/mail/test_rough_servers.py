"""Mail servers that hang, hang up in the middle, or refuse some: each mail ends as it should, and nobody waits for them."""

import dataclasses
import sqlite3
import time

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.mail import jobs, transport
from app.mail.models import OutboundMail
from tests import factories
from tests.conftest import database_file
from tests.mail.rough import RoughServer

RECIPIENTS = [f"person{n}@acme.example" for n in range(6)]


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    """Nobody waits twenty seconds in a test."""
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(transport, "TAKING_SECONDS", 1.2)
    monkeypatch.setattr(transport, "GOODBYE_SECONDS", 0.3)
    jobs.resting.clear()


@pytest.fixture
def sends_to(app, monkeypatch):
    """Let the application send its mail to some server."""
    return lambda url: monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], smtp_url=url))


def written(recipients=RECIPIENTS):
    """A mail to each, waiting to be sent."""
    given = {"template": "ticket_replied", "subject": "About HT-1", "text": "t", "html": "h", "headers": {}}
    rows = [
        OutboundMail(
            recipient=recipient,
            message_id=f"<{recipient}>",
            created_at=factories.NOW,
            next_try_at=factories.NOW,
            **given,
        )
        for recipient in recipients
    ]
    db.session.add_all(rows)
    db.session.commit()
    return rows


def delivered(rows):
    """Try each once; what became of them, as the database has it."""
    for row in rows:
        jobs.deliver(row.id)
    db.session.expire_all()
    return [(row.state, row.attempts) for row in rows]


@pytest.mark.parametrize("at", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "message"])
def test_a_server_that_hangs_is_asked_once_and_left_alone_for_a_while(people, sends_to, monkeypatch, clock, at):
    rows = written()
    with RoughServer(at) as server:
        sends_to(server.url)
        began = time.monotonic()
        assert delivered(rows) == [("deferred", 1), *[("queued", 0)] * 5]
        assert time.monotonic() - began < 2
        assert server.connections == 1
        assert rows[0].error == "The mail server did not answer in time."
    monkeypatch.setattr(jobs, "REST_SECONDS", 0.0)
    jobs.resting.clear()
    clock.shift(61)
    with RoughServer() as server:
        sends_to(server.url)
        assert [state for state, _ in delivered(rows)] == ["sent"] * 6
        assert delivered(rows) and len(server.taken) == 6


def test_a_rest_ends_whatever_becomes_of_the_clock_of_the_machine(people, sends_to, monkeypatch, clock):
    rows = written(RECIPIENTS[:2])
    monkeypatch.setattr(jobs, "REST_SECONDS", 0.2)
    with RoughServer("greeting") as server:
        sends_to(server.url)
        assert delivered(rows)[1] == ("queued", 0)
        clock.shift(3600)
        server.at = ""
        assert delivered(rows[1:]) == [("queued", 0)]
        time.sleep(0.2)
        assert delivered(rows[1:]) == [("sent", 1)]


def test_a_server_that_takes_its_time_over_a_message_is_waited_for(people, sends_to):
    rows = written(RECIPIENTS[:1])
    with RoughServer(late=0.6) as server:
        sends_to(server.url)
        assert delivered(rows) == [("sent", 1)]
        assert len(server.taken) == 1


@pytest.mark.parametrize("at", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "message"])
def test_a_server_that_hangs_up_in_the_middle_is_tried_again(people, sends_to, at):
    rows = written(RECIPIENTS[:2])
    with RoughServer(at, "closes") as server:
        sends_to(server.url)
        assert delivered(rows) == [("deferred", 1)] * 2
        assert rows[0].error


@pytest.mark.parametrize("how", ["hangs", "closes"])
def test_a_mail_that_was_taken_is_sent_whatever_follows(people, sends_to, how):
    rows = written(RECIPIENTS[:2])
    with RoughServer("QUIT", how) as server:
        sends_to(server.url)
        assert delivered(rows) == [("sent", 1)] * 2
        assert len(server.taken) == 2


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "message"])
@pytest.mark.parametrize("line", ["530 5.7.0 authentication required", "538 encryption required"])
def test_wrong_settings_of_ours_cost_no_mail(people, sends_to, at, line):
    rows = written(RECIPIENTS[:1])
    with RoughServer(at, line) as server:
        sends_to(server.url)
        assert delivered(rows) == [("deferred", 1)]
    assert rows[0].error == line


@pytest.mark.parametrize("line", ["nonsense", "250", "-1", "250-never ends\r\n250-x", "", "\x00\x01"])
@pytest.mark.parametrize("at", ["greeting", "EHLO", "MAIL", "message"])
def test_an_answer_that_is_none_breaks_nothing(people, sends_to, at, line):
    rows = written(RECIPIENTS[:1])
    with RoughServer(at, line) as server:
        sends_to(server.url)
        assert delivered(rows)[0][0] in {"deferred", "sent"}


def test_half_of_the_recipients_are_refused_each_for_itself(people, sends_to, smtp, browse, drain, clock, monkeypatch):
    # This server does not hang; on a busy machine it would be taken for one that does.
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 20)
    rows = written()
    smtp.answers = {RECIPIENTS[0]: "550 no such mailbox", RECIPIENTS[2]: "451 come later", RECIPIENTS[4]: "554 not here"}
    sends_to(smtp.url)
    assert [state for state, _ in delivered(rows)] == ["bounced", "sent", "deferred", "sent", "bounced", "sent"]
    smtp.answers = {}
    clock.shift(100)
    jobs.sweep_mail()
    drain()
    to_them = [recipient for recipient, message in smtp.received if message["Subject"] == "About HT-1"]
    assert sorted(to_them) == [RECIPIENTS[n] for n in (1, 2, 3, 5)]
    words = browse(people.agent).get("/desk/mail").words
    assert "550 no such mailbox" in words and RECIPIENTS[2] not in words
    assert len(db.session.scalars(select(Event).where(Event.kind == "mail.failed")).all()) == 2


def test_nobody_waits_for_the_database_while_a_server_hangs(people, sends_to, app):
    rows = written(RECIPIENTS[:1])

    def write_now(*given, **named):
        other = sqlite3.connect(database_file(), timeout=0)
        other.execute("UPDATE outbound_mail SET error = 'written meanwhile'")
        other.rollback()
        other.close()
        return transport.Outcome("retry", "gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "send", write_now)
        sends_to("smtp://127.0.0.1:9")
        assert delivered(rows) == [("deferred", 1)]
