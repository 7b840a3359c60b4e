"""What events say on a timeline."""

import pytest

from app.events.kinds import KINDS
from app.tickets.story import WRITERS, told

CALL = {
    "call_id": 1,
    "ref": "CL-4F7K2M9",
    "call_kind": "Support call",
    "starts_at": "2026-11-24T10:00:00+00:00",
    "ends_at": "2026-11-24T10:30:00+00:00",
    "sequence": 0,
    "engineer_id": 1,
    "engineer": "Aiko",
}
FACTS = {
    "alert.raised": {
        "alert_id": 7,
        "key": "sla:1",
        "severity": "critical",
        "source": "sla",
        "title": "HT-1: first response reached “Breached”",
        "why": "new",
    },
    "alert.climbed": {"alert_id": 7, "rung": 1, "who": "next_on_call", "people": [2]},
    "alert.acknowledged": {"alert_id": 7, "title": "HT-1: first response reached “Breached”", "how": "desk"},
    "alert.resolved": {"alert_id": 7, "title": "HT-1: first response reached “Breached”", "how": "condition"},
    "alert.delivery_failed": {"alert_id": 7, "delivery_id": 9, "channel": "slack: #ops", "reason": "Answered 404.", "instead": "leads"},
    "call.booked": CALL | {"topic": "Upgrade", "how": "video"},
    "call.moved": CALL | {"old_starts_at": "2026-11-24T09:00:00+00:00", "old_engineer_id": 1},
    "call.reassigned": CALL | {"old_engineer_id": 2, "old_engineer": "Sam"},
    "call.changed": CALL,
    "call.cancelled": CALL | {"reason": "No need", "by_staff": False},
    "call.reminded": CALL | {"which": "day"},
    "call.held": CALL,
    "call.missed": CALL,
    "call.engineer_lost": CALL | {"why": "is away then"},
    "call.engineer_returned": CALL,
    "ticket.triaged": {"decisions": [{"text": "Team is Engineering, by the rule bug"}], "priority": None},
    "ticket.replied": {"message_id": 1, "by_staff": False, "is_automatic": False, "status": "open"},
    "ticket.status_changed": {"old": "open", "status": "pending_customer"},
    "ticket.priority_changed": {"old": "low", "priority": "high", "reason": "blocked"},
    "ticket.priority_confirmed": {"accepted": True, "proposed": "critical", "priority": "critical"},
    "ticket.assigned": {"old_id": None, "old_name": None, "assignee_id": 1, "assignee_name": "Aiko"},
    "ticket.moved": {"old_team": None, "team": "Security"},
    "ticket.categorised": {"old": "cli", "category": "tui"},
    "ticket.tagged": {"added": ["new"], "removed": ["old"]},
    "ticket.follower_added": {"email": "a@b.example", "name": ""},
    "ticket.follower_removed": {"email": "a@b.example", "name": "Ada"},
    "ticket.resolved": {"outcome": "solved", "status": "resolved", "round": 1, "by_staff": False},
    "ticket.reopened": {"status": "open", "reason": "again"},
    "ticket.closed": {"status": "closed"},
    "ticket.linked": {"label": "HT-1", "url": "/"},
    "ticket.merged": {"into": "HT-1", "messages": 2, "old": "open", "status": "closed"},
    "ticket.joined": {"ref": "HT-2", "messages": 1, "is_unanswered": True, "status": None},
    "ticket.unmerged": {"into": "HT-1", "status": "open"},
    "ticket.parted": {"ref": "HT-2"},
    "ticket.split": {"ref": "HT-2", "messages": 1, "last_public_by": "staff", "status": None},
    "ticket.split_off": {"ref": "HT-1", "messages": 2, "since": "2026-11-23T10:00:00+00:00", "is_answered": True, "waits_since": None},
    "ticket.unlinked": {"label": "HT-1", "url": "/"},
    "ticket.escalated": {"old_tier": 2, "tier": 3, "trigger": "data_loss", "reason": "why", "team": "Enterprise", "response_minutes": 60},
    "ticket.deescalated": {"old_tier": 3, "tier": 2, "reason": "It was theirs."},
    "ticket.escalation_proposed": {"tier": 3, "trigger": "production_down", "reason": "why"},
    "ticket.escalation_declined": {"tier": 3, "trigger": "production_down", "reason": "why"},
    "sla.warned": {"clock_id": 1, "metric": "first_response", "due_at": "", "ref": "", "assignee_id": None},
    "sla.breached": {"clock_id": 1, "metric": "resolution", "due_at": "", "ref": "", "assignee_id": None},
    "sla.level_reached": {
        "clock_id": 1,
        "level_id": 4,
        "level": "Half",
        "metric": "resolution",
        "due_at": None,
        "ref": "HT-1",
        "assignee_id": None,
        "severity": "warning",
        "actions": {"notify": [], "severity": "warning", "raise_priority": True, "reassign": "team:2", "escalate": False},
    },
    "sla.promise_moved": {
        "clock_id": 1,
        "metric": "next_response",
        "old": "2026-11-23T14:00:00+00:00",
        "new": "2026-11-23T11:00:00+00:00",
        "reason": "priority",
    },
    "ticket.thanks_dismissed": {"status": "resolved", "thanked_at": "2026-11-23T14:00:00+00:00"},
    "mail.failed": {"mail_id": 1, "recipient_id": None, "reason": "no such mailbox"},
    "mail.resent": {"mail_id": 1},
    "survey.invited": {"survey_id": 1},
    "survey.withheld": {"survey_id": 2, "reason": "asked_lately", "asked_at": "2026-11-23T14:00:00+00:00", "ref": "HT-1"},
    "survey.answered": {"survey_id": 1, "overall_satisfaction": 2, "low": True},
    "guest.confirmed": {"ref": "HT-1"},
    "sla.terms_set": {"policy": "Night shift", "calendar": None, "reason": "Agreed on the phone."},
    "knowledge.drafted_from_ticket": {"kind": "faq", "entry_id": 1, "title": "How do I reset it?", "message_id": 1},
    "triage.corrected": {"decision": "priority", "rule": "urgency", "was": "critical", "should_be": "medium"},
}
SAYS = {
    "alert.raised": "Alert raised",
    "alert.climbed": "Alert went to step 2 of its ladder",
    "alert.acknowledged": "Alert acknowledged by Aiko",
    "alert.delivery_failed": "A message of an alert did not arrive",
    "ticket.triaged": "Triaged by Aiko",
    "ticket.replied": "Open again with this answer",
    "ticket.status_changed": "Status set to Waiting on customer by Aiko",
    "ticket.priority_changed": "Priority changed from low to high by Aiko",
    "ticket.assigned": "Aiko took this ticket",
    "ticket.tagged": "Tags +new, −old by Aiko",
    "ticket.follower_added": "a@b.example follows this ticket, added by Aiko",
    "ticket.merged": "Merged into HT-1 by Aiko",
    "ticket.joined": "HT-2 was merged into this ticket by Aiko",
    "ticket.unmerged": "Parted from HT-1 again by Aiko",
    "ticket.parted": "HT-2 was parted from this ticket again by Aiko",
    "ticket.split": "HT-2 was split off from this ticket by Aiko",
    "ticket.split_off": "Split off from HT-1 by Aiko",
    "ticket.categorised": "Category set to TUI Interface by Aiko",
    "ticket.resolved": "Marked as resolved by Aiko",
    "ticket.escalated": "Escalated to tier 3 by Aiko: data was lost or corrupted",
    "ticket.escalation_proposed": "Escalation proposed to tier 3: production is down",
    "sla.breached": "The resolution target was missed",
    "sla.level_reached": "Level Half of the resolution reached",
    "sla.promise_moved": "Our next answer is now due Mon 23 Nov, 11:00 UTC, it was Mon 23 Nov, 14:00 UTC: the priority changed",
    "ticket.thanks_dismissed": "Stays resolved: the last message was a thank-you by Aiko",
    "survey.answered": "Survey answered: 2 of 5 by Aiko",
    "survey.withheld": "No survey sent: they were asked Mon 23 Nov, 14:00 UTC about HT-1",
    "knowledge.drafted_from_ticket": "A reply became an answer for the help centre: How do I reset it? by Aiko",
}


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_every_kind_has_words_and_a_picture(kind):
    for staff in (True, False):
        line = told(kind, FACTS[kind], "Aiko", staff=staff)
        assert line.icon and line.text and line.text == line.text.strip()
    assert told(kind, FACTS[kind], None, staff=True).text


@pytest.mark.parametrize("kind", sorted(SAYS))
def test_the_sentence_of_an_event(kind):
    assert told(kind, FACTS[kind], "Aiko", staff=True).text == SAYS[kind]


def test_every_writer_writes_of_a_kind_that_exists_with_its_own_facts():
    assert set(WRITERS) <= set(KINDS)
    assert all(KINDS[kind] == set(facts) for kind, facts in FACTS.items())


def test_who_gives_a_ticket_back_is_not_told_to_have_been_taken_off_it():
    facts = {"old_id": 1, "old_name": "Aiko", "assignee_id": None, "assignee_name": None}
    assert told("ticket.assigned", facts, "Aiko", staff=True).text == "Aiko gave this ticket back"
    assert told("ticket.assigned", facts, "Helena", staff=True).text == "Taken off Aiko by Helena"


def test_customers_read_their_own_words():
    assert told("ticket.status_changed", FACTS["ticket.status_changed"], "Aiko", staff=False).text == "Status set to Needs you by Aiko"


def test_customers_read_that_it_is_escalated_and_nothing_of_why_or_whom():
    line = told("ticket.escalated", FACTS["ticket.escalated"], "Aiko", staff=False)
    assert (line.text, line.details) == ("Escalated by Aiko: senior engineers look at it first now", ())
    assert told("ticket.deescalated", FACTS["ticket.deescalated"], "Aiko", staff=False).details == ()
    assert told("ticket.escalated", {**FACTS["ticket.escalated"], "trigger": "new"}, "Aiko", staff=True).text.endswith("Aiko: new")


def test_customers_do_not_read_the_rules():
    facts = {"decisions": [{"what": "team", "value": "Engineering", "rule": "bug"}], "priority": "high"}
    assert told("ticket.triaged", facts, None, staff=False).details == ()
    assert told("ticket.triaged", facts, None, staff=False).text == "Priority set to high automatically"
    assert told("ticket.triaged", facts, None, staff=True).details == ("Team: Engineering (rule: bug)",)


@pytest.mark.parametrize(("reason", "says"), [("pause", "we wait for an answer"), ("hold", "the ticket is on hold")])
def test_a_promise_that_stands_still_says_why(reason, says):
    facts = FACTS["sla.promise_moved"] | {"new": None, "reason": reason}
    line = told("sla.promise_moved", facts, None, staff=False)
    assert line.text == f"Our next answer stands still: {says}. It was due Mon 23 Nov, 14:00 UTC"


def test_a_kind_that_nobody_has_words_for_is_told_by_its_name():
    assert told("thing.happened", {}, None, staff=True).text == "Thing happened automatically"
