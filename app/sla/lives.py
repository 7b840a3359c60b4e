"""The clocks of a ticket from its events and the versions of policies and calendars alone. Pure: what replays and dry runs ask.

It follows the same rules as `actions.py`, which keeps the stored rows in step as things happen; a test with random
histories holds the two together, and `hive-support sla verify` compares a system's rows with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast

from app.sla import clock as pure
from app.sla.book import Book
from app.sla.hours import SECOND, from_us, to_us
from app.sla.terms import FIRST, NEXT, RESOLUTION, RESPONSES, Subject, Terms, promised_seconds

DONE = ("resolved", "closed")
NOBODY: frozenset[str] = frozenset()
STATUS_SET = ("ticket.status_changed", "ticket.resolved", "ticket.reopened")
# What is replayed; every other kind of event changes no clock.
KINDS = (
    "ticket.opened",
    "ticket.triaged",
    "ticket.replied",
    "ticket.status_changed",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.closed",
    "ticket.priority_changed",
    "ticket.priority_confirmed",
    "ticket.moved",
    "ticket.escalated",
    "ticket.deescalated",
    "ticket.thanks_dismissed",
    "ticket.merged",
    "ticket.joined",
    "ticket.unmerged",
    "ticket.split",
    "ticket.split_off",
)
# What tells how a new ticket begins, after its opening.
BEGINNINGS = ("ticket.triaged", "ticket.split_off")


class Happening(NamedTuple):
    """An event of a ticket: when (microseconds), of which kind, with which facts."""

    at: int
    kind: str
    facts: dict[str, Any]


@dataclass(slots=True)
class Life:
    """One clock: what it runs by, since when, and how it ended. Instants are microseconds."""

    metric: str
    sequence: int
    started: int
    priority: str
    terms: Terms
    target_seconds: int
    state: str = "running"
    ended: int | None = None
    # The changes of status that it has seen when it ended.
    seen: list[pure.Change] = field(default_factory=list)

    def case(self, changes: list[pure.Change]) -> pure.Case:
        """The clock as a pure case: only a resolution clock is ever paused."""
        if self.metric == RESOLUTION:
            return pure.Case(self.terms.hours, self.started, self.target_seconds * SECOND, changes, paused=self.terms.paused)
        return pure.Case(self.terms.hours, self.started, self.target_seconds * SECOND, (), paused=NOBODY)


class Standing(NamedTuple):
    """A life at the end of a replay, as its row would be: state, deadlines and counted time; `breached` is when it was used up."""

    life: Life
    state: str
    due: int | None
    breached: int | None
    elapsed_seconds: int | None

    @property
    def outcome(self) -> str:
        """`met`, `breached`, `open` or, where nothing is promised any more, `none`."""
        if self.state == "cancelled":
            return "none"
        if self.breached is not None:
            return "breached"
        return "met" if self.state == "stopped" else "open"


@dataclass
class Course:
    """A ticket on its way through its events: what clocks read of it, and the clocks. The names are those of `terms.Subject`."""

    id: int
    organization_id: int | None
    book: Book
    # When it was opened, and since when it is waited for: since then, or since what was split off as this ticket was written.
    opened: int = 0
    created: int = 0
    status: str = "new"
    promised_priority: str = "medium"
    last_public_by: str = "customer"
    is_responded: bool = False
    escalated_at: datetime | None = None
    escalated_minutes: int | None = None
    is_started: bool = False
    changes: list[pure.Change] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    last: dict[str, Life] = field(default_factory=dict)
    known: dict[str, Terms | None] = field(default_factory=dict)
    # The moments at which policies, calendars or whose they are changed, the next one last.
    turns: list[int] = field(default_factory=list)

    def terms(self, at: int) -> Terms | None:
        """What holds for it at a moment; looked up once for each priority between two turns."""
        if self.promised_priority not in self.known:
            self.known[self.promised_priority] = self.book.terms(self.id, self.organization_id, self.promised_priority, at)
        return self.known[self.promised_priority]

    @property
    def is_answered(self) -> bool:
        """Whether the first response is behind it."""
        first = self.last.get(FIRST)
        return self.is_responded or (first is not None and first.state == "stopped")

    def begin(self, terms: Terms, metric: str, started: int) -> Life:
        """A new clock of a metric."""
        before = self.last.get(metric)
        life = Life(
            metric, before.sequence + 1 if before else 1, started, self.promised_priority, terms, self.target(terms, metric, started)
        )
        self.lives.append(life)
        self.last[metric] = life
        return life

    def target(self, terms: Terms, metric: str, started: int) -> int:
        """What is promised for a metric, in counted seconds."""
        if self.escalated_minutes is None:
            return terms.minutes[metric] * 60
        return promised_seconds(cast(Subject, self), terms, metric, from_us(started))[0]


def replay(ticket: int, organization: int | None, happenings: Iterable[Happening], book: Book, until: int) -> Course:
    """A ticket with the clocks that it has had by an instant, after which nothing that happened matters."""
    course = Course(ticket, organization, book)
    at: int | None = None
    for happening in happenings:
        if happening.at > until:
            break
        if at is None:
            course.opened = course.created = happening.at
            course.turns = book.turns(ticket, organization, happening.at, until)[::-1]
        elif course.turns and (course.is_started or happening.kind not in BEGINNINGS):
            turn(course, happening.at)
        at = happening.at
        take(course, happening)
    if at is not None:
        turn(course, until)
    return course


def take(course: Course, happening: Happening) -> None:
    """One event."""
    at, kind, facts = happening
    if kind == "ticket.opened":
        course.status, course.promised_priority = facts["status"], facts["priority"]
        course.changes.append(pure.Change(at, facts["status"]))
        return
    if kind == "ticket.triaged" and not course.is_started:
        course.promised_priority = facts["priority"] or course.promised_priority
        start(course)
        return
    if kind == "ticket.split_off":
        split_off(course, facts)
    if not course.is_started:
        start(course)
    old, status = course.status, facts.get("status")
    if status:
        course.status = status
        course.changes.append(pure.Change(at, status))
    if kind == "ticket.replied":
        if not facts["is_automatic"]:
            replied(course, facts["by_staff"], at)
    elif kind in STATUS_SET:
        status_changed(course, old, at)
    elif kind in ("ticket.escalated", "ticket.deescalated"):
        escalated(course, kind, facts, at)
    elif kind == "ticket.thanks_dismissed":
        dismissed(course, to_us(datetime.fromisoformat(facts["thanked_at"])), at)
    elif kind == "ticket.merged":
        dismissed(course, course.created, at)
    elif kind == "ticket.joined":
        if facts["is_unanswered"]:
            replied(course, False, at)
    elif kind == "ticket.split":
        split(course, facts["last_public_by"], at)
    elif kind not in ("ticket.closed", "ticket.split_off"):
        course.promised_priority = facts.get("priority") or course.promised_priority
        retarget(course, at)


def start(course: Course, waits_since: int | None = None) -> None:
    """Begin the clocks of a new ticket, once; the next response, if one waits for it, where the first is behind it already."""
    if course.is_started:
        return
    course.is_started = True
    terms = course.terms(course.opened)
    begun = {FIRST: course.created} if not course.is_responded else {NEXT: waits_since} if waits_since is not None else {}
    for metric, since in (begun | {RESOLUTION: course.created}).items():
        if terms is not None and metric in terms.minutes:
            course.begin(terms, metric, since)


def split_off(course: Course, facts: dict[str, Any]) -> None:
    """It begins with what was said on another ticket, and is waited for since then."""
    waits_since = facts["waits_since"] and to_us(datetime.fromisoformat(facts["waits_since"]))
    course.created, course.is_responded = to_us(datetime.fromisoformat(facts["since"])), facts["is_answered"]
    course.last_public_by = "customer" if waits_since is not None else "staff"
    start(course, waits_since)


def split(course: Course, last_public_by: str, at: int) -> None:
    """Some of what was said goes on in another ticket; what is last now is somebody else's word, or the same one's as before."""
    before, course.last_public_by = course.last_public_by, last_public_by
    if course.status in DONE or last_public_by == before:
        return
    following = course.last.get(NEXT)
    if last_public_by == "customer":
        replied(course, False, at)
    elif following is not None and following.state == "running" and course.escalated_minutes is None:
        following.state, following.ended = "cancelled", at


def turn(course: Course, until: int) -> None:
    """Policies, calendars or whose they are changed before the next event."""
    start(course)
    while course.turns and course.turns[-1] <= until:
        course.known.clear()
        retarget(course, course.turns.pop())


def replied(course: Course, by_staff: bool, at: int) -> None:
    """Somebody wrote in public."""
    course.last_public_by = "staff" if by_staff else "customer"
    course.is_responded = course.is_responded or by_staff
    if by_staff:
        for metric in RESPONSES:
            stop(course, course.last.get(metric), at)
    settle(course, at)
    if not by_staff and course.status not in DONE:
        expect_answer(course, at)


def status_changed(course: Course, old: str, at: int) -> None:
    """The status is another one."""
    settle(course, at)
    if old in DONE and course.status not in DONE and course.last_public_by == "customer":
        expect_answer(course, at)


def settle(course: Course, at: int) -> None:
    """Bring clocks in step with the status."""
    if course.status in DONE:
        for life in course.last.values():
            stop(course, life, at)
        return
    resolution = course.last.get(RESOLUTION)
    if resolution is not None:
        follow(course, resolution, at)


def follow(course: Course, life: Life, at: int) -> None:
    """The resolution of an open ticket: paused, resumed, or begun anew because the ticket was reopened."""
    if life.state in ("stopped", "cancelled"):
        terms = course.terms(at)
        if terms is None or RESOLUTION not in terms.minutes:
            return
        life = course.begin(terms, RESOLUTION, at)
    life.state = "paused" if course.status in life.terms.paused else "running"


def stop(course: Course, life: Life | None, at: int) -> None:
    """End a clock; one that has ended stays as it is."""
    if life is not None and life.state in ("running", "paused"):
        if life.metric == RESOLUTION:
            # The status that ends it is the last one, and no pause of it.
            life.seen = course.changes[:-1]
        life.state, life.ended = "stopped", at


def expect_answer(course: Course, at: int) -> None:
    """Begin the next response, unless a response clock runs or the first answer is still to come."""
    if any(life.state == "running" for metric in RESPONSES if (life := course.last.get(metric))) or not course.is_answered:
        return
    terms = course.terms(at)
    if terms is not None and NEXT in terms.minutes:
        course.begin(terms, NEXT, at)


def escalated(course: Course, kind: str, facts: dict[str, Any], at: int) -> None:
    """An escalation caps responses and asks for one; taken back, it does neither."""
    if kind == "ticket.deescalated":
        following = course.last.get(NEXT)
        if following is not None and following.state == "running" and course.last_public_by == "staff":
            following.state, following.ended = "cancelled", at
        course.escalated_at = course.escalated_minutes = None
        retarget(course, at)
        return
    course.escalated_at = course.escalated_at or from_us(at)
    course.escalated_minutes = facts["response_minutes"]
    retarget(course, at)
    if course.escalated_minutes is not None and course.status not in DONE:
        expect_answer(course, at)


def dismissed(course: Course, since: int, at: int) -> None:
    """The reopening of `since` was only a thank-you: what it began is cancelled."""
    for life in course.last.values():
        if life.state in ("running", "paused") and life.started >= since:
            life.state, life.ended = "cancelled", at


def retarget(course: Course, at: int) -> None:
    """Priority, policy or calendar changed: open clocks run by what holds now, from their beginning."""
    terms = course.terms(at)
    begin_missing(course, terms, at)
    for life in course.last.values():
        if life.state != "stopped" and (life.state != "cancelled" or is_wanted(course, life)):
            aim(course, life, terms, at)


def begin_missing(course: Course, terms: Terms | None, at: int) -> None:
    """Clocks that it should have and never had; where nothing was promised at all until now, they begin now."""
    if terms is None or course.status in DONE:
        return
    since = course.created if course.last else at
    for metric in [RESOLUTION] if course.is_answered else [FIRST, RESOLUTION]:
        if metric in terms.minutes and metric not in course.last:
            course.begin(terms, metric, since)


def is_wanted(course: Course, life: Life) -> bool:
    """Whether a cancelled clock would still run if it had a target."""
    if course.status in DONE:
        return False
    if life.metric == RESOLUTION:
        return True
    return not course.is_responded if life.metric == FIRST else course.last_public_by == "customer"


def aim(course: Course, life: Life, terms: Terms | None, at: int) -> None:
    """One clock under the terms that hold now."""
    life.priority = course.promised_priority
    if terms is None or life.metric not in terms.minutes:
        if life.state != "cancelled":
            life.state, life.ended = "cancelled", at
        return
    life.terms, life.ended = terms, None
    life.target_seconds = course.target(terms, life.metric, life.started)
    is_paused = life.metric == RESOLUTION and course.status in terms.paused
    life.state = "paused" if is_paused else "running"


def standing(life: Life, changes: list[pure.Change], until: int) -> Standing:
    """How a life stands at an instant; `changes` are all changes of status of its ticket."""
    if life.state == "cancelled":
        return Standing(life, "cancelled", None, None, None)
    if life.state == "stopped" and life.ended is not None and life.metric != RESOLUTION:
        # What is never paused needs no case: most clocks of a long ticket are such.
        hours, due = life.terms.hours, life.terms.hours.advance(life.started, life.target_seconds * SECOND)
        late = due if due is not None and due < life.ended else None
        return Standing(life, "stopped", due, late, hours.counted(life.started, life.ended) // SECOND)
    if life.state == "stopped" and life.ended is not None:
        case = life.case(life.seen)
        due = pure.due(case)
        late = due if due is not None and due < life.ended else None
        shown = None if case.stands_still else due
        return Standing(life, "stopped", shown, late, pure.elapsed(case, life.ended) // SECOND)
    stands = pure.position(life.case(changes), until)
    return Standing(life, stands.state, stands.due, stands.late_since, None if stands.counted is None else stands.counted // SECOND)
