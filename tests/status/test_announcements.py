"""Writing announcements and taking them down."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed
from app.status import actions
from app.status.models import Announcement


def kinds():
    """The kinds of all announcement events."""
    return list(db.session.scalars(select(Event.kind).where(Event.kind.like("announcement.%")).order_by(Event.id)))


def test_a_lead_publishes_and_withdraws_and_a_second_time_is_harmless(people, now):
    found = actions.publish("  Slow\nmodels ", "We look into it.", "warn", actor=people.lead, now=now)
    assert (found.title, found.starts_at, found.ends_at) == ("Slow models", now, None)
    actions.withdraw(found, actor=people.lead, now=now + timedelta(hours=1))
    actions.withdraw(found, actor=people.lead, now=now + timedelta(hours=2))
    assert found.ends_at == now + timedelta(hours=1)
    assert kinds() == ["announcement.published", "announcement.withdrawn"]


@pytest.mark.parametrize("who", ["agent", "owner", "moderator"])
def test_others_do_not_announce(people, now, who):
    with pytest.raises(NotAllowed):
        actions.publish("Hello", "", "info", actor=getattr(people, who), now=now)


@pytest.mark.parametrize(
    ("title", "tone", "end"),
    [("", "info", None), ("\x00\u202e", "info", None), ("Hi", "loud", None), ("Hi", "info", -1), ("Hi", "info", 0)],
)
def test_what_nobody_could_see_is_refused(people, now, title, tone, end):
    with pytest.raises(Invalid):
        actions.publish(title, "", tone, actor=people.lead, now=now, ends_at=None if end is None else now + timedelta(hours=end))


def test_the_page_keeps_what_was_typed_when_it_is_refused(people, browse):
    lead = browse(people.lead)
    form = {"title": "Maintenance <b>", "body": "Tonight", "tone": "info", "ends_at": "2020-01-01T10:00"}
    page = lead.post("/desk/announcements", form, status=422)
    assert "Choose a later end" in page.words
    assert "Maintenance &lt;b&gt;" in page.text and "Tonight" in page.text
    assert db.session.scalar(select(Announcement.id)) is None


@pytest.mark.parametrize(("end", "told"), [("0001-01-01T00:00", "Choose a later end"), ("9999-12-31T23:59", "Choose an earlier end")])
def test_an_end_at_the_end_of_the_calendar_is_refused(people, browse, end, told):
    page = browse(people.lead).post("/desk/announcements", {"title": "Works", "body": "", "tone": "info", "ends_at": end}, status=422)
    assert told in page.words
    assert page.markup.fields()["ends_at"] == end


def test_the_end_is_on_the_writers_own_clock(people, browse):
    lead = browse(people.lead)
    lead.post(
        "/desk/announcements", {"title": "Maintenance", "body": "", "tone": "info", "ends_at": "2026-11-23T23:30"}, to="/desk/announcements"
    )
    found = db.session.scalars(select(Announcement)).one()
    assert found.ends_at.isoformat() == "2026-11-23T22:30:00+00:00"
    lead.post(f"/desk/announcements/{found.id}/withdrawal", to="/desk/announcements")
    assert "Over Maintenance" in lead.get("/desk/announcements").words


def test_only_leads_have_the_page_and_demo_people_only_demo_announcements(people, browse, now):
    browse(people.agent).get("/desk/announcements", status=403)
    browse(None).get("/desk/announcements", to="/login")
    found = actions.publish("Real", "", "info", actor=people.lead, now=now)
    people.admin.is_demo = True
    browse(people.admin).post(f"/desk/announcements/{found.id}/withdrawal", status=404)
