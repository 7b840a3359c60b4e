"""Owners, and the day on which somebody looks again."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge.models import Faq
from app.knowledge.writing import caring, jobs, queries, rules
from app.lib.errors import Invalid, NotAllowed
from app.mail.models import OutboundMail
from tests.knowledge.shared import events
from tests.processes import in_processes


def test_owner_and_day_are_set_and_told(faq, people, now):
    entry = faq("Zebras?")
    version = entry.version
    assert entry.review_on == now.date() + timedelta(days=rules.USUAL_REVIEW_DAYS)
    for _ in range(2):
        caring.set_care(entry, people.agent, date(2026, 12, 1), actor=people.lead, now=now)
    assert (entry.owner_id, entry.review_on, entry.version) == (people.agent.id, date(2026, 12, 1), version)
    (event,) = events("care_changed")
    assert event.facts["changes"]["owner"] == [None, people.agent.name]
    for owner, day in ((people.user, None), (None, date(2099, 1, 1))):
        with pytest.raises(Invalid):
            caring.set_care(entry, owner, day, actor=people.lead, now=now)
    with pytest.raises(NotAllowed):
        caring.set_care(entry, None, None, actor=people.user, now=now)


def test_still_right_counts_once_a_day_and_hinders_no_writer(faq, people, now):
    entry = faq("Zebras?")
    version = entry.version
    caring.set_care(entry, None, date(2026, 11, 1), actor=people.lead, now=now)
    for _ in range(2):
        caring.confirm(entry, actor=people.agent, now=now)
    assert (entry.reviewed_on, entry.version) == (date(2026, 11, 23), version)
    assert entry.review_on == date(2026, 11, 23) + timedelta(days=rules.USUAL_REVIEW_DAYS)
    assert len(events("confirmed")) == 1


def test_the_list_of_next_reviews(browse, faq, people, now):
    late, mine, coming = (faq(name, tags=(name,)) for name in ("Late?", "Mine?", "Coming?"))
    caring.set_care(late, None, date(2026, 11, 1), actor=people.lead, now=now)
    caring.set_care(mine, people.agent, date(2027, 6, 1), actor=people.lead, now=now)
    caring.set_care(coming, None, date(2026, 12, 1), actor=people.lead, now=now)
    db.session.commit()
    browser = browse(people.agent)

    def shown(view):
        return [link.text for link in browser.get(f"/desk/knowledge/care?view={view}").markup.all("a", class_="subject")]

    assert (shown("overdue"), shown("mine"), shown("soon")) == (["Late?"], ["Mine?"], ["Late?", "Coming?"])
    assert len(shown("undated")) == queries.PAGE
    browser.get("/desk/knowledge/care")
    browser.post(
        f"/desk/knowledge/faq/{late.id}/confirmation", {"next": "/desk/knowledge/care?view=overdue"}, to="/desk/knowledge/care?view=overdue"
    )
    assert shown("overdue") == []


def test_the_undated_are_paged_without_a_gap(people, now, app):
    seen, cursor = [], ""
    while cursor is not None:
        page = queries.in_care("undated", people.agent, now.date(), cursor)
        seen += [(row.kind, row.id) for row in page.items]
        cursor = page.next
    assert len(seen) == len(set(seen)) > 2 * queries.PAGE


def test_owners_are_told_once_a_week_in_their_hours(faq, people, now, drain, clock):
    entry = faq("Zebras?")
    caring.set_care(entry, people.agent, date(2026, 11, 1), actor=people.lead, now=now)
    db.session.commit()
    assert [jobs.remind_owners(), jobs.remind_owners()] == [1, 0]
    drain()
    (mail,) = db.session.scalars(select(OutboundMail).where(OutboundMail.recipient == people.agent.email))
    assert mail.subject == "1 text of yours wants a look"
    assert f"/desk/knowledge/faq/{entry.id}" in mail.text
    # It is 19:00 in Tokyo.
    assert mail.next_try_at > now
    clock.shift(timedelta(days=7))
    assert jobs.remind_owners() == 1
    caring.confirm(entry, actor=people.agent, now=now)
    db.session.commit()
    clock.shift(timedelta(days=7))
    assert jobs.remind_owners() == 0


@pytest.mark.engines("sqlite", "postgresql")
def test_two_schedulers_tell_an_owner_once(app, engine, faq, people, now):
    caring.set_care(faq("Zebras?"), people.agent, date(2026, 11, 1), actor=people.lead, now=now)
    db.session.commit()
    assert in_processes(app, 3, jobs.remind_owners) == [0, 0, 0]
    assert len(events("review_reminded")) == 1


def test_the_care_form_tells_what_is_wrong(browse, faq, people):
    entry = faq("Zebras?")
    db.session.commit()
    browser = browse(people.agent)
    where = f"/desk/knowledge/faq/{entry.id}"
    browser.get(where)
    browser.post(f"{where}/care", {"owner_id": str(people.agent.id), "review_on": "2026-12-24"}, to=where)
    assert (entry.owner_id, db.session.get(Faq, entry.id).review_on) == (people.agent.id, date(2026, 12, 24))
    browser.get(where)
    page = browser.post(f"{where}/care", {"owner_id": "", "review_on": "2099-12-24"}, status=422)
    assert "within 5 years" in page.words
