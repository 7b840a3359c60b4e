"""How clocks stand, and why, in words."""

from datetime import timedelta

import pytest

from app.accounts.models import Plan
from app.extensions import db
from app.lib.errors import NotFound
from app.sla import queries
from app.tickets import actions, filing
from tests import factories
from tests.sla.edits import save_policy

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def stand(ticket, now):
    return {view.metric: (view.tone, view.left) for view in queries.clocks_for(ticket, now)}


def test_clocks_say_what_is_left_at_any_moment(app, people, now, statements):
    ticket = factories.ticket(people.owner, priority="high")
    with statements() as seen:
        views = queries.clocks_for(ticket, now + HOUR)
    assert len(seen) == 1
    assert [(v.label, v.tone, v.due_at, v.target, v.left, v.share_left, v.remaining_seconds, v.ticks) for v in views] == [
        ("First response", "ok", now + 4 * HOUR, "4 h", "3 h", 75, 3 * 3600, True),
        ("Resolution", "ok", now + 24 * HOUR, "1 d", "23 h", 96, 23 * 3600, True),
    ]
    assert stand(ticket, now + 3 * HOUR + MINUTE)["first_response"] == ("risk", "59 min")
    assert stand(ticket, now + 4 * HOUR + 14 * MINUTE)["first_response"] == ("breach", "14 min over")


@pytest.mark.engines("sqlite", "postgresql")
def test_how_late_it_is_asks_for_events_only_where_something_has_happened_since(app, people, now, statements):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + HOUR, status="on_hold")
    actions.change_status(ticket, "open", actor=people.agent, now=now + 3 * HOUR)
    for ahead, asked in ((50, 1), (60, 2)):
        db.session.commit()
        with statements() as seen:
            resolution = queries.clocks_for(ticket, now + ahead * HOUR)[-1]
        assert len(seen) == asked
        assert (resolution.tone, resolution.elapsed_seconds) == ("breach", (48 if ahead == 50 else 53) * 3600)
        if ahead == 50:
            actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + 52 * HOUR)
            factories.reply(ticket, people.owner, now=now + 57 * HOUR)


def test_a_paused_clock_says_the_same_whenever_it_is_asked(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + HOUR, status="pending_customer")
    once, later = (stand(ticket, now + n * HOUR) for n in (2, 2000))
    assert once == later == {"first_response": ("met", "1 h"), "resolution": ("paused", "23 h")}


def test_a_miss_stays_a_miss_everywhere(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + 5 * HOUR)
    assert stand(ticket, now + 6 * HOUR)["first_response"] == ("missed", "5 h")
    found = queries.why(ticket, queries.clocks_for(ticket, now)[0].id, now=now + 6 * HOUR, zone="Europe/Berlin")
    assert found.sentence.startswith("Missed: answered Mon 23 Nov, 16:00 CET after 5 h, where it was due Mon 23 Nov, 15:00 CET,")


def test_why_tells_policy_calendar_and_every_stretch(app, people, now):
    ticket = factories.ticket(people.stranger, priority="high", now=now + 5 * HOUR)
    first = queries.clocks_for(ticket, now + 5 * HOUR)[0]
    found = queries.why(ticket, first.id, now=now + 5 * HOUR + MINUTE, zone="Europe/Warsaw")
    assert found.sentence == (
        "First response is due Tue 24 Nov, 16:00 CET because “Technical”, the plan's policy, promises a first response to high tickets "
        "within 8 h, counted on the calendar “Business hours, Berlin” from Mon 23 Nov, 16:00 CET."
    )
    assert [(span["counted"], span["why"], span.ahead) for span in found.spans] == [
        (True, "Monday hours, 09:00–17:00", False),
        (True, "Monday hours, 09:00–17:00", True),
        (False, "outside opening hours", True),
        (True, "Tuesday hours, 09:00–17:00", True),
    ]
    assert (found.counted_seconds, found.skipped_seconds) == (8 * 3600, 16 * 3600)
    assert found.spans[0]["from"] == now + 5 * HOUR and found.spans[-1]["to"] == first.due_at


def test_why_tells_pauses_and_what_would_be_if_it_were_resumed(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + HOUR)
    resolution = queries.clocks_for(ticket, now)[-1]
    found = queries.why(ticket, resolution.id, now=now + 3 * HOUR, zone="UTC")
    assert "stands still" in found.sentence and "It stood still for 2 h: waiting on the customer." in found.sentence
    assert found.sentence.endswith("Resumed now, it would be due Tue 24 Nov, 12:00 UTC.")
    actions.change_status(ticket, "open", actor=people.agent, now=now + 5 * HOUR)
    found = queries.why(ticket, resolution.id, now=now + 6 * HOUR, zone="UTC")
    assert "is due Tue 24 Nov, 14:00 UTC" in found.sentence and "It stood still for 4 h" in found.sentence
    assert [span.why for span in found.spans] == ["around the clock", "waiting on the customer", "around the clock", "around the clock"]


def test_why_tells_that_a_policy_changed(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    save_policy("enterprise_priority", people, now + HOUR, high_first_response=300)
    first = queries.clocks_for(ticket, now + 2 * HOUR)[0]
    assert first.due_at == now + 5 * HOUR, "computed when it is read, before any job has run"
    assert "The policy changed on Mon 23 Nov, 11:00 UTC" in queries.why(ticket, first.id, now=now + 2 * HOUR, zone="UTC").sentence


def test_a_clock_of_another_ticket_is_not_found(app, people, now):
    mine, other = factories.ticket(people.owner), factories.ticket(people.owner)
    foreign = queries.clocks_for(other, now)[0].id
    with pytest.raises(NotFound):
        queries.why(mine, foreign, now=now, zone="UTC")


def test_the_customer_is_promised_the_next_answer_in_their_own_zone(app, people, now, statements):
    ticket = factories.ticket(people.user, priority="high")
    with statements() as seen:
        said = queries.promise(ticket, now=now, zone="America/New_York")
    assert len(seen) == 1
    assert said == (
        "We answer by Mon 23 Nov, 09:00 EST your time (14:00 UTC ours), because your plan promises a first response to high tickets within 4 h around the clock."
    )
    factories.reply(ticket, people.agent, now=now + HOUR)
    assert queries.promise(ticket, now=now + HOUR, zone="UTC").startswith("We aim to solve this by Tue 24 Nov, 10:00 UTC")
    factories.reply(ticket, people.user, now=now + 2 * HOUR)
    assert queries.promise(ticket, now=now + 2 * HOUR, zone="UTC").startswith("Our next answer comes by Mon 23 Nov, 16:00 UTC")
    assert "We are late" in queries.promise(ticket, now=now + 9 * HOUR, zone="UTC")
    factories.reply(ticket, people.agent, now=now + 10 * HOUR, status="pending_customer")
    assert (
        queries.promise(ticket, now=now, zone="UTC")
        == "Our time to solve this stands still while we wait for your answer; 14 h of it are left."
    )
    factories.resolve(ticket, people.agent, now=now + 11 * HOUR)
    assert queries.promise(ticket, now=now, zone="UTC") is None


def test_nothing_is_promised_to_guests(app, people, now):
    ticket = factories.ticket(people.guest)
    assert queries.promise(ticket, now=now, zone="UTC") is None and queries.clocks_for(ticket, now) == []


def test_a_clock_without_a_target_any_more_is_not_shown_and_says_why(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    first = queries.clocks_for(ticket, now)[0].id
    people.acme.plan_id = db.session.query(Plan.id).filter(Plan.key == "community").scalar()
    db.session.flush()
    filing.set_priority(ticket, "low", actor=people.agent, now=now + HOUR)
    assert queries.clocks_for(ticket, now) == []
    assert "not promised any more" in queries.why(ticket, first, now=now + HOUR, zone="UTC").sentence
