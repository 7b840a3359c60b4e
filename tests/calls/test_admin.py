"""The kinds of call: leads make and change them."""

import pytest
from sqlalchemy import select

from app.calls import defaults, jobs, slots
from app.calls.models import CallKind
from app.events.models import Event
from app.extensions import db
from tests.calls.conftest import team

TERMS = {
    "name": "Architecture review",
    "about": "An hour with a senior engineer.",
    "is_open": "y",
    "least_rank": "4",
    "minutes": "60",
    "step_minutes": "60",
    "before_minutes": "15",
    "after_minutes": "15",
    "notice_minutes": "1440",
    "ahead_days": "14",
    "capacity": "1",
    "video_url": "https://rooms.example/review",
}


@pytest.fixture
def terms(support):
    return TERMS | {"teams": [str(support.team)]}


def changes():
    return [
        event.facts["changes"] for event in db.session.scalars(select(Event).where(Event.kind == "call.kind_changed").order_by(Event.id))
    ]


def test_a_lead_adds_a_kind_and_its_customers_book_it(terms, people, browse, now):
    browse(people.lead).get("/admin/calls/kinds/new")
    browse(people.lead).post("/admin/calls/kinds", terms, to="/admin/calls")
    kind = db.session.scalars(select(CallKind).where(CallKind.name == "Architecture review")).one()
    assert (kind.minutes, [row.team.key for row in kind.teams]) == (60, ["support"])
    assert {slot.end - slot.start for slot in slots.offer(kind, now=now).slots} == {slots.terms_of(kind).length}
    assert "Architecture review" in browse(people.user).get("/calls/new").words
    assert "Architecture review" in browse(people.lead).get("/admin/calls").words


def test_saving_the_same_terms_records_nothing(terms, people, support, browse):
    path = f"/admin/calls/kinds/{support.kind.id}"
    browse(people.lead).post(path, terms, to="/admin/calls")
    browse(people.lead).post(path, terms, to="/admin/calls")
    assert len(changes()) == 1
    assert changes()[0]["minutes"] == [30, 60]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"name": ""}, "Give it the name"),
        ({"name": "Developer Office Hours"}, "Another kind of call has this name"),
        ({"minutes": "0"}, "from 5 to 240"),
        ({"minutes": "32"}, "multiple of 5"),
        ({"minutes": "many"}, "Write a whole number"),
        ({"step_minutes": "0"}, "from 5 to 240"),
        ({"after_minutes": "-5"}, "from 0 to 120"),
        ({"ahead_days": "61"}, "from 1 to 60"),
        ({"capacity": "0"}, "from 1 to 50"),
        ({"least_rank": "1"}, "that are offered"),
        ({"teams": []}, "at least one team"),
        ({"teams": ["999"]}, "at least one team"),
        ({"teams": [str(10**26)]}, "at least one team"),
        ({"video_url": "http://rooms.example"}, "https://"),
    ],
)
def test_terms_that_cannot_be_are_told_at_their_field(over, words, terms, people, support, browse):
    page = browse(people.lead).post(f"/admin/calls/kinds/{support.kind.id}", terms | over, status=422)
    assert words in page.words
    assert changes() == []


def test_of_two_who_save_the_second_is_told(terms, people, support, browse):
    path = f"/admin/calls/kinds/{support.kind.id}"
    seen = support.kind.version
    browse(people.lead).post(path, terms | {"seen": seen}, to="/admin/calls")
    page = browse(people.admin).post(path, terms | {"seen": seen, "minutes": "45"}, status=409)
    assert "Somebody else changed this kind" in page.words and "Length, minutes: It says “60” now." in page.words
    assert page.markup.fields(page.markup.one("form", id="kind-form"))["minutes"] == "45"
    assert db.session.get_one(CallKind, support.kind.id).minutes == 60


def test_a_closed_kind_is_booked_by_nobody(terms, people, support, browse):
    del terms["is_open"]
    browse(people.lead).post(f"/admin/calls/kinds/{support.kind.id}", terms, to="/admin/calls")
    assert "Developer office hours" in browse(people.user).get("/calls/new?kind=support").words


def test_a_kind_without_anybody_on_duty_is_told_to_leads(people, browse):
    assert "Nothing of it can be booked" in browse(people.lead).get("/admin/calls").words


def test_what_is_booked_keeps_its_time_when_terms_change(book, terms, people, support, browse):
    call = book()
    before = (call.starts_at, call.ends_at)
    terms = terms | {"teams": [str(team("product").id)]}
    browse(people.lead).post(f"/admin/calls/kinds/{support.kind.id}", terms, to="/admin/calls")
    assert jobs.watch() == 0
    assert (call.starts_at, call.ends_at, call.lost_at) == (*before, None)


def test_only_leads_enter(people, support, browse):
    for who in (people.agent, people.owner):
        browse(who).get("/admin/calls", status=403)
        browse(who).post(f"/admin/calls/kinds/{support.kind.id}", status=403)


def test_the_defaults_stay_as_people_edited_them(people, support, now, statements):
    support.kind.name = "Phone call"
    db.session.commit()
    with statements() as seen:
        defaults.ensure(now)
    assert len(seen) == 1
    assert sorted(db.session.scalars(select(CallKind.name))) == ["Developer office hours", "Phone call"]
