"""An answer out of a reply: what is masked and stripped, and that a click makes one draft."""

from re import compile as r

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.accounts.models import User
from app.extensions import db
from app.knowledge.models import Faq
from app.knowledge.render import html_of
from app.knowledge.sources import actions
from app.knowledge.sources.models import EntrySource
from app.knowledge.sources.rules import MAIL, People, answer_of, masked, question_of, with_lines
from app.lib import database
from app.lib.errors import Invalid, NotAllowed
from app.lib.markdown import to_html
from app.tickets.models import Message, Ticket
from tests import factories
from tests.knowledge.shared import events
from tests.processes import in_processes

ACME = People(["Maya Winters", "Jo Li"], ["Acme Robotics"], "support.hive.example")
REPLY = """Hi Maya,

Thank you for the details. Set `telemetry = false` and start it again:

```
hive config set telemetry false
Best regards
```

Write to maya@acme.example if Acme Robotics needs more.

Best regards,
Sam Okafor
HiveTechs
+49 30 1234567"""


def test_greeting_thanks_and_ending_go_and_code_stays():
    answer = answer_of(REPLY, ACME)
    assert answer.startswith("Set `telemetry = false` and start it again:")
    assert answer.endswith("Write to [address] if [organization] needs more.")
    assert "hive config set telemetry false\nBest regards\n```" in answer


@given(st.lists(st.sampled_from(["a", "b c", "", "- d", "  e", "1. f", "> g", "# h", "|i|j|", "|-|-|", "```", "    k", "`l` m  "])))
def test_an_answer_has_the_lines_that_customers_saw(lines):
    reply = "\n".join(lines).strip()
    shown, kept = to_html(reply), html_of(with_lines(reply))
    assert kept.replace("\n", "").replace(" ", "").lower() == shown.replace("\n", "").replace(" ", "").replace('<pretabindex="0">', "<pre>")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Ask maya@acme.example or mailto:a.b+c@x.co", "Ask [address] or [address]"),
        ("winters wrote; MAYA  WINTERS and Maya too", "winters wrote; [name] and [name] too"),
        ("Jolly Jo Li joined", "Jolly [name] joined"),
        ("See HT-4F7K2M9 and HC-0A1B2C3", "See [ticket] and [ticket]"),
        ("password: hunter22, then go on", "password: [secret], then go on"),
        ("The password is required here", "The password is required here"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [secret]"),
        ("key sk-proj-AbC123xyz789QQ done", "key [secret] done"),
        ("token ghp_0123456789abcdefABCDEF0123456789abcd", "token [secret]"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nok", "[secret]\nok"),
        ("Call +49 (30) 123 45-67 or 0151 2345678", "Call [number] or [number]"),
        ("Invoice 20261234567", "Invoice [number]"),
        ("From 10.0.12.7 and 2001:4860:4860::8888", "From [address] and [address]"),
        ("Listens on 127.0.0.1:8080, 0.0.0.0 and ::1", "Listens on 127.0.0.1:8080, 0.0.0.0 and ::1"),
        ("in /home/mwinters/.hive and C:\\Users\\Maya W\\x", "in /home/you/.hive and C:\\Users\\you W\\x"),
        ("at https://u:p@db.example:5432/x?token=abc#y", "at https://db.example:5432/x"),
        ("read https://docs.example/a-b/c#install", "read https://docs.example/a-b/c#install"),
        ("open https://support.hive.example/tickets/HT-4F7K2M9", "open [link]"),
        ("open https://support.hive.example/help/faq/x", "open https://support.hive.example/help/faq/x"),
        ("Use hive 2.0.1 since 2026-11-23, error E0432, port 8080", "Use hive 2.0.1 since 2026-11-23, error E0432, port 8080"),
        ("Run `hive consensus --profile deep-analysis-with-long-name --no-cache`", "Run `hive consensus --profile deep-analysis-with-long-name --no-cache`"),
    ],
)  # fmt: skip
def test_what_points_at_somebody_is_masked_and_the_rest_is_not(said, kept):
    assert masked(said, ACME) == kept


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("Re: AW: [HT-4F7K2M9] How do I reset it?", "How do I reset it?"),
        ("Maya Winters cannot sign in from 10.1.2.3", "[name] cannot sign in from [address]"),
        ("Terminal UI freezes", "Terminal UI freezes"),
    ],
)
def test_a_subject_becomes_a_question(subject, question):
    assert question_of(subject, ACME) == question


@pytest.mark.parametrize("reply", ["Hi Maya,\n\nBest regards,\nSam", "Thanks!", "  \n"])
def test_courtesies_alone_leave_nothing(reply):
    assert answer_of(reply, ACME) == ""


WORDS = st.lists(st.sampled_from(["restart", "the", "hive", "2.0.1", "`--no-cache`", "config.toml", "port", "8080", "E0432", "\n", ","]), max_size=12).map(" ".join)  # fmt: skip
NAMES = st.from_regex(r"[A-Z][a-zäöüß]{2,9}", fullmatch=True).filter(lambda name: name.lower() not in "address number secret ticket link name organization you users home restart the hive port config toml cache")  # fmt: skip
LOCAL = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,12}", fullmatch=True)
SECRETS = st.one_of(
    st.from_regex(r"sk-[A-Za-z0-9]{20,40}", fullmatch=True),
    st.from_regex(r"ghp_[A-Za-z0-9]{36}", fullmatch=True),
    st.from_regex(r"[a-f]{3}[0-9][a-f0-9]{28}", fullmatch=True),
)


@given(WORDS, NAMES, NAMES, LOCAL, SECRETS, WORDS)
def test_no_name_address_or_secret_survives_wherever_it_stands(before, first, last, local, secret, after):
    told = f"{before} {first} {last} {local}@mail.example {secret} {first}'s {last}. {after}"
    kept = masked(told, People([f"{first} {last}"]))
    assert first not in kept.split()
    assert f"{first}'s" not in kept
    assert last not in kept.replace(".", " ").split()
    assert secret not in kept
    assert MAIL.search(kept) is None


@given(WORDS, NAMES, LOCAL, SECRETS, st.ip_addresses().map(str), WORDS)
def test_masking_again_changes_nothing(before, name, local, secret, number, after):
    people = People([f"{name} Okafor"], ["Acme Robotics"], "support.hive.example")
    once = masked(f"{before} {name} {local}@x.example {secret} {number} https://{local}.example/{secret}?q={secret} {after}", people)
    assert masked(once, people) == once


@given(WORDS)
def test_plain_words_stay_as_they_are(text):
    assert masked(text, ACME) == text


@given(st.text(max_size=400))
def test_any_text_gives_an_answer_without_addresses(text):
    assert MAIL.search(answer_of(text, ACME)) is None


@pytest.fixture
def reply(people):
    """A reply of the agent in a ticket of Acme's user."""
    ticket = factories.ticket(people.user, subject=f"{people.user.name} asks: how do I switch telemetry off?", category="cli")
    body = f"Hi {people.user.name.split()[0]},\n\nSet `telemetry = false`.\n\nBest regards,\n{people.agent.name}"
    return ticket, factories.reply(ticket, people.agent, body)


def test_one_click_makes_a_draft_and_the_ticket_tells(browse, people, reply):
    ticket, message = reply
    browser = browse(people.agent)
    page = browser.get(f"/desk/tickets/{ticket.ref}")
    button = page.markup.one("button", form="make-answer")
    assert button["value"] == str(message.id)
    browser.post("/desk/knowledge/answers-from-replies", {"message": message.id}, to=r(r"/desk/knowledge/faq/\d+$"))
    entry = db.session.scalars(select(Faq).order_by(Faq.id.desc())).first()
    assert (entry.question, entry.answer) == ("[name] asks: how do I switch telemetry off?", "Set `telemetry = false`.")
    assert (entry.status, entry.category) == ("draft", "cli")
    assert "A reply became an answer for the help centre" in browser.get(f"/desk/tickets/{ticket.ref}").words
    assert f"{ticket.ref}, {ticket.subject}" in browser.get(f"/desk/knowledge/faq/{entry.id}").words


def test_customers_see_neither_the_button_nor_the_line_nor_the_source(browse, people, reply, now):
    ticket, message = reply
    entry = actions.draft_from_reply(message, ticket, actor=people.agent, now=now)
    entry.status = "published"
    db.session.commit()
    browser = browse(people.user)
    page = browser.get(f"/tickets/{ticket.ref}")
    assert "Make this an answer" not in page.words
    assert "became an answer" not in page.words
    assert ticket.ref not in browser.get(f"/help/faq/{entry.external_id}").words
    browser.post("/desk/knowledge/answers-from-replies", {"message": message.id}, status=403)


def test_a_second_click_opens_the_first_draft(people, reply, now):
    ticket, message = reply
    first = actions.draft_from_reply(message, ticket, actor=people.agent, now=now)
    assert actions.draft_from_reply(message, ticket, actor=people.lead, now=now) is first
    assert len(events("drafted_from_ticket")) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_two_clicks_at_once_make_one_draft(app, engine, people, reply, now):
    ticket, message = reply
    numbers = (ticket.id, message.id, people.agent.id)
    db.session.commit()

    def click():
        ticket_id, message_id, agent_id = numbers
        with database.writing():
            made = (db.session.get(Message, message_id), db.session.get(Ticket, ticket_id))
            actions.draft_from_reply(*made, actor=db.session.get(User, agent_id), now=now)
            db.session.commit()

    assert in_processes(app, 3, click) == [0, 0, 0]
    assert db.session.scalar(select(func.count()).select_from(EntrySource)) == 1
    assert db.session.scalar(select(func.count()).select_from(Faq).where(Faq.status == "draft")) == 1


def test_notes_customers_words_and_automatic_messages_are_no_answers(browse, people, reply, now):
    ticket, _ = reply
    note = factories.note(ticket, people.agent)
    theirs = factories.reply(ticket, people.user, "I did.")
    for message in (note, theirs):
        with pytest.raises(Invalid):
            actions.draft_from_reply(message, ticket, actor=people.agent, now=now)
    thanks = factories.reply(ticket, people.agent, "Hi,\n\nBest regards,\nSam")
    browser = browse(people.agent)
    browser.get(f"/desk/tickets/{ticket.ref}")
    assert "Nothing is left" in browser.post("/desk/knowledge/answers-from-replies", {"message": thanks.id}, status=422).words
    for odd in ("", "x", "999999", "9" * 30):
        browser.post("/desk/knowledge/answers-from-replies", {"message": odd}, status=404)


def test_only_staff_write_answers(people, reply, now):
    ticket, message = reply
    with pytest.raises(NotAllowed):
        actions.draft_from_reply(message, ticket, actor=people.owner, now=now)
