"""What triage writes on a ticket, and that leads can change its rules."""

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.macros import queries as macros
from app.macros.actions import withdraw
from app.mail.models import OutboundMail
from app.tickets import filing
from app.tickets.models import Message
from app.triage import actions, defaults, editing, queries
from app.triage.editing import Change
from app.triage.models import TriageRule
from app.triage.rules import Intake, decide
from tests import factories

DOWN = "Production is down and nobody can log in."


def rule(key):
    """A rule by its key."""
    return db.session.scalars(select(TriageRule).where(TriageRule.key == key)).one()


def triaged(ticket):
    """The facts of the ticket's triage events, in order."""
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.triaged").order_by(Event.id)
    return [event.facts for event in db.session.scalars(query)]


def first_answer(ticket):
    """The automatic first response."""
    return db.session.scalars(select(Message).where(Message.ticket_id == ticket.id, Message.is_automatic.is_(True))).one_or_none()


def change_of(row, **over):
    """The content of a rule as its form would send it."""
    data, to = row.conditions, row.outcome
    given = {"explanation": row.explanation, "field": data["field"], "words": data["words"], "outcome": to["to"]}
    return Change(**{**given, "weight": to.get("weight", 0), "trigger": to.get("trigger", ""), "position": row.position, **over})


@pytest.mark.engines("sqlite", "postgresql")
def test_a_new_ticket_is_triaged_and_answered(people):
    ticket = factories.ticket(people.owner, kind="bug")
    assert (ticket.priority, ticket.promised_priority, ticket.tier, ticket.team.key) == ("medium", "medium", 3, "engineering")
    [facts] = triaged(ticket)
    assert facts["priority"] is None
    by_what = {decision["what"]: decision for decision in facts["decisions"]}
    assert by_what["team"]["rule"] == "team.bug" and by_what["team"]["to"] == "engineering"
    assert by_what["category"]["rule"] == "category.tui" and ticket.category == "tui"
    assert by_what["first_response"]["to"] == "Bug report first response"
    assert all(decision["text"].endswith(f"(rule {decision['rule']})") for decision in facts["decisions"])
    answer = first_answer(ticket)
    assert ticket.ref in answer.body and "within 24 hours" in answer.body and "Frieda" in answer.body
    assert "{{" not in answer.body and answer.author_id is None


def test_an_emergency_is_raised_and_promised_where_the_contract_allows(people):
    ticket = factories.ticket(people.owner, subject="Help", body=DOWN)
    assert ticket.priority == ticket.promised_priority == "critical"
    assert not ticket.needs_confirmation
    assert triaged(ticket)[0]["priority"] == "critical"
    assert "production_down" in [decision["to"] for decision in triaged(ticket)[0]["decisions"] if decision["what"] == "escalate"]
    assert "within 1 hour" in first_answer(ticket).body


def test_a_raise_beyond_the_plan_is_shown_but_not_promised(people, drain):
    ticket = factories.ticket(people.guest, subject="Critical", body="Please look.")
    assert (ticket.priority, ticket.promised_priority, ticket.needs_confirmation) == ("critical", "medium", True)
    assert "plan.limit" in [decision["rule"] for decision in triaged(ticket)[0]["decisions"]]
    answer = first_answer(ticket).body
    assert "as soon as possible" in answer and "critical" not in answer
    drain()
    mail = db.session.scalars(select(OutboundMail).where(OutboundMail.template == "ticket_acknowledged")).one()
    assert f"{ticket.ref} - Medium - Received" in mail.text


def test_without_an_approved_template_nothing_is_answered(people, now):
    withdraw(macros.first_response("question"), actor=people.lead, now=now)
    ticket = factories.ticket(people.owner)
    assert first_answer(ticket) is None
    assert "first_response" not in [decision["what"] for decision in triaged(ticket)[0]["decisions"]]


def test_what_a_customer_is_called_does_no_harm_in_the_answer(people):
    people.user.name = "{{ticket.ref}} <b>x</b> [y](https://evil.example)"
    ticket = factories.ticket(people.user)
    html = first_answer(ticket).html
    assert 'evil.example"' not in html and "<b>" not in html
    assert "{{ticket.ref}}" in html


def test_triage_costs_two_statements_besides_its_event(people, now, statements):
    ticket = factories.ticket(people.owner)
    with statements() as seen:
        facts = actions.triage(ticket, title="Hello", body="Hello", labels=[], plan=people.owner.plan)
        actions.take_template(ticket, facts, now)
    assert len([one for one in seen if not one.startswith(("INSERT INTO events", "UPDATE tickets"))]) == 2


def test_a_changed_rule_is_used_at_once(people, now):
    row = rule("words.blocking")
    assert factories.ticket(people.owner, body="It is blocking.").priority == "high"
    editing.switch_rule(row, False, actor=people.lead, now=now)
    assert factories.ticket(people.owner, body="It is blocking.").priority == "medium"
    editing.change_rule(rule("team.bug"), change_of(rule("team.bug"), outcome="performance"), actor=people.lead, now=now)
    assert factories.ticket(people.owner, kind="bug").team.key == "performance"
    editing.create_rule("words", Change("It says mayday.", "text", ["mayday"], "emergency"), actor=people.lead, now=now)
    assert factories.ticket(people.owner, body="Mayday, please.").priority == "emergency"


def test_a_team_that_was_removed_is_no_reason_to_fail(people, now):
    db.session.delete(db.session.scalars(select(Team).where(Team.key == "docs")).one())
    db.session.commit()
    assert factories.ticket(people.owner, labels=["documentation"]).team is None


def test_a_broken_rule_is_passed_over(people, now):
    row = rule("urgency.outage.production")
    row.conditions, row.stamp = {"field": "text", "words": ["{gone} ~", "production ~3 down"]}, defaults.new_stamp()
    db.session.commit()
    assert "urgency.outage.production" in decide(Intake("Hello", DOWN), queries.rules()).rules


# asked again


def test_asking_again_changes_nothing_when_nothing_has_changed(people, now):
    ticket = factories.ticket(people.owner, body=DOWN)
    assert not actions.retriage(ticket, actor=people.agent, now=now)
    assert len(triaged(ticket)) == 1


def test_asking_again_follows_the_rules_as_they_are_now(people, now):
    ticket = factories.ticket(people.owner, body="It is blocking.")
    assert ticket.priority == "high"
    editing.switch_rule(rule("words.blocking"), False, actor=people.lead, now=now)
    assert actions.retriage(ticket, actor=people.agent, now=now)
    assert ticket.priority == "medium"
    assert triaged(ticket)[1]["priority"] == "medium"


def test_asking_again_keeps_what_people_have_decided(people, now):
    ticket = factories.ticket(people.owner, body="It is blocking.", team="product")
    filing.set_priority(ticket, "low", actor=people.agent, now=now)
    filing.categorise(ticket, "billing", actor=people.agent, now=now)
    assert not actions.retriage(ticket, actor=people.lead, now=now, labels=["outage", "performance"])
    assert (ticket.priority, ticket.team.key, ticket.category) == ("low", "product", "billing")
    ticket.tier = 2
    assert actions.retriage(ticket, actor=people.lead, now=now)
    kept = {decision["what"] for decision in triaged(ticket)[1]["decisions"] if decision["rule"] == "person"}
    assert kept == {"priority", "team", "category"}


@pytest.mark.parametrize("who", ["owner", "moderator"])
def test_only_staff_ask_again(people, now, who):
    ticket = factories.ticket(people.owner)
    with pytest.raises(NotAllowed):
        actions.retriage(ticket, actor=getattr(people, who), now=now)


def test_the_words_of_a_form_are_its_texts_without_choices():
    fields = {"description": "mine", "logs": "theirs", "platform": "Linux", "checks": ["searched"], "actual": "also mine", "number": 5}
    assert actions.words_of(fields) == "mine\n\nalso mine"
    assert actions.words_of(None) == ""


# the rules


def changes():
    """What the events of rules tell."""
    return [
        (e.facts["rule"], e.facts["changes"])
        for e in db.session.scalars(select(Event).where(Event.kind == "triage.rule_changed").order_by(Event.id))
    ]


def test_a_change_is_recorded_and_a_repeat_is_harmless(people, now):
    row = rule("urgency.money.losing")
    editing.change_rule(row, change_of(row), actor=people.lead, now=now)
    assert changes() == []
    wanted = change_of(row, weight=30, words=[*row.conditions["words"], "  Bleeding   MONEY "])
    editing.change_rule(row, wanted, actor=people.lead, now=now)
    editing.change_rule(row, wanted, actor=people.lead, now=now)
    assert changes() == [("urgency.money.losing", {"weight": [25, 30], "words": [[], ["bleeding money"]]})]
    assert row.outcome["weight"] == 30


def test_switching_is_recorded_once(people, now):
    row = rule("team.bug")
    editing.switch_rule(row, False, actor=people.lead, now=now)
    editing.switch_rule(row, False, actor=people.lead, now=now)
    assert changes() == [("team.bug", {"is_enabled": [True, False]})]


def test_own_rules_can_be_deleted_and_ours_not(people, now):
    own = editing.create_rule("team", Change("Money goes to support.", "labels", ["billing"], "support"), actor=people.lead, now=now)
    assert own.position > rule("team.enterprise").position
    editing.delete_rule(own, actor=people.lead, now=now)
    assert [change.keys() & {"created", "deleted"} for _, change in changes()] == [{"created"}, {"deleted"}]
    with pytest.raises(WrongState):
        editing.delete_rule(rule("team.bug"), actor=people.lead, now=now)
    with pytest.raises(WrongState):
        editing.switch_rule(rule("list.people"), False, actor=people.lead, now=now)


@pytest.mark.parametrize(
    ("key", "over", "told"),
    [
        ("team.bug", {"outcome": "nobody"}, "lists"),
        ("team.bug", {"field": "title"}, "lists"),
        ("team.bug", {"words": []}, "at least one"),
        ("team.bug", {"explanation": " "}, "Explain"),
        ("team.bug", {"trigger": "data_loss"}, "urgency"),
        ("urgency.money.losing", {"words": ["a |b|"]}, "cannot be read"),
        ("urgency.money.losing", {"words": ["~ a"]}, "starts and ends"),
        ("urgency.money.losing", {"words": ["lost {nothing}"]}, "no list"),
        ("urgency.money.losing", {"weight": 201}, "0 to 200"),
        ("urgency.money.losing", {"weight": -1}, "0 to 200"),
        ("urgency.money.losing", {"trigger": "coffee"}, "trigger"),
        ("urgency.money.losing", {"words": ["x" * 30_001]}, "characters"),
        ("list.people", {"words": ["two words"]}, "single words"),
        ("list.people", {"words": ["{people}"]}, "in itself"),
        ("list.people", {"outcome": "others"}, "lists"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(people, now, key, over, told):
    row = rule(key)
    with pytest.raises(Invalid, match=told):
        editing.change_rule(row, change_of(row, **over), actor=people.lead, now=now)
    assert changes() == []


def test_a_word_added_to_a_list_counts_wherever_the_list_is_named(people, now):
    text = "All our beekeepers are affected, every hive fails."
    before = defaults.rules()
    assert "beekeepers" not in str(before)
    row = rule("list.people")
    editing.change_rule(row, change_of(row, words=[*row.conditions["words"], "beekeepers"]), actor=people.lead, now=now)
    ticket = factories.ticket(people.owner, body=text)
    assert any("beekeepers" in decision["why"] for decision in triaged(ticket)[0]["decisions"])


def test_a_stale_save_is_refused(people, now):
    row = rule("team.bug")
    seen = row.version
    editing.switch_rule(row, False, actor=people.lead, now=now)
    with pytest.raises(Stale):
        editing.change_rule(row, change_of(row, outcome="docs"), actor=people.lead, now=now, seen=seen)


@pytest.mark.parametrize("who", ["agent", "owner", "moderator"])
def test_only_leads_change_rules(people, now, who):
    actor, row = getattr(people, who), rule("team.bug")
    with pytest.raises(NotAllowed):
        editing.change_rule(row, change_of(row), actor=actor, now=now)
    with pytest.raises(NotAllowed):
        editing.create_rule("team", change_of(row), actor=actor, now=now)
    with pytest.raises(NotAllowed):
        editing.switch_rule(row, False, actor=actor, now=now)
    with pytest.raises(NotAllowed):
        editing.delete_rule(row, actor=actor, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_the_rows_are_the_defaults_and_are_added_once(people, now, statements):
    assert {one.key: one for one in queries.rules()} == {one.key: one for one in defaults.rules()}
    with statements() as seen:
        defaults.ensure(now)
    assert len(seen) == 1
    db.session.delete(rule("team.documentation"))
    db.session.commit()
    defaults.ensure(now)
    assert rule("team.documentation").outcome["to"] == "docs"


def test_rules_are_read_again_only_after_a_change(people, now, statements):
    queries.rules()
    with statements() as same:
        queries.rules()
    editing.switch_rule(rule("team.bug"), False, actor=people.lead, now=now)
    with statements() as changed:
        queries.rules()
    assert (len(same), len(changed)) == (1, 2)
