"""The pages of /dev: signing in as anybody of the demo, reading mail, seeing events. Not there in production."""

import pytest
from sqlalchemy import select

from app import create_app
from app.accounts.models import SignIn
from app.dev import queries
from app.events.actions import record
from app.extensions import db
from app.mail.models import OutboundMail
from tests import factories
from tests.conftest import test_config


def mail(now, **over):
    """One mail as it is kept."""
    given = {
        "template": "password_reset", "recipient": "user@acme.example", "recipient_name": "Marcus", "subject": "Set a new password", "text": "Open http://localhost/password-reset/abc, once.",
        "html": "<html><head><title>x</title></head><body><script>alert(1)</script><p style='color:red'>Hello</p></body></html>", "message_id": f"<{len(over)}@x>", "headers": {"References": "<a@x> <b@x>"}, "state": "kept", "created_at": now,
    }  # fmt: skip
    row = OutboundMail(**given | over)
    db.session.add(row)
    db.session.commit()
    return row


def test_anybody_of_the_demo_can_be(people, browse):
    people.user.is_demo = True
    visitor = browse()
    page = visitor.get("/dev")
    assert "Marcus Webb" in page.words and "Ines Duarte" not in page.words
    visitor.post("/dev/sign-in", {"person": str(people.user.id)}, to="/")
    assert "Marcus Webb" in visitor.get("/account").text


@pytest.mark.parametrize("person", ["", "x", "0", "-1", "99999999999999999999", "1' OR 1=1", "²"])
def test_nobody_else_can_be(people, browse, person):
    browse().post("/dev/sign-in", {"person": person}, status=404)
    browse().post("/dev/sign-in", {"person": str(people.admin.id)}, status=404)
    assert db.session.scalar(select(SignIn.id)) is None


def test_without_a_demo_the_page_says_how_to_load_it(people, browse):
    assert "demo load" in browse().get("/dev").words


def test_mail_is_listed_and_read(people, browse, now):
    row = mail(now)
    visitor = browse()
    assert "Set a new password" in visitor.get("/dev/mail").words
    page = visitor.get(f"/dev/mail/{row.id}")
    assert page.markup.all("a", href="http://localhost/password-reset/abc")
    assert "<a@x> <b@x>" in page.words and "alert(1)" not in page.text
    frame = page.markup.one("iframe")
    assert frame["sandbox"] == "allow-top-navigation-by-user-activation"
    answer = visitor.client.get(frame["src"])
    assert "color:red" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_long_lists_go_on(people, browse, now):
    for n in range(60):
        mail(now, message_id=f"<{n}@x>", subject=f"Mail {n}.")
    visitor = browse()
    page = visitor.get("/dev/mail")
    assert "Mail 59." in page.words and "Mail 5." not in page.words
    assert "Mail 5." in visitor.get(page.markup.one("a", rel="next")["href"]).words
    for query in ("before=x", "before=-5", "before=99999999999999999999"):
        visitor.get(f"/dev/mail?{query}")
        visitor.get(f"/dev/events?{query}")


def test_events_are_told_with_their_facts(people, browse, now):
    ticket = factories.ticket(people.user, subject="<b>hostile</b>")
    for n in range(101):
        record("account.signed_in", now=now, actor=people.user, facts={"session_id": n, "ip": ""})
    visitor = browse()
    page = visitor.get("/dev/events")
    older = visitor.get(page.markup.one("a", rel="next")["href"])
    assert f"ref={ticket.ref}" in older.words and "<b>hostile" not in older.text
    assert "waits" in older.words


def test_the_styleguide_is_there(people, browse):
    assert "Styleguide" in browse().get("/dev/styleguide").words


def test_links_are_found_in_a_text():
    assert queries.links_in("See http://a.example/x. And <https://b.example/y?z=1>, http://a.example/x") == [
        "http://a.example/x",
        "https://b.example/y?z=1",
    ]


def test_production_has_none_of_it(app, redis):
    made = create_app(test_config("sqlite://", env="production", secret_key="x" * 32))
    assert not [rule for rule in made.url_map.iter_rules() if rule.rule.startswith("/dev")]
