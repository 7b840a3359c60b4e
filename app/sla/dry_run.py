"""Dry runs: every clock that began in the last 90 days, replayed under a policy or calendar that is only proposed.

How each was judged stands in its row; how it would have been comes from the events of its ticket (lives.py), as if the
proposal had held all along and contracts were what they are today. Rows are read and written by the thousand, never as objects.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, insert, or_, select

from app.accounts.models import Organization, User
from app.extensions import db
from app.sla import runs
from app.sla.book import ALWAYS, Book, PolicyState
from app.sla.history import book_of_today, calendar_state, happenings, own_terms, standings, stored
from app.sla.hours import from_us, to_us
from app.sla.lives import Happening, Standing
from app.sla.models import Clock, Finding, OrganizationCalendar, Policy, Run, TicketTerms
from app.sla.reports import has_real_clocks
from app.sla.terms import tickets

DAYS = 90
CHUNK = 2000
# The id of a policy that does not exist yet.
PROPOSED = -1
Judged = dict[tuple[str, int], Row[Any]]


def propose(title: str, asked: dict[str, Any], *, actor: User, now: datetime) -> Run:
    """A dry run of a proposal. Demo tickets are tried only where there are no others. Records sla.dry_run_started, which queues the work.

    `asked` is {"what": "policy", "id", "organization_id", "calendar_id", "pause_on_hold", "targets", "seen"}, where id is None
    for a new policy of an organization and calendar_id None for the one above it; or {"what": "calendar", "id", "name",
    "definition", "seen"}.
    """
    runs.edit(actor)
    run = runs.begin(runs.DRY_RUN, title, asked, now=now, actor=actor, is_demo=not has_real_clocks())
    runs.tell("sla.dry_run_started", run, actor=actor, now=now)
    return run


@dataclass(frozen=True)
class Trial:
    """A run with what its chunks share: the book under the proposal, and which tickets it is about."""

    run_id: int
    since: datetime
    until: datetime
    is_demo: bool
    book: Book
    which: ColumnElement[bool]

    def count(self) -> int:
        """How many tickets it is about. One statement."""
        return runs.count(self.which)


def trial_of(run: Run) -> Trial:
    """Read what a dry run needs, once for all of its chunks. About eight statements."""
    since, book = run.created_at - timedelta(days=DAYS), book_of_today()
    which = and_(concerned(run.asked, book), tickets.c.is_demo == run.is_demo, in_range(since), tickets.c.created_at <= run.created_at)
    return Trial(run.id, since, run.created_at, run.is_demo, with_proposal(book, run.asked), which)


def in_range(since: datetime) -> ColumnElement[bool]:
    """Tickets with a clock that began since then, or that would have one."""
    began = exists().where(Clock.ticket_id == tickets.c.id, Clock.started_at >= since)
    return or_(tickets.c.created_at >= since, began)


def with_proposal(book: Book, asked: dict[str, Any]) -> Book:
    """The book as if the proposal held, and had always held."""
    if asked["what"] == "calendar":
        [state] = book.calendars[asked["id"]]
        snapshot = {"name": asked["name"], "definition": asked["definition"], "is_default": state.is_default}
        return replace(book, calendars=book.calendars | {state.id: [calendar_state(state.id, state.number + 1, ALWAYS, snapshot)]}, kept={})
    number = asked["id"] or PROPOSED
    before = book.policies[number][0].snapshot if asked["id"] else {"name": "Proposed", "plan_id": None, "calendar_id": None}
    snapshot = {**before, "pause_on_hold": asked["pause_on_hold"], "targets": asked["targets"]}
    snapshot |= {"inherits_calendar": asked["calendar_id"] is None, "calendar_id": asked["calendar_id"] or before["calendar_id"]}
    if not asked["id"]:
        snapshot["organization_id"] = asked["organization_id"]
    return replace(book, policies=book.policies | {number: [PolicyState(number, 0, ALWAYS, snapshot)]}, kept={})


def concerned(asked: dict[str, Any], book: Book) -> ColumnElement[bool]:
    """The tickets that a proposal is about: of the organizations that stand under it, and those with it of their own."""
    if asked["what"] == "policy" and asked["id"] is None:
        return tickets.c.organization_id == asked["organization_id"]
    if asked["what"] == "policy":
        own = select(TicketTerms.ticket_id).where(TicketTerms.policy_id == asked["id"])
        return or_(tickets.c.organization_id.in_(governed([asked["id"]])), tickets.c.id.in_(own))
    number = asked["id"]
    counting = [state.id for [state] in book.policies.values() if counts_by(state, number, book)]
    own = select(TicketTerms.ticket_id).where(TicketTerms.calendar_id == number)
    theirs = select(OrganizationCalendar.organization_id).where(OrganizationCalendar.calendar_id == number)
    return or_(tickets.c.organization_id.in_(governed(counting)), tickets.c.organization_id.in_(theirs), tickets.c.id.in_(own))


def governed(policies: Sequence[int]) -> Any:
    """The organizations whose policy is one of these."""
    plans = select(Policy.plan_id).where(Policy.id.in_(policies or [-1]), Policy.plan_id.is_not(None))
    owners = select(Policy.organization_id).where(Policy.organization_id.is_not(None))
    ours = owners.where(Policy.id.in_(policies or [-1]))
    by_plan = and_(Organization.plan_id.in_(plans), Organization.id.not_in(owners))
    return select(Organization.id).where(or_(by_plan, Organization.id.in_(ours)))


def counts_by(state: PolicyState, calendar: int, book: Book) -> bool:
    """Whether a policy counts by a calendar, or may, since it leaves it to what is above."""
    if not state.snapshot.get("inherits_calendar"):
        return bool(state.snapshot["calendar_id"] == calendar)
    above = [other.snapshot["calendar_id"] for [other] in book.policies.values() if other.snapshot["plan_id"] is not None]
    return calendar in above or book.calendars[calendar][0].is_default


@dataclass(frozen=True)
class Chunk:
    """What a chunk found: its tickets, and a row for each of their clocks."""

    place: int
    ids: Sequence[int]
    rows: list[dict[str, Any]]
    total: int


def examine(trial: Trial, place: int, total: int) -> Chunk:
    """Replay the next tickets. Four statements, one more for the first chunk, which counts them all."""
    query = select(tickets.c.id, tickets.c.ref, tickets.c.organization_id).where(trial.which, tickets.c.id > place)
    found = db.session.execute(query.order_by(tickets.c.id).limit(CHUNK)).all()
    ids = [row.id for row in found]
    events, judged = happenings(ids), stored(ids)
    trial.book.ticket_terms = own_terms(ids)
    rows = [
        finding
        for number, ref, organization in found
        for finding in findings_of(trial, ref, judged[number], tried(trial, number, organization, events[number]))
    ]
    return Chunk(place, ids, rows, total or trial.count())


def tried(trial: Trial, ticket: int, organization: int | None, events: list[Happening]) -> list[Standing]:
    """The clocks of a ticket under the proposal."""
    return standings(ticket, organization, events, trial.book, to_us(trial.until))


def findings_of(trial: Trial, ref: str, judged: Judged, standing: list[Standing]) -> list[dict[str, Any]]:
    """A row for each clock of the range that was or would have been judged. Pure."""
    since, would_be = to_us(trial.since), {(one.life.metric, one.life.sequence): one for one in standing}
    rows = []
    for key in judged.keys() | would_be.keys():
        row, one = judged.get(key), would_be.get(key)
        if not ((row is not None and row.started_at >= trial.since) or (one is not None and one.life.started >= since)):
            continue
        was, would = "none" if row is None else outcome(row, trial.until), "none" if one is None else one.outcome
        if was == would == "none":
            continue
        rows.append({
            "run_id": trial.run_id, "ticket_ref": ref, "metric": key[0], "sequence": key[1],
            "priority": row.priority if row is not None else one.life.priority if one is not None else "",
            "was": was, "would": would, "was_due_at": row.due_at if row is not None else None,
            "would_be_due_at": None if one is None or one.due is None else from_us(one.due),
        })  # fmt: skip
    return rows


def outcome(row: Row[Any], now: datetime) -> str:
    """How a stored clock was judged, in the words of `lives.Standing.outcome`."""
    if row.state == "cancelled":
        return "none"
    if row.breached_at is not None or (row.state == "running" and row.due_at is not None and row.due_at < now):
        return "breached"
    return "met" if row.state == "stopped" else "open"


def keep(chunk: Chunk, run_id: int, *, now: datetime) -> bool:
    """Write what a chunk found and move the run on; whether there may be more. Nothing if somebody else did, or it was cancelled."""
    run = runs.taken(run_id)
    if run is None:
        return False
    if run.place != chunk.place:
        return True
    if chunk.rows:
        db.session.execute(insert(Finding), chunk.rows)
    tally = Counter(run.tally)
    tally.update(".".join((row["metric"], row["priority"], row["was"], row["would"])) for row in chunk.rows)
    run.tally, run.total = dict(tally), chunk.total
    return runs.moved_on(run, chunk.ids, chunk=CHUNK, now=now)


@dataclass
class Line:
    """The figures of one metric and priority, or of all priorities (`all`): {(was, would): clocks}."""

    metric: str
    priority: str
    pairs: Counter[tuple[str, str]]

    def number(self, was: str | None = None, would: str | None = None) -> int:
        """How many were judged so and would be judged so; None is any."""
        return sum(n for pair, n in self.pairs.items() if was in (None, pair[0]) and would in (None, pair[1]))

    def kept(self, side: str) -> float | None:
        """Percent kept of those that were judged: as it `was`, or as it `would` be."""
        met, late = self.number(**{side: "met"}), self.number(**{side: "breached"})
        return 100 * met / (met + late) if met + late else None


def lines(run: Run) -> list[Line]:
    """The figures of a run, by metric and priority. Pure."""
    found: dict[tuple[str, str], Line] = {}
    for key, count in run.tally.items():
        metric, priority, was, would = key.split(".")
        for name in (priority, "all"):
            found.setdefault((metric, name), Line(metric, name, Counter())).pairs[was, would] += count
    return list(found.values())


def findings(run_id: int, *, metric: str, priority: str, was: str, would: str, after: int, limit: int) -> Sequence[Finding]:
    """The clocks behind a number, by id; an empty word is any. One statement."""
    query = select(Finding).where(Finding.run_id == run_id, Finding.id > after)
    for column, value in ((Finding.metric, metric), (Finding.priority, priority), (Finding.was, was), (Finding.would, would)):
        if value:
            query = query.where(column == value)
    return db.session.scalars(query.order_by(Finding.id).limit(limit)).all()
