"""The page of mail that did not arrive."""

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.mail import queries
from app.mail.models import OutboundMail
from tests import factories


def mail(recipient, state="failed", ticket=None, **over):
    """One mail in a state."""
    given = {
        "template": "ticket_replied",
        "subject": f"To {recipient}",
        "text": "t",
        "html": "h",
        "headers": {},
        "created_at": factories.NOW,
    }
    row = OutboundMail(
        recipient=recipient, state=state, ticket_id=ticket.id if ticket else None, message_id=f"<{recipient}>", **{**given, **over}
    )
    db.session.add(row)
    db.session.commit()
    return row


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


def test_what_needs_somebody_is_listed_with_its_ticket_and_its_reason(desk, people):
    ticket = factories.ticket(people.owner)
    mail("a@example.com", "bounced", ticket, error="550 no such user", recipient_name="Ada")
    mail("b@example.com", "deferred", next_try_at=factories.NOW)
    mail("c@example.com", "sent")
    page = desk.get("/desk/mail")
    assert "a@example.com" in page.words and "550 no such user" in page.words and "b@example.com" in page.words
    assert "c@example.com" not in page.words
    assert page.markup.one("a", href=f"/desk/tickets/{ticket.ref}").text == "To a@example.com"
    assert len(page.markup.all("form", method="post")) - len(desk.get("/desk/mail?state=sent").markup.all("form", method="post")) == 1


@pytest.mark.parametrize("state", queries.STATES)
def test_each_state_has_its_list(desk, state):
    for other in queries.STATES:
        mail(f"{other}@example.com", other)
    words = desk.get(f"/desk/mail?state={state}").words
    assert [other for other in queries.STATES if f"{other}@example.com" in words] == [state]


def test_an_unknown_state_shows_what_needs_somebody(desk):
    mail("a@example.com")
    assert "a@example.com" in desk.get("/desk/mail?state=<script>&before=x").words


def test_no_trouble_says_so(desk):
    assert "Every mail has arrived" in desk.get("/desk/mail").words
    assert "No mail is in this state" in desk.get("/desk/mail?state=bounced").words


def test_older_ones_follow_on_further_pages_each_once(desk, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    made = [f"p{n}@example.com" for n in range(5)]
    for recipient in made:
        mail(recipient)
    seen, answer = [], desk.get("/desk/mail")
    while True:
        seen += [one for one in reversed(made) if one in answer.words]
        more = answer.markup.all("a", rel="next")
        if not more:
            break
        answer = desk.get(more[0]["href"], htmx=True)
    assert seen == list(reversed(made))


def test_the_page_costs_the_same_for_one_and_for_fifty(desk, people, statements):
    def cost():
        with statements() as seen:
            desk.get("/desk/mail")
        return len(seen)

    mail("a@example.com", ticket=factories.ticket(people.owner))
    one = cost()
    for n in range(49):
        mail(f"p{n}@example.com", ticket=factories.ticket(people.owner))
    assert one == cost() == 2


def test_sending_again_queues_it_anew_once_and_leads_back(desk, redis):
    failed = mail("a@example.com", attempts=9, error="421 try later")
    desk.post(f"/desk/mail/{failed.id}/sending", {"next": "/desk/mail?state=failed"}, to="/desk/mail?state=failed")
    db.session.refresh(failed)
    assert (failed.state, failed.attempts, failed.error) == ("queued", 0, "")
    desk.post(f"/desk/mail/{failed.id}/sending", {"next": "https://evil.example/"}, to="/desk/mail")
    assert len(db.session.scalars(select(Event).where(Event.kind == "mail.resent")).all()) == 1
    assert redis.llen("rq:queue:mail") == 2


def test_what_arrived_is_not_sent_again_and_what_is_not_there_is_not_found(desk):
    desk.post(f"/desk/mail/{mail('a@example.com', 'sent').id}/sending", {}, status=409)
    desk.post("/desk/mail/99999/sending", {}, status=404)


def test_only_staff_see_and_send_mail(browse, people):
    failed = mail("a@example.com")
    browse(None).get("/desk/mail", to="/login")
    browse(None).post(f"/desk/mail/{failed.id}/sending", {}, to="/login")
    for who in (people.owner, people.moderator):
        browse(who).get("/desk/mail", status=403)
        browse(who).post(f"/desk/mail/{failed.id}/sending", {}, status=403)
    browse(people.agent).post(f"/desk/mail/{failed.id}/sending", {}, csrf=False, status=400)


def test_hostile_words_of_other_servers_are_shown_as_text(desk):
    mail("a@example.com", error="<script>alert(1)</script>", subject="<b>x", recipient_name="<img src=x>")
    assert "<script>alert" not in desk.get("/desk/mail").text


def test_mail_that_has_not_arrived_is_a_metric_that_stays_when_it_is_none(browse):
    mail("a@example.com", "failed")
    text = browse(None).get("/metrics").text
    assert 'hive_mail_messages{state="failed"} 1.0' in text
    assert 'hive_mail_messages{state="queued"} 0.0' in text
