"""What staff have to read: who is asked, who has read which version, and who hears of it."""

import csv
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Team, TeamMember
from app.extensions import db
from app.knowledge import actions as knowledge
from app.knowledge.actions import ArticleText
from app.knowledge.training import actions, jobs, queries
from app.knowledge.training.models import Reading
from app.knowledge.training.rules import Duty
from app.lib import database
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.mail.models import OutboundMail
from tests.knowledge.shared import events
from tests.processes import in_processes

DUE = date(2026, 12, 4)
PATH = "/help/user-guide/handover"


@pytest.fixture
def procedure(article):
    """A published article for staff only."""
    entry = article("Handover of the night", slug="handover", audience="staff")
    db.session.commit()
    return entry


@pytest.fixture
def asked(people, procedure, now):
    """Agents have to read it by DUE."""
    actions.ask(procedure, ["agent"], [], DUE, actor=people.lead, now=now)
    db.session.commit()
    return procedure


def rewrite(entry, body, people, now):
    """Another text."""
    text = ArticleText(entry.section, entry.slug, entry.title, body, audience=entry.audience)
    knowledge.save_article(entry, text, actor=people.lead, now=now)
    db.session.commit()


def mails(subject):
    """Who got a mail of that beginning."""
    rows = db.session.scalars(select(OutboundMail).where(OutboundMail.subject.startswith(subject)).order_by(OutboundMail.recipient))
    return [row.recipient for row in rows]


def test_who_has_to_read_it_confirms_on_its_page(browse, people, asked):
    browser = browse(people.agent)
    page = browser.get(PATH)
    assert "You have to read this by 4 December 2026" in page.words
    form = {"version": page.markup.one("input", name="version")["value"]}
    assert "Tick the box first" in browser.post(f"/desk/knowledge/article/{asked.id}/readings", form, status=422).words
    browser.post(f"/desk/knowledge/article/{asked.id}/readings", {**form, "understood": "yes"}, to=f"{PATH}#reading")
    assert "You have read and understood this" in browser.get(PATH).words
    (event,) = events("reading_confirmed")
    assert (event.actor_id, event.facts["version"]) == (people.agent.id, asked.text_version)


def test_who_is_not_asked_sees_nothing_of_it(browse, people, asked, article, now):
    assert "You have to read this" not in browse(people.lead).get(PATH).words
    with pytest.raises(WrongState):
        actions.read(asked, asked.text_version, actor=people.lead, now=now)
    browse(people.user).post(f"/desk/knowledge/article/{asked.id}/readings", {"version": 1, "understood": "yes"}, status=403)


def test_a_text_that_changed_meanwhile_is_read_first(people, asked, now):
    rewrite(asked, "Other words.", people, now)
    with pytest.raises(Stale):
        actions.read(asked, asked.text_version - 1, actor=people.agent, now=now)


def test_reading_twice_is_once(people, asked, now):
    actions.read(asked, asked.text_version, actor=people.agent, now=now)
    actions.read(asked, asked.text_version, actor=people.agent, now=now + timedelta(hours=1))
    assert len(events("reading_confirmed")) == 1
    assert db.session.scalars(select(Reading)).one().at == now


def test_a_change_asks_again_only_when_its_writer_says_that_it_matters(browse, people, asked, now):
    actions.read(asked, asked.text_version, actor=people.agent, now=now)
    rewrite(asked, "A comma, moved.", people, now)
    assert "You have read and understood this" in browse(people.agent).get(PATH).words
    writer = browse(people.agent2)
    assert "ask everybody to read it again" in writer.get(f"/desk/knowledge/article/{asked.id}").words
    writer.post(f"/desk/knowledge/article/{asked.id}/another-reading", to=f"/desk/knowledge/article/{asked.id}")
    page = browse(people.agent).get(PATH)
    assert "It has changed in a way that matters since you last read it." in page.words
    assert [event.facts["version"] for event in events("reading_asked")] == [1, 2]
    actions.ask_again(asked, actor=people.agent, now=now)
    assert len(events("reading_asked")) == 2


def test_the_lead_sees_who_has_and_who_has_not(browse, people, asked, now):
    actions.read(asked, asked.text_version, actor=people.agent, now=now)
    db.session.commit()
    browser = browse(people.lead)
    assert "1 of 2" in browser.get("/desk/knowledge/training").words
    page = browser.get(f"/desk/knowledge/article/{asked.id}/training")
    rows = [row.text for row in page.markup.all("tr")[1:]]
    assert [(people.agent2.name in rows[0], people.agent.name in rows[1])] == [(True, True)]
    assert "not yet" in rows[0]
    answer = browser.get(f"/desk/knowledge/article/{asked.id}/training.csv")
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [(line["email"], line["state"], line["version read"]) for line in lines] == [
        (people.agent2.email, "open", ""),
        (people.agent.email, "read", "1"),
    ]
    browse(people.agent).get(f"/desk/knowledge/article/{asked.id}/training", status=403)
    browse(people.agent).get(f"/desk/knowledge/article/{asked.id}/training.csv", status=403)


def test_a_name_that_is_a_formula_is_quoted_in_the_list(browse, people, asked):
    people.agent.name = '=HYPERLINK("http://evil.example")'
    db.session.commit()
    assert "'=HYPERLINK" in browse(people.lead).get(f"/desk/knowledge/article/{asked.id}/training.csv").text


def test_teams_are_asked_too_and_a_day_that_is_over_is_overdue(people, procedure, now):
    team = db.session.scalars(select(Team).order_by(Team.id)).first()
    db.session.add(TeamMember(team_id=team.id, user_id=people.admin.id))
    actions.ask(procedure, [], [team.key], DUE, actor=people.lead, now=now)
    duty = queries.duty_of(procedure.id)
    assert people.admin.id in {one.id for one in queries.completion(procedure, duty, DUE)}
    assert [task.state for task in queries.mine(people.admin, DUE + timedelta(days=1))] == ["overdue"]
    assert [task.state for task in queries.mine(people.admin, DUE)] == ["open"]


def test_asking_from_the_page_tells_what_is_wrong(browse, people, procedure):
    browser = browse(people.lead)
    path = f"/desk/knowledge/article/{procedure.id}/training"
    browser.get(path)
    assert "Choose a role or a team." in browser.post(path, {"due_on": "2026-12-04"}, status=422).words
    assert "That day is over" in browser.post(path, {"roles": "agent", "due_on": "2026-11-22"}, status=422).words
    assert "Say by which day" in browser.post(path, {"roles": "agent"}, status=422).words
    assert "not there any more" in browser.post(path, {"roles": "customer", "due_on": "2026-12-04"}, status=422).words
    browser.post(path, {"roles": ["agent", "lead"], "due_on": "2026-12-04"}, to=path)
    assert queries.duty_of(procedure.id).roles == ("agent", "lead")
    browser.post(f"{path}/withdrawal", to=path)
    assert queries.duty_of(procedure.id) is None


def test_only_leads_ask_and_only_for_what_is_for_staff(people, procedure, article, now):
    with pytest.raises(NotAllowed):
        actions.ask(procedure, ["agent"], [], DUE, actor=people.agent, now=now)
    public = article("For all", slug="for-all")
    with pytest.raises(Invalid, match="staff alone"):
        actions.ask(public, ["agent"], [], DUE, actor=people.lead, now=now)


def test_the_same_again_asks_nobody_twice(people, asked, now):
    actions.ask(asked, ["agent"], [], DUE, actor=people.lead, now=now)
    assert len(events("reading_asked")) == 1


def test_who_is_asked_gets_a_mail_and_who_waits_a_reminder(app, people, asked, clock, drain, now):
    drain(app)
    assert mails("Please read: Handover of the night") == sorted([people.agent.email, people.agent2.email])
    actions.read(asked, asked.text_version, actor=people.agent, now=now)
    db.session.commit()
    assert jobs.remind() == 0
    clock.move_to(now + timedelta(days=9))
    assert jobs.remind() == 1
    assert jobs.remind() == 0
    drain(app)
    assert mails("Not read yet") == [people.agent2.email]
    clock.move_to(now + timedelta(days=17))
    assert jobs.remind() == 1


def test_when_everybody_has_read_it_nobody_is_reminded(people, asked, clock, now):
    for person in (people.agent, people.agent2):
        actions.read(asked, asked.text_version, actor=person, now=now)
    db.session.commit()
    clock.move_to(now + timedelta(days=20))
    assert jobs.remind() == 0


@pytest.mark.engines("sqlite", "postgresql")
def test_two_schedulers_remind_once(app, engine, people, asked, now):
    db.session.commit()
    number, title = asked.id, asked.title

    def work():
        with database.writing():
            actions.remind(number, title, DUE, now=now)
            db.session.commit()

    assert in_processes(app, 3, work) == [0, 0, 0]
    assert len(events("reading_reminded")) == 1


def test_the_completion_list_costs_the_same_for_one_and_for_many(people, asked, article, now, statements):
    duty = queries.duty_of(asked.id)
    with statements() as seen:
        queries.completion(asked, duty, DUE)
        queries.overview(DUE)
    for number in range(5):
        more = article(f"More {number}", slug=f"more-{number}", audience="staff")
        actions.ask(more, ["agent", "lead", "admin"], [], DUE, actor=people.lead, now=now)
    db.session.commit()
    with statements() as again:
        queries.completion(asked, duty, DUE)
        queries.overview(DUE)
    assert len(again) == len(seen)


@pytest.mark.parametrize(
    ("days", "reminded_days_ago", "due"), [(10, None, False), (3, None, True), (-5, None, True), (2, 6, False), (2, 7, True)]
)
def test_when_a_reminder_is_due(now, days, reminded_days_ago, due):
    reminded = None if reminded_days_ago is None else now - timedelta(days=reminded_days_ago)
    duty = Duty(1, ("agent",), (), now.date() + timedelta(days=days), 1, now, reminded)
    assert duty.is_reminder_due(now) is due
