"""Messages built from values: what is in them, and what never can be."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.mail import (
    MAX_REFERENCES,
    MAX_SUBJECT,
    Outgoing,
    automatic_headers,
    build,
    clean_address,
    clean_subject,
    read_reply_address,
    reply_address,
    thread_headers,
    ticket_subject,
)

AT = datetime(2026, 11, 23, 14, 18, tzinfo=UTC)
KEY = "a key of this test"


def outgoing(**changes):
    values = {
        "sender": "HiveTechs Support <support@hivetechs.example>",
        "recipient": "elena@acme.example",
        "recipient_name": "Elena Rossi",
        "subject": "Re: It stops [HT-4F7K2M9]",
        "text": "Grüße\n.\nEnd\n",
        "html": "<p>Grüße</p>",
        "message_id": "<12.abc@hivetechs.example>",
        "at": AT,
    }
    return Outgoing(**(values | changes))


def parsed(**changes):
    return message_from_bytes(build(outgoing(**changes)).as_bytes(), policy=default)


def test_a_message_has_text_first_and_html_as_its_alternative():
    message = parsed()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().splitlines() == ["Grüße", ".", "End"]
    assert message["Date"] == "Mon, 23 Nov 2026 14:18:00 +0000"
    assert message["To"] == "Elena Rossi <elena@acme.example>"


@pytest.mark.parametrize("name", ["Zoë Müller", "名前", 'O\'Neil, "Jo"', "x" * 300, "Jo\r\nBcc: all@x.example", "evil\u202egnp.exe"])
def test_a_name_is_encoded_and_never_begins_a_header(name):
    message = parsed(recipient_name=name)
    assert message["Bcc"] is None
    address = message["To"].addresses[0]
    assert address.addr_spec == "elena@acme.example"
    assert len(address.display_name) <= 80 and "\u202e" not in address.display_name


@given(st.text(max_size=400))
def test_any_subject_stays_one_header(subject):
    raw = build(outgoing(subject=subject)).as_bytes()
    message = message_from_bytes(raw, policy=default)
    assert set(message.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    assert len(str(message["Subject"])) <= MAX_SUBJECT


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b"])
def test_a_header_value_with_a_line_break_is_refused(value):
    with pytest.raises(ValueError, match="line breaks"):
        build(outgoing(headers={"Reply-To": value}))


@pytest.mark.parametrize("name", ["Reply-To: x\r\nBcc", "", "With Space", "Ünicode", "-lead"])
def test_a_header_name_is_a_plain_word(name):
    with pytest.raises(ValueError, match="name of a header"):
        build(outgoing(headers={name: "x"}))


@pytest.mark.parametrize(
    "address",
    [
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example\nDATA",
        "no-at",
        "a@b@c",
        "a b@x.example",
        "",
        "<a@x.example>",
        "a@x.example, b@x.example",
        "ü@x.example",
    ],
)
def test_what_is_not_one_address_is_refused(address):
    with pytest.raises(ValueError):
        clean_address(address)


def test_an_international_domain_travels_in_ascii():
    assert clean_address("jo@bücher.example") == "jo@xn--bcher-kva.example"


def test_a_long_subject_keeps_its_reference():
    subject = ticket_subject("word " * 200, "HT-4F7K2M9")
    assert len(subject) <= MAX_SUBJECT
    assert subject.startswith("Re: word") and subject.endswith("… [HT-4F7K2M9]")
    assert ticket_subject("x", "HT-1", answer=False) == "x [HT-1]"


def test_bidirectional_overrides_leave_a_subject():
    assert clean_subject("pay \u202egpj.exe\u2069 now\r\nBcc: x") == "pay gpj.exe now Bcc: x"


def test_a_thread_begins_with_its_root_and_answers_the_newest():
    first = thread_headers("<root@x.example>", [])
    assert first == {"In-Reply-To": "<root@x.example>", "References": "<root@x.example>"}
    later = thread_headers("<root@x.example>", ["<1@x.example>", "<2@x.example>", "<1@x.example>"])
    assert later["In-Reply-To"] == "<2@x.example>"
    assert later["References"] == "<root@x.example> <1@x.example> <2@x.example>"


def test_a_very_long_thread_keeps_its_beginning_and_its_end():
    headers = thread_headers("<root@x.example>", [f"<{n}@x.example>" for n in range(500)])
    ids = headers["References"].split()
    assert len(ids) == MAX_REFERENCES
    assert ids[:2] == ["<root@x.example>", "<0@x.example>"] and ids[-1] == "<499@x.example>"


def test_references_are_folded_and_never_encoded():
    ids = [f"<{n}.{'r' * 40}@mail.hivetechs.example>" for n in range(60)]
    raw = build(outgoing(headers=thread_headers("<root@x.example>", ids))).as_bytes()
    header = raw.split(b"References:")[1].split(b"\r\nContent-Type")[0]
    assert b"=?" not in header
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert str(message_from_bytes(raw, policy=default)["References"]).split()[-1] == ids[-1]


@pytest.mark.parametrize("bad", ["<a b@x>", "a@x", "<a@x>\r\nBcc: y", "<>", "<" + "a" * 500 + "@x>"])
def test_only_a_message_id_enters_a_thread(bad):
    with pytest.raises(ValueError, match="Message-ID"):
        thread_headers("<root@x.example>", [bad])


def test_automatic_mail_says_so():
    assert automatic_headers("auto-replied") == {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    with pytest.raises(ValueError):
        automatic_headers("no")


def test_a_reply_address_leads_back_to_its_ticket_in_any_case():
    address = reply_address(KEY, "in.hivetechs.example", "HT-4F7K2M9")
    assert len(address.split("@")[0]) <= 64
    assert read_reply_address(KEY, "in.hivetechs.example", address.upper()) == "HT-4F7K2M9"


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.replace("4f7k2m9", "4f7k2m8"),
        lambda a: a.replace("@in.", "@out."),
        lambda a: a[:20] + a[21:],
        lambda a: "support@in.hivetechs.example",
    ],
)
def test_a_forged_reply_address_leads_nowhere(change):
    address = change(reply_address(KEY, "in.hivetechs.example", "HT-4F7K2M9"))
    assert read_reply_address(KEY, "in.hivetechs.example", address) is None
    assert read_reply_address("another key", "in.hivetechs.example", reply_address(KEY, "in.hivetechs.example", "HT-4F7K2M9")) is None
