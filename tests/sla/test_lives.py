"""The stored clocks of any history equal a replay from its events and the versions of policies and calendars alone."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Plan, Team
from app.escalation import actions as escalation
from app.escalation.rules import BY_HAND
from app.events.actions import record
from app.extensions import db
from app.lib.errors import DomainError
from app.sla import editing, jobs, overrides, run_jobs
from app.sla.held import held_by
from app.sla.history import replayed
from app.sla.hours import to_us
from app.sla.models import Clock, Policy, Run
from app.tickets import actions, filing, merging, rules, splitting, thanking
from app.tickets.models import Message, Ticket
from tests import factories
from tests.sla.edits import calendar_of, policy_of, save_policy

SPLIT = {"tz": "Europe/Berlin", "hours": {day: [["08:00", "12:00"], ["13:00", "18:30"]] for day in ("mon", "tue", "wed", "thu", "sat")}}
HOURS = [
    SPLIT,
    {"tz": "America/New_York", "hours": {"mon": [["22:00", "06:00"]], "fri": [["09:00", "17:00"]]}},
    {"tz": "UTC", "hours": "24x7"},
]


class World:
    """A ticket that things happen to, and the moment; `at` only grows, also from one history to the next."""

    def __init__(self, people, at):
        self.people, self.at, self.ticket, self.customer, self.elder = people, at, None, None, None
        # Tickets that something was split off from, or that were split off, and that the history does not go on with.
        self.parts = []

    def open(self, is_owner, priority):
        self.parts = []
        self.customer = self.people.owner if is_owner else self.people.stranger
        self.elder = factories.ticket(self.customer, now=self.at - timedelta(minutes=1))
        self.ticket = factories.ticket(self.customer, priority=priority, now=self.at)

    def agent_says(self, status):
        actions.reply(self.ticket, "An answer.", actor=self.people.agent, now=self.at, status=status)

    def customer_says(self, text):
        actions.reply(self.ticket, text, actor=self.customer, now=self.at)

    def dismiss(self, _):
        thanking.dismiss_thanks(self.ticket, actor=self.people.agent, now=self.at)

    def join(self, text):
        other = factories.ticket(self.customer, now=self.at, body=text)
        merging.merge(self.ticket, other, link=other.ref, actor=self.people.agent, now=self.at)

    def merge(self, _):
        merging.merge(self.ticket, self.elder, link=self.ticket.ref, actor=self.people.agent, now=self.at)

    def part(self, _):
        merging.unmerge(self.ticket, self.elder, actor=self.people.agent, now=self.at)

    def split(self, which):
        """The newest messages become a ticket of their own, which the history then goes on with, or the old one."""
        count, goes_on = which
        query = select(Message.id).where(Message.ticket_id == self.ticket.id).order_by(Message.id.desc()).limit(count)
        part = splitting.Part(db.session.scalars(query).all(), "The other matter", "high", "other")
        made = splitting.split(self.ticket, part, address=str, actor=self.people.agent, now=self.at)
        self.parts.append(self.ticket if goes_on else made)
        self.ticket = made if goes_on else self.ticket

    def escalate(self, tier):
        escalation.escalate(self.ticket, to_tier=tier, trigger=BY_HAND, reason="It burns.", actor=self.people.agent, now=self.at)

    def deescalate(self, tier):
        escalation.deescalate(self.ticket, to_tier=tier, reason="It is out.", actor=self.people.agent, now=self.at)

    def status(self, status):
        filing.set_by_hand(self.ticket, status, actor=self.people.agent, now=self.at)

    def priority(self, priority):
        filing.set_priority(self.ticket, priority, actor=self.people.agent, now=self.at)

    def move(self, key):
        team = db.session.scalars(select(Team).where(Team.key == key)).one()
        filing.move(self.ticket, team, actor=self.people.agent, now=self.at)

    def policy(self, change):
        key, priority, metric, minutes, holds = change
        save_policy(key, self.people, self.at, pause_on_hold=holds, **{f"{priority}_{metric}": minutes})

    def calendar(self, definition):
        calendar = calendar_of("business")
        editing.save_calendar(calendar, calendar.name, definition, actor=self.people.lead, now=self.at)

    def own_policy(self, minutes):
        home = self.customer.organization
        mine = db.session.scalars(select(Policy).where(Policy.organization_id == home.id)).first()
        if mine is not None:
            editing.withdraw_policy(mine, actor=self.people.lead, now=self.at)
            return
        targets = {(metric, priority): minutes for metric in ("first_response", "resolution") for priority in ("high", "low")}
        editing.add_policy(home, calendar=None, pause_on_hold=False, targets=targets, actor=self.people.lead, now=self.at)

    def own_calendar(self, key):
        wanted = calendar_of(key) if key else None
        editing.set_organization_calendar(self.customer.organization, wanted, "Agreed.", actor=self.people.lead, now=self.at)

    def own_terms(self, choice):
        policy, calendar = (policy_of(choice[0]) if choice[0] else None), (calendar_of(choice[1]) if choice[1] else None)
        overrides.set_terms(self.ticket, policy=policy, calendar=calendar, reason="Agreed.", actor=self.people.lead, now=self.at)

    def plan(self, key):
        home = self.customer.organization
        old = db.session.get(Plan, home.plan_id).key
        if old != key:
            home.plan_id = db.session.scalars(select(Plan.id).where(Plan.key == key)).one()
            record("organization.changed", now=self.at, organization_id=home.id, facts={"changes": {"plan": [old, key]}})
            db.session.commit()
            jobs.follow_organization(last_event())


def last_event():
    return db.session.execute(db.text("SELECT max(id) FROM events WHERE kind = 'organization.changed'")).scalar_one()


priorities = st.sampled_from(rules.PRIORITIES)
keys = st.sampled_from(["technical", "enterprise_priority"])
metrics = st.sampled_from(["first_response", "next_response", "resolution"])
edits = st.tuples(keys, priorities, metrics, st.sampled_from([None, 1, 90, 2880]), st.booleans())
steps = st.one_of(
    st.tuples(st.just("agent_says"), st.sampled_from([None, "pending_customer", "on_hold", "open", "resolved"])),
    st.tuples(st.just("customer_says"), st.sampled_from(["A question.", "Thank you!"])),
    st.tuples(st.just("dismiss"), st.none()),
    st.tuples(st.just("join"), st.just("The same again.")),
    st.tuples(st.just("merge"), st.none()),
    st.tuples(st.just("part"), st.none()),
    st.tuples(st.just("split"), st.tuples(st.integers(1, 3), st.booleans())),
    st.tuples(st.just("escalate"), st.sampled_from([2, 3])),
    st.tuples(st.just("deescalate"), st.sampled_from([1, 2])),
    st.tuples(st.just("status"), st.sampled_from(["open", "pending_customer", "on_hold", "resolved", "closed"])),
    st.tuples(st.just("priority"), priorities),
    st.tuples(st.just("move"), st.sampled_from(["support", "engineering"])),
    st.tuples(st.just("policy"), edits),
    st.tuples(st.just("calendar"), st.sampled_from(HOURS)),
    st.tuples(st.just("own_policy"), st.sampled_from([30, 600])),
    st.tuples(st.just("own_calendar"), st.sampled_from([None, "business", "round-the-clock"])),
    st.tuples(
        st.just("own_terms"), st.sampled_from([(None, None), ("technical", None), (None, "business"), ("enterprise_emergency", "business")])
    ),
    st.tuples(st.just("plan"), st.sampled_from(["technical", "enterprise_priority", "community"])),
)
histories = st.lists(st.tuples(st.integers(1, 3000), steps), min_size=1, max_size=14)
CALM = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}


@pytest.mark.engines("sqlite", "postgresql")
def test_any_history_is_stored_as_it_is_replayed(app, people, clock, now, engine):
    world = World(people, now)

    @settings(max_examples=40 if engine == "sqlite" else 12, **CALM)
    @given(st.booleans(), priorities, histories)
    def play(is_owner, priority, history):
        world.at += timedelta(days=1)
        clock.move_to(world.at)
        world.open(is_owner, priority)
        for minutes, (what, argument) in history:
            happen(world, clock, minutes, what, argument)
        world.at += timedelta(minutes=3)
        clock.move_to(world.at)
        jobs.sweep()
        for ticket in (world.ticket, *world.parts):
            compare(ticket, world.at)

    play()


def happen(world, clock, minutes, what, argument):
    """One step of a history, with all that follows from it; what is not possible now does not happen."""
    world.at += timedelta(minutes=minutes, seconds=7)
    clock.move_to(world.at)
    set_committed_value(world.ticket, "team", db.session.get(Team, world.ticket.team_id))
    with suppress(DomainError):
        getattr(world, what)(argument)
    db.session.commit()
    work_off()


NONE, AGAIN = (("policy", ("enterprise_priority", "high", "resolution", minutes, True)) for minutes in (None, 90))


@pytest.mark.parametrize(
    ("between", "state"),
    [(("customer_says", "A question."), "running"), (("status", "resolved"), "cancelled"), (("status", "pending_customer"), "paused")],
)
def test_a_promise_that_was_taken_away_and_given_again_stands_as_it_is_replayed(app, people, clock, now, between, state):
    world = World(people, now)
    world.open(is_owner=True, priority="high")
    for what, argument in (NONE, between, AGAIN):
        happen(world, clock, 5, what, argument)
    compare(world.ticket, world.at)
    found = db.session.scalars(select(Clock.state).where(Clock.ticket_id == world.ticket.id, Clock.metric == "resolution")).all()
    assert found == [state]


ASKS, ANSWERS, OURS = ("customer_says", "And the other thing?"), ("agent_says", None), ("agent_says", "pending_customer")


@pytest.mark.parametrize(
    "between",
    [
        # What waits goes; what was answered goes, and with it our answer; the customer has written again; the policy has changed since.
        ([OURS, ASKS], 1),
        ([OURS, ASKS, ANSWERS], 2),
        ([ASKS, OURS], 2),
        ([ASKS, ANSWERS, ASKS], 3),
        ([ASKS, ("policy", ("enterprise_priority", "high", "first_response", 1, True))], 1),
        ([ASKS, ("status", "resolved")], 1),
        ([OURS, ASKS, ("escalate", 3)], 1),
    ],
)
@pytest.mark.engines("sqlite", "postgresql")
def test_both_tickets_of_a_split_stand_as_they_are_replayed(app, people, clock, now, between):
    world = World(people, now)
    world.open(is_owner=True, priority="high")
    steps, count = between
    for what, argument in (*steps, ("split", (count, True)), NONE, AGAIN, ASKS, ANSWERS):
        happen(world, clock, 5, what, argument)
    assert len(world.parts) == 1
    jobs.sweep()
    for ticket in (world.ticket, *world.parts):
        compare(ticket, world.at)


def work_off():
    """What the jobs of an edit do."""
    for run_id in db.session.scalars(select(Run.id).where(Run.state == "running")).all():
        run_jobs.work(run_id)
    db.session.expire_all()


def compare(ticket, at):
    """Each row against the standing of its life; lists show the next of these deadlines."""
    rows = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.metric, Clock.sequence)).all()
    found = sorted(replayed(ticket.id, ticket.organization_id, at), key=lambda one: (one.life.metric, one.life.sequence))
    assert [figures(row) for row in rows] == [expected(one) for one in found]
    running = [one.due for one in found if one.state == "running" and one.due is not None]
    shown = db.session.get(Ticket, ticket.id)
    assert (to_us(shown.next_due_at) if shown.next_due_at else None) == min(running, default=None)
    # A page counts from the deadline where nothing has happened since; from all events it is the same.
    for one in held_by(ticket.id):
        for later in (at, at + timedelta(days=9)) if one.clock.state == "running" else ():
            assert one.counted(later, shown.active_at) == one.counted(later)


def figures(row):
    """What is compared of a row."""
    about = (row.metric, row.sequence, row.state, to_us(row.started_at))
    if row.state == "cancelled":
        return about
    due, breached = (to_us(at) if at else None for at in (row.due_at, row.breached_at))
    run_by = (row.priority, row.target_seconds, row.policy_id, row.policy_version, row.calendar_id, row.calendar_version, row.calendar_from)
    return (*about, *run_by, due, breached, row.elapsed_seconds)


def expected(one):
    """The same of a standing."""
    life, terms = one.life, one.life.terms
    about = (life.metric, life.sequence, one.state, life.started)
    if one.state == "cancelled":
        return about
    run_by = (terms.policy_id, terms.policy_version, terms.calendar_id, terms.calendar_version, terms.words.calendar_from)
    return (*about, life.priority, life.target_seconds, *run_by, one.due, one.breached, one.elapsed_seconds)
