"""Publishing and withdrawing at a time of the writer's clock, once, whoever runs the job and however often."""

from datetime import UTC, datetime, timedelta
from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import FaqText
from app.knowledge.exchange import importing
from app.knowledge.exchange.questions import FaqRow
from app.knowledge.models import Faq
from app.knowledge.writing import jobs, plans, publishing, queries, reviewing, rules, versions
from app.knowledge.writing.models import Plan, Version
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.mail.models import OutboundMail
from tests.knowledge.shared import kinds
from tests.processes import in_processes

BERLIN = "Europe/Berlin"
# An hour after the moment of the tests, on a clock in Stockholm.
SOON = datetime(2026, 11, 23, 12, 0)


def text(answer):
    return FaqText("Zebras?", answer, "cli")


def wall(*parts):
    return datetime(*parts)


@pytest.mark.parametrize(
    ("at", "zone", "refused"),
    [
        (wall(2026, 11, 23, 10, 0), "UTC", "passed"),
        (wall(2026, 11, 23, 10, 1), "UTC", ""),
        (wall(2026, 11, 23, 11, 0), BERLIN, "passed"),
        (wall(2026, 11, 23, 11, 1), BERLIN, ""),
        (wall(2027, 3, 28, 2, 0), BERLIN, "does not exist"),
        (wall(2027, 3, 28, 2, 59), BERLIN, "does not exist"),
        (wall(2027, 3, 28, 3, 0), BERLIN, ""),
        (wall(2027, 3, 28, 2, 30), "UTC", ""),
        (wall(2027, 10, 31, 2, 30), BERLIN, ""),
        (wall(2029, 11, 23, 10, 0), "UTC", "two years"),
        (wall(1, 1, 1), BERLIN, "passed"),
        (wall(9999, 12, 31, 23, 59), "America/New_York", "two years"),
        (None, "UTC", "Say when"),
    ],
)
def test_times_that_cannot_be_planned_for_are_refused_in_words(at, zone, refused, now):
    said = rules.refusal(at, zone, now)
    assert refused in said if refused else said == ""


def test_a_draft_appears_at_its_time_and_not_before(people, now, clock):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    row = plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    assert row.due_at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    db.session.commit()
    clock.shift(timedelta(minutes=59))
    assert jobs.carry_out() == 0
    assert queries.work(entry, people.lead).state == "scheduled"
    clock.shift(timedelta(minutes=1))
    assert [jobs.carry_out(), jobs.carry_out()] == [1, 0]
    assert db.session.get(Faq, entry.id).status == "published"
    assert kinds() == ["changed", "planned", "published"]


def test_a_text_beside_the_live_one_takes_its_place_at_its_time(faq, people, now, clock):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Coming."), then="draft", actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    jobs.carry_out()
    assert db.session.get(Faq, entry.id).answer == "Coming."


def test_a_text_that_is_withdrawn_at_one_time_comes_back_at_another_as_it_was_planned(faq, people, now, clock):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Coming."), then="draft", actor=people.lead, now=now)
    plans.plan(entry, "withdraw", SOON, actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON + timedelta(hours=1), actor=people.lead, now=now)
    db.session.commit()
    for status in ("withdrawn", "published"):
        clock.shift(timedelta(hours=1))
        assert jobs.carry_out() == 1
        entry = db.session.get(Faq, entry.id)
        assert entry.status == status
    assert entry.answer == "Coming."


def test_an_entry_disappears_at_its_time(faq, people, now, clock):
    entry = faq("Zebras?")
    plans.plan(entry, "withdraw", SOON, actor=people.lead, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    assert jobs.carry_out() == 1
    assert db.session.get(Faq, entry.id).status == "withdrawn"
    assert kinds() == ["published", "planned", "unpublished"]


@pytest.mark.engines("sqlite", "postgresql")
def test_of_several_schedulers_at_once_one_publishes(app, engine, people, now, clock):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    assert in_processes(app, 4, jobs.carry_out) == [0, 0, 0, 0]
    assert kinds().count("published") == 1
    assert db.session.scalar(select(Plan)) is None


@pytest.mark.engines("sqlite", "postgresql")
def test_a_scheduler_that_dies_in_the_middle_leaves_the_plan_to_the_next(app, engine, people, now, clock, monkeypatch):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "follow", lambda *given: __import__("os")._exit(9))
        assert in_processes(app, 1, jobs.carry_out) == [9]
    assert db.session.get(Faq, entry.id, populate_existing=True).status == "draft"
    db.session.rollback()
    assert jobs.carry_out() == 1
    assert db.session.get(Faq, entry.id, populate_existing=True).status == "published"


def test_planning_again_moves_the_time_and_the_same_changes_nothing(faq, people, now):
    entry = faq("Zebras?")
    for at in (SOON, SOON, SOON + timedelta(hours=1)):
        plans.plan(entry, "withdraw", at, actor=people.lead, now=now)
    assert kinds().count("planned") == 2
    assert db.session.scalars(select(Plan)).one().due_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_plan_is_taken_back(faq, people, now, clock):
    entry = faq("Zebras?")
    plans.plan(entry, "withdraw", SOON, actor=people.lead, now=now)
    for _ in range(2):
        plans.cancel(entry, "withdraw", actor=people.agent, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    assert jobs.carry_out() == 0
    assert kinds() == ["published", "planned", "plan_cancelled"]


def test_who_may_not_publish_may_not_plan_it_before_the_approval(people, now):
    entry = actions.save_faq(None, text("New."), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        plans.plan(entry, "publish", SOON, actor=people.agent, now=now)
    review = reviewing.ask(entry, None, "", actor=people.agent, now=now)
    reviewing.answer(entry, review, "", approve=True, actor=people.lead, now=now)
    # The clock of the agent is in Tokyo, eight hours ahead.
    assert plans.plan(entry, "publish", SOON + timedelta(hours=8), actor=people.agent, now=now).due_at.hour == 11
    with pytest.raises(NotAllowed):
        plans.plan(entry, "withdraw", SOON, actor=people.user, now=now)


def test_an_unapproved_text_does_not_slip_into_a_plan(people, now):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    actions.save_faq(entry, text("A typo less."), actor=people.lead, now=now)
    assert db.session.scalars(select(Plan)).one().number == 2
    actions.save_faq(entry, text("Mine."), actor=people.agent, now=now)
    assert db.session.scalar(select(Plan)) is None


def test_a_plan_that_cannot_be_followed_tells_who_made_it(faq, people, now, clock, drain):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Coming."), then="draft", actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    actions.save_faq(entry, text("Mended meanwhile."), actor=people.admin, now=now)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    assert [jobs.carry_out(), jobs.carry_out()] == [1, 0]
    assert db.session.get(Faq, entry.id, populate_existing=True).answer == "Mended meanwhile."
    drain()
    (mail,) = db.session.scalars(select(OutboundMail))
    assert (mail.recipient, mail.subject) == (people.lead.email, "Not published: Zebras?")


def test_whoever_planned_a_text_hears_that_somebody_changed_it_and_it_is_off(browse, people, now, drain):
    entry = actions.save_faq(None, text("New."), actor=people.agent, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    db.session.commit()
    agent, where = browse(people.agent), f"/desk/knowledge/faq/{entry.id}"
    page = agent.get(where)
    assert "A change of yours takes it off the plan" in page.words
    assert "A change of yours" not in browse(people.lead).get(where).words
    sent = {**page.markup.fields(None), "answer": "Newer.", "then": "draft"}
    agent.post(where, {name: sent[name] for name in ("question", "answer", "category", "audience", "version", "then")}, to=r("saved=1"))
    drain()
    (mail,) = db.session.scalars(select(OutboundMail))
    assert (mail.recipient, mail.subject) == (people.lead.email, "Off the plan: Zebras?")
    assert "not published on Mon 23 Nov, 12:00 CET" in mail.text


def test_who_may_not_publish_is_told_at_the_plan_with_the_time_kept(browse, people, now):
    entry = actions.save_faq(None, text("New."), actor=people.agent, now=now)
    db.session.commit()
    agent, where = browse(people.agent), f"/desk/knowledge/faq/{entry.id}"
    seen = agent.get(where).markup.fields(None)["version"]
    page = agent.post(f"{where}/plans", {"verb": "publish", "wall": "2026-11-24T09:00", "version": seen}, status=403)
    assert "ask for a review" in page.words
    assert page.markup.fields(None)["wall"] == "2026-11-24T09:00"


def test_what_readers_see_already_cannot_be_planned(faq, people, now):
    entry = faq("Zebras?")
    with pytest.raises(WrongState):
        plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    with pytest.raises(Invalid):
        plans.plan(entry, "delete", SOON, actor=people.lead, now=now)


def test_planning_through_the_page(browse, people, now):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    db.session.commit()
    browser = browse(people.lead)
    where = f"/desk/knowledge/faq/{entry.id}"
    for wrong, told in (("2026-11-23T08:00", "has passed"), ("2027-03-28T02:30", "does not exist"), ("soon", "Say when")):
        seen = browser.get(where).markup.fields(None)["version"]
        page = browser.post(f"{where}/plans", {"verb": "publish", "wall": wrong, "version": seen}, status=422)
        assert told in page.words
        assert page.markup.fields(None)["wall"] == wrong
    browser.get(where)
    browser.post(f"{where}/plans", {"verb": "publish", "wall": "2026-11-24T09:00", "version": seen}, to=where)
    assert "Tue 24 Nov, 09:00 CET" in browser.get(where).words
    assert "Zebras?" in browser.get("/desk/knowledge?status=scheduled").words
    browser.get(where)
    browser.post(f"{where}/plans/publish/cancellation", to=r(where))
    assert "No entry matches" in browser.get("/desk/knowledge?status=scheduled").words


def test_a_text_that_an_import_wrote_since_is_not_the_one_that_was_planned(people, now, clock):
    entry = actions.save_faq(None, text("Old."), actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    row = FaqRow(entry.external_id, "Zebras?", "Imported.", "cli", status="draft")
    importing.import_faqs([row], source="a file", now=now, actor=people.lead)
    db.session.commit()
    clock.shift(timedelta(hours=1))
    assert jobs.carry_out() == 1
    assert db.session.get(Faq, entry.id).status == "draft"
    assert kinds()[-1] == "plan_failed"


def test_a_column_that_a_release_brought_since_makes_no_other_text_of_what_was_planned(people, now, clock):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    plans.plan(entry, "publish", SOON, actor=people.lead, now=now)
    without_tags(entry)
    row = FaqRow(entry.external_id, "Zebras?", "New.", "cli", popularity=7, status="draft")
    importing.import_faqs([row], source="a file", now=now, actor=people.lead)
    db.session.commit()
    clock.shift(timedelta(hours=1))
    assert jobs.carry_out() == 1
    assert db.session.get(Faq, entry.id).status == "published"


def test_a_change_of_a_column_that_a_release_brought_is_a_version(people, now):
    entry = actions.save_faq(None, text("New."), actor=people.lead, now=now)
    without_tags(entry)
    actions.save_faq(entry, FaqText("Zebras?", "New.", "cli", tags=("zebra",)), actor=people.lead, now=now)
    found = db.session.scalars(select(Version).where(*versions.of(entry)).order_by(Version.number)).all()
    assert [(version.number, version.changed) for version in found] == [(1, []), (2, ["tags"])]


def without_tags(entry):
    """What was kept of an entry is from before its tags were a column."""
    version = db.session.scalars(select(Version).where(*versions.of(entry))).one()
    version.fields = {name: value for name, value in version.fields.items() if name != "tags"}
    db.session.flush()


def test_to_publish_what_readers_see_already_gives_up_the_work_beside_it_and_says_so(people, now):
    entry = actions.save_faq(None, text("Live."), actor=people.lead, now=now, publish=True)
    publishing.write(entry, text("Other."), then="draft", actor=people.lead, now=now)
    before = kinds()
    publishing.write(entry, text("Live."), then="publish", actor=people.lead, now=now)
    assert versions.revision_of(entry) is None
    assert kinds()[len(before) :] == ["draft_discarded"]
