"""Calling a decision of triage wrong, and giving words other points."""

import json

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.triage import correcting, corrections, queries
from app.triage.models import TriageCorrection
from app.triage.rules import Intake, decide
from tests import factories

DOWN = "Production is down and nobody can log in."


def raised(people):
    """A ticket that triage raised, and the priority that it gave."""
    ticket = factories.ticket(people.owner, subject="Help", body=DOWN)
    return ticket, next(one.was for one in correcting.decided(ticket.id) if one.decision == "priority")


def events(kind):
    """The facts of all events of a kind."""
    return list(db.session.scalars(select(Event.facts).where(Event.kind == kind).order_by(Event.id)))


def test_a_correction_is_kept_with_the_rules_and_words_behind_it(people, now):
    ticket, was = raised(people)
    row = correcting.correct(ticket, "priority", was, "low", actor=people.lead, now=now)
    assert (row.was, row.should_be, row.person_id) == (was, "low", people.lead.id)
    assert row.rule.startswith("urgency.") and "weight.words" in row.seen["rules"] and row.seen["words"]
    assert row.seen["ticket"]["title"] == "Help" and DOWN in row.seen["ticket"]["body"]
    assert events("triage.corrected") == [{"decision": "priority", "rule": row.rule, "was": was, "should_be": "low"}]
    assert ticket.priority == was


def test_the_same_correction_again_changes_nothing_and_another_replaces_it(people, now):
    ticket, was = raised(people)
    for right in ("low", "low", "medium"):
        correcting.correct(ticket, "priority", was, right, actor=people.lead, now=now)
    assert db.session.scalar(select(func.count(TriageCorrection.id))) == 1
    assert [facts["should_be"] for facts in events("triage.corrected")] == ["low", "medium"]


def test_a_trigger_that_was_missed_is_told(people, now):
    ticket, _ = raised(people)
    row = correcting.correct(ticket, "escalate", "none", "data_loss", actor=people.lead, now=now)
    assert row.should_be == "data_loss" and row.rule == ""


def test_what_triage_never_decided_and_what_is_no_value_is_refused(people, now):
    ticket, was = raised(people)
    with pytest.raises(WrongState):
        correcting.correct(ticket, "priority", "low", "high", actor=people.lead, now=now)
    for decision, right in (("priority", was), ("priority", "dreadful"), ("mood", "high")):
        with pytest.raises(Invalid):
            correcting.correct(ticket, decision, was, right, actor=people.lead, now=now)
    with pytest.raises(NotAllowed):
        correcting.correct(ticket, "priority", was, "low", actor=people.agent, now=now)


def test_corrections_are_counted_by_rule_and_word_and_given_out_as_labelled_tickets(people, now):
    ticket, was = raised(people)
    raised(people)
    row = correcting.correct(ticket, "priority", was, "low", actor=people.lead, now=now)
    correcting.correct(ticket, "team", "engineering" if ticket.kind == "bug" else "support", "docs", actor=people.lead, now=now)
    by_rule, by_word = corrections.counts()
    counted = {one.name: (one.fired, one.corrected) for one in by_rule}
    assert counted[row.rule] == (2, 1)
    assert {one.corrected for one in by_word} == {1}
    [line] = corrections.lines()
    assert line["half"] == "tune" and line["urgent"] is False and line["title"] == "Help"
    assert {"title", "body", "labels", "kind", "plan"} <= line.keys()


def test_a_lead_gives_a_word_other_points_and_they_hold_at_once(people, now):
    def points():
        return decide(Intake("Hello", "Everything is down, the zeppelin is stuck and 300 people are waiting."), queries.rules()).points

    before = points()
    correcting.set_points("zeppelin", 90, actor=people.lead, now=now)
    assert points() > before + 60
    correcting.set_points("zeppelin", None, actor=people.lead, now=now)
    assert points() == before
    correcting.set_points("stuck", 0, actor=people.lead, now=now)
    assert points() <= before
    assert [facts["changes"]["points"] for facts in events("triage.rule_changed")] == [[None, 90], [90, None], [None, 0]]


def test_points_are_set_by_leads_only_and_within_bounds(people, now):
    with pytest.raises(NotAllowed):
        correcting.set_points("down", 5, actor=people.agent, now=now)
    for word, points in (("", 5), ("x" * 81, 5), ("down", 501)):
        with pytest.raises(Invalid):
            correcting.set_points(word, points, actor=people.lead, now=now)
    correcting.set_points("down", 5, actor=people.lead, now=now)
    correcting.set_points("down", 5, actor=people.lead, now=now)
    assert len(events("triage.rule_changed")) == 1


def test_a_lead_corrects_from_the_tickets_page_and_changes_the_ticket_only_where_asked(people, browse):
    ticket, was = raised(people)
    lead, address = browse(people.lead), f"/desk/tickets/{ticket.ref}/triage"
    assert "It was wrong" in lead.get(address).words
    sent = {"decision": "priority", "was": was, "should_be": "low"}
    lead.post(f"{address}/corrections", sent, to=address)
    db.session.refresh(ticket)
    assert ticket.priority == was
    lead.post(f"{address}/corrections", {**sent, "should_be": "medium", "changes": "y"}, to=address)
    db.session.refresh(ticket)
    assert ticket.priority == "medium"
    assert "Corrected to Medium" in lead.get(address).words
    lead.post(f"{address}/corrections", {**sent, "should_be": "dreadful"}, status=422)
    assert "Triage corrected" in lead.get(f"/desk/tickets/{ticket.ref}").words


def test_agents_read_the_decisions_and_cannot_correct_them(people, browse):
    ticket, was = raised(people)
    agent, address = browse(people.agent), f"/desk/tickets/{ticket.ref}/triage"
    assert "It was wrong" not in agent.get(address).words
    agent.post(f"{address}/corrections", {"decision": "priority", "was": was, "should_be": "low"}, status=403)


def test_customers_do_not_hear_of_corrections(people, now, browse):
    ticket, was = raised(people)
    correcting.correct(ticket, "priority", was, "low", actor=people.lead, now=now)
    db.session.commit()
    assert "Triage corrected" not in browse(people.owner).get(f"/tickets/{ticket.ref}").words


def test_the_words_page_finds_and_changes_points(people, browse):
    lead = browse(people.lead)
    assert "@gone" in lead.get("/admin/triage/words?q=gone").words
    lead.post("/admin/triage/words", {"trait": "@gone", "points": "12"}, to="/admin/triage/words?q=@gone")
    assert "set by hand" in lead.get("/admin/triage/words?q=gone").words
    page = lead.post("/admin/triage/words", {"trait": "@gone", "points": "9999"}, status=422)
    assert page.markup.fields()["points"] == "9999"


def test_the_corrections_page_lists_them_and_gives_them_as_json_lines(people, now, browse):
    ticket, was = raised(people)
    correcting.correct(ticket, "priority", was, "low", actor=people.lead, now=now)
    db.session.commit()
    lead = browse(people.lead)
    assert "Help" in lead.get("/admin/triage/corrections").words
    answer = lead.client.get("/admin/triage/corrections.jsonl")
    assert json.loads(answer.text.splitlines()[0])["title"] == "Help"
