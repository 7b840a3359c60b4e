"""Every message: its words as stored snapshots, and what holds for all of them."""

import os
import re
from pathlib import Path

import html5lib
import pytest
from jinja2 import UndefinedError

from app.mail.render import FOLDER, render, templates
from tests.mail.samples import BASE_URL, FACTS, facts

SNAPSHOTS = Path(__file__).parent / "snapshots"
HREF = re.compile(r'href="([^"]*)"')


TAG = re.compile(r"<(\w+)((?:\s[\w-]+=\"[^\"]*\")+)")


def settled(html: str) -> str:
    """The same markup with each tag's attributes in order: the sanitizer writes them as they come."""
    return TAG.sub(lambda tag: f"<{tag[1]} " + " ".join(sorted(re.findall(r"[\w-]+=\"[^\"]*\"", tag[2]))), html)


def compared(name: str, found: str) -> None:
    """Compare with the stored file; `UPDATE_SNAPSHOTS=1` stores what is found instead."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found


def test_every_template_has_sample_facts():
    assert templates() == sorted(FACTS)


@pytest.mark.parametrize("template", sorted(FACTS))
def test_a_message_reads_as_stored(template):
    mail = render(template, facts(template))
    compared(f"{template}.txt", f"Subject: {mail.subject}\n\n{mail.text}")
    compared(f"{template}.html", settled(mail.html))


@pytest.mark.parametrize("template", sorted(FACTS))
def test_every_link_is_absolute_and_ours(template):
    mail = render(template, facts(template))
    links = HREF.findall(mail.html)
    assert links
    assert all(link.startswith(f"{BASE_URL}/") for link in links)


@pytest.mark.parametrize("template", sorted(FACTS))
def test_every_message_says_why_it_came_in_both_parts(template):
    mail = render(template, facts(template))
    assert "You get this because" in mail.text
    assert "You get this because" in mail.html


@pytest.mark.parametrize("template", sorted(FACTS))
def test_no_message_loads_anything_or_carries_markup_of_others(template):
    mail = render(template, facts(template))
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(mail.html)
    assert not re.search(r"<(img|script|link|iframe|object)\b|url\(|src=", mail.html)
    assert "<b>" not in mail.html and "<i>" not in mail.html


@pytest.mark.parametrize("template", sorted(FACTS))
def test_the_plain_part_is_plain(template):
    mail = render(template, facts(template))
    assert "&lt;" not in mail.text and "&#" not in mail.text and "<a " not in mail.text
    assert "\n\n\n\n" not in mail.text


def test_a_missing_fact_is_an_error_and_not_a_gap():
    with pytest.raises(UndefinedError):
        render("password_reset", {"support_address": "x@y.example"})


def test_what_goes_to_an_unproven_address_says_nothing_that_its_sender_chose():
    pieces = [(FOLDER / "guest_confirm" / name).read_text(encoding="utf-8") for name in ("subject.txt", "body.txt", "body.html")]
    named = set(re.findall(r"\{\{\s*([a-z_]+)", "".join(pieces))) - {"parts"}
    assert named == {"url", "hours"}


@pytest.mark.parametrize(("can_reply", "words"), [(True, "Reply within 7 days"), (False, "Answer on its page within 7 days")])
def test_nobody_is_told_to_reply_to_a_mail_that_nobody_reads(can_reply, words):
    mail = render("ticket_resolved", facts("ticket_resolved") | {"can_reply": can_reply})
    assert words in mail.text and words in mail.html


@pytest.mark.parametrize(("days", "words"), [(0, "was resolved.\n"), (1, "again for a day.\n"), (30, "again for 30 days.\n")])
def test_a_survey_says_for_how_long_nobody_asks_again(days, words):
    assert words in render("survey_invitation", facts("survey_invitation") | {"quiet_days": days}).text
