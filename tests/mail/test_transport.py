"""Handing mail over to a real SMTP server, and sorting what goes wrong."""

from datetime import UTC, datetime

import pytest

from app.lib.mail import Outgoing, build
from app.mail.transport import Outcome, Server, parse_smtp_url, send
from tests.mail.smtp import MailServer, free_port

RECIPIENT = "elena@acme.example"


@pytest.fixture
def server():
    running = MailServer().start()
    yield running
    running.stop()


def message():
    return build(
        Outgoing(
            sender="HiveTechs Support <support@hivetechs.example>",
            recipient=RECIPIENT,
            subject="Grüße",
            text=".\nA line that begins with a dot comes before.\n",
            html="<p>x</p>",
            message_id="<1.a@hivetechs.example>",
            at=datetime(2026, 11, 23, tzinfo=UTC),
        )
    )


def sent_to(url):
    return send(parse_smtp_url(url), message(), sender="support@hivetechs.example", recipient=RECIPIENT)


def test_a_message_arrives_as_it_was_built(server):
    assert sent_to(server.url).state == "sent"
    [(recipient, arrived)] = server.received
    assert recipient == RECIPIENT
    assert arrived["Subject"] == "Grüße"
    assert arrived.get_body(("plain",)).get_content().startswith(".")


@pytest.mark.parametrize(
    ("answer", "state"),
    [("550 no such mailbox", "bounced"), ("553 bad name", "bounced"), ("450 try later", "retry"), ("452 mailbox full", "retry")],
)
def test_a_refused_recipient_is_sorted_by_its_code(server, answer, state):
    server.answers[RECIPIENT] = answer
    outcome = sent_to(server.url)
    assert (outcome.state, outcome.detail) == (state, answer)
    assert server.received == []


@pytest.mark.parametrize(("answer", "state"), [("554 looks like spam", "failed"), ("451 disk full", "retry")])
def test_a_refused_message_is_sorted_by_its_code(server, answer, state):
    server.data_answer = answer
    assert sent_to(server.url) == Outcome(state, answer)


def test_a_dead_server_means_try_again():
    outcome = sent_to(f"smtp://127.0.0.1:{free_port()}")
    assert outcome.state == "retry" and "ConnectionRefusedError" in outcome.detail


def test_encryption_that_was_asked_for_is_never_given_up(server):
    assert sent_to(f"smtp+starttls://127.0.0.1:{server.port}").state == "retry"
    assert sent_to(f"smtps://127.0.0.1:{server.port}").state == "retry"
    assert server.received == []


def test_a_server_that_takes_no_password_means_try_again_and_tells_no_secret(server):
    outcome = sent_to(f"smtp://user:hush@127.0.0.1:{server.port}")
    assert outcome.state == "retry" and "hush" not in outcome.detail


def test_an_address_is_taken_apart():
    assert parse_smtp_url("smtp://mail.example") == Server("smtp", "mail.example", 25)
    assert parse_smtp_url("smtps://mail.example").port == 465
    assert parse_smtp_url("smtp+starttls://u%40x:p%3Aw@mail.example:2525") == Server("smtp+starttls", "mail.example", 2525, "u@x", "p:w")


@pytest.mark.parametrize("url", ["", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:port"])
def test_a_wrong_address_is_said_to_be_wrong(url):
    with pytest.raises(ValueError):
        parse_smtp_url(url)
