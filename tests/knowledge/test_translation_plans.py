"""Publishing what an entry is in another language, and taking it back, at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge.translations import actions, planning, reviewing
from app.knowledge.writing import jobs, plans
from app.knowledge.writing.models import Plan
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.times import local
from app.mail.models import OutboundMail
from tests.knowledge.shared import events, in_german, kinds

SOON = timedelta(hours=1)


@pytest.fixture
def entry(faq):
    """A question that the public reads."""
    return faq("Do zebras swim?", "A little.")


@pytest.fixture
def translate(entry, people, now):
    """`translate("words", actor)` saves a German answer."""

    return lambda answer, actor=people.lead, **over: in_german(entry, answer, actor=actor, now=now, **over)


@pytest.fixture
def an_hour_later(clock):
    """The clock moves on, and the job of each minute runs; how many plans it did."""

    def wait():
        db.session.commit()
        clock.shift(SOON)
        done = jobs.carry_out()
        db.session.expire_all()
        return done

    return wait


def plan(entry, there, verb, actor, now, ahead=SOON, **over):
    """Plan something for an hour ahead, on the clock of whoever plans it."""
    wall = local(now + ahead, actor.time_zone).replace(tzinfo=None)
    return planning.plan(entry, there, verb, wall, **{"seen": there.version, **over}, actor=actor, now=now)


def shown(browse, entry):
    """What the public reads in German, or in English where there is none."""
    return browse(None).get(f"/help/faq/{entry.external_id}?lang=de").words


@pytest.mark.engines("sqlite", "postgresql")
def test_a_translation_appears_and_disappears_at_its_time_and_not_before(engine, browse, entry, translate, people, now, an_hour_later):
    there = translate("Ein wenig.")
    for _ in range(2):
        plan(entry, there, "publish", people.lead, now)
    plan(entry, there, "withdraw", people.lead, now, ahead=2 * SOON)
    db.session.commit()
    assert jobs.carry_out() == 0
    assert "Ein wenig." not in shown(browse, entry)
    assert an_hour_later() == 1
    assert "Ein wenig." in shown(browse, entry)
    assert an_hour_later() == 1
    assert "Ein wenig." not in shown(browse, entry)
    assert kinds()[-4:] == ["planned", "planned", "translated", "translation_withdrawn"]
    assert [event.facts["locale"] for event in events("planned")] == ["de", "de"]


def test_what_is_beside_a_published_translation_takes_its_place_at_its_time(entry, translate, people, now, an_hour_later):
    translate("Ein wenig.", publish=True)
    there = translate("Recht gut.", publish=False)
    plan(entry, there, "publish", people.lead, now)
    assert an_hour_later() == 1
    assert (there.body, there.beside) == ("Recht gut.", None)


def test_who_may_not_publish_plans_once_somebody_has_approved(entry, translate, people, now):
    there = translate("Ein wenig.", people.agent)
    with pytest.raises(NotAllowed):
        plan(entry, there, "publish", people.agent, now)
    review = reviewing.ask(entry, there, None, "", actor=people.agent, now=now)
    reviewing.answer(entry, there, review, "", approve=True, seen=there.version, actor=people.lead, now=now)
    assert plan(entry, there, "publish", people.agent, now).number == there.version
    with pytest.raises(NotAllowed):
        plan(entry, there, "withdraw", people.user, now)


def test_what_cannot_be_planned_of_a_translation(entry, translate, people, now):
    there = translate("Ein wenig.")
    with pytest.raises(Stale):
        plan(entry, there, "publish", people.lead, now, seen=there.version + 1)
    with pytest.raises(Invalid, match="passed"):
        plan(entry, there, "publish", people.lead, now, ahead=-SOON)
    actions.publish(entry, there, seen=there.version, actor=people.lead, now=now)
    with pytest.raises(WrongState):
        plan(entry, there, "publish", people.lead, now)


def test_a_plan_goes_on_with_a_leads_text_and_is_off_with_anothers(entry, translate, people, now, drain):
    there = translate("Ein wenig.")
    row = plan(entry, there, "publish", people.lead, now)
    translate("Recht gut.")
    assert row.number == there.version
    translate("Eingeschmuggelt.", people.agent)
    assert db.session.scalar(select(Plan.id)) is None
    db.session.commit()
    drain()
    mail = db.session.scalars(select(OutboundMail)).one()
    assert (mail.recipient, mail.subject) == (people.lead.email, "Off the plan: Do zebras swim? (Deutsch)")


def test_a_plan_whose_text_has_gone_on_unseen_fails_and_its_maker_is_told(entry, translate, people, now, an_hour_later):
    there = translate("Ein wenig.")
    plan(entry, there, "publish", people.lead, now)
    there.body = "Eingespielt."
    assert an_hour_later() == 1
    assert there.status == "draft"
    assert events("plan_failed")[0].facts["planned_by_id"] == people.lead.id


def test_what_was_approved_and_planned_holds_when_readers_lose_sight_of_it(entry, translate, people, now, an_hour_later):
    translate("Ein wenig.", publish=True)
    there = translate("Recht gut.", people.agent)
    review = reviewing.ask(entry, there, None, "", actor=people.agent, now=now)
    reviewing.answer(entry, there, review, "", approve=True, seen=there.version, actor=people.lead, now=now)
    plan(entry, there, "publish", people.agent, now)
    actions.withdraw(entry, there, seen=there.version, actor=people.lead, now=now)
    assert an_hour_later() == 1
    assert (there.status, there.body) == ("published", "Recht gut.")


@pytest.mark.parametrize("done", ["publish", "cancel"])
def test_a_plan_that_is_wanted_no_more_is_gone(entry, translate, people, now, done):
    there = translate("Ein wenig.")
    plan(entry, there, "publish", people.lead, now)
    if done == "publish":
        actions.publish(entry, there, seen=there.version, actor=people.lead, now=now)
    else:
        for _ in range(2):
            plans.cancel(entry, "publish", locale="de", actor=people.lead, now=now)
        assert kinds().count("plan_cancelled") == 1
    assert db.session.scalar(select(Plan.id)) is None


def test_a_translation_is_planned_through_the_pages(browse, entry, translate, people):
    there = translate("Ein wenig.")
    db.session.commit()
    browser, where = browse(people.lead), f"/desk/knowledge/faq/{entry.id}/translations/de"
    browser.get(where)
    seen = str(there.version)
    wrong = browser.post(f"{where}/plans", {"verb": "publish", "wall": "2026-11-23T08:00", "version": seen}, status=422)
    assert "has passed" in wrong.words
    browser.get(where)
    browser.post(f"{where}/plans", {"verb": "publish", "wall": "2026-11-24T09:00", "version": "99"}, status=409)
    browser.get(where)
    browser.post(f"{where}/plans", {"verb": "publish", "wall": "2026-11-24T09:00", "version": seen}, to=where)
    page = browser.get(where)
    assert "Tue 24 Nov, 09:00 CET" in page.words and "Scheduled" in page.words
    browser.post(f"{where}/plans/publish/cancellation", to=where)
    assert "Scheduled" not in browser.get(where).words
