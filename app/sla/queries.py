"""What pages are told of clocks: how each stands, why, and what the customer is promised. One statement or two each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.lib.errors import NotFound
from app.sla import clock as pure
from app.sla import words
from app.sla.held import OPEN, Held, held_by, status_changes
from app.sla.hours import SECOND, Piece, from_us, to_us
from app.sla.lately import up_to_date
from app.sla.terms import LABELS, METRICS, RESOLUTION, Subject

# A panel shows so many stretches from the beginning and from the end; the page can show all.
ENDS = 12


@dataclass(frozen=True)
class ClockView:
    """A clock as a page shows it. tone: ok, risk, breach, paused, met or missed; remaining is below 0 beyond the target."""

    id: int
    metric: str
    label: str
    tone: str
    due_at: datetime | None
    target_seconds: int
    remaining_seconds: int
    share_left: int
    elapsed_seconds: int
    # In words: the target, what was used of it, and what is left, over or was used. `ticks`: what is left shrinks each minute.
    target: str
    used: str
    left: str
    ticks: bool
    sequence: int
    started_at: datetime
    stopped_at: datetime | None
    # When the policy or calendar of an open clock was changed while it ran.
    policy_changed_at: datetime | None = None


@dataclass(frozen=True)
class Span:
    """A counted or skipped stretch on the "why" panel; what lies ahead of now is marked."""

    start: datetime
    end: datetime
    counted: bool
    why: str
    ahead: bool

    def __getitem__(self, name: str) -> object:
        """`span["from"]`, `span["to"]`, `span["counted"]`, `span["why"]`, as in `sla replay`."""
        return {"from": self.start, "to": self.end, "counted": self.counted, "why": self.why}[name]


@dataclass(frozen=True)
class Why:
    """Why a clock stands as it does: one sentence, and every stretch from its start on."""

    view: ClockView
    sentence: str
    spans: list[Span]
    counted_seconds: int
    skipped_seconds: int
    counted: str
    is_whole: bool = False
    # Which policy and calendar hold, and why these: (what, words).
    won: Sequence[tuple[str, str]] = ()

    @property
    def shown(self) -> list[Span]:
        """The first and the last stretches, or every one."""
        return self.spans[:ENDS] + self.spans[-ENDS:] if self.left_out else self.spans

    @property
    def left_out(self) -> int:
        """How many stretches in the middle are not shown."""
        return 0 if self.is_whole else max(0, len(self.spans) - 2 * ENDS)


def clocks_for(ticket: Subject, now: datetime, *, all_of_them: bool = False) -> list[ClockView]:
    """The ticket's clocks as they stand, responses first: the last one of each metric, or those of earlier rounds, too.

    Cancelled ones are left out. One statement.
    """
    held = up_to_date(ticket, held_by(ticket.id, all_of_them=all_of_them), now)
    found = [one for one in held if one.clock.state != "cancelled"]
    return [
        view(one, now, ticket.active_at) for one in sorted(found, key=lambda one: (METRICS.index(one.clock.metric), one.clock.sequence))
    ]


def view(one: Held, now: datetime, quiet_since: datetime) -> ClockView:
    """One clock at a moment; nothing has happened to its ticket since `quiet_since`."""
    clock = one.clock
    counted = counted_seconds(one, now, quiet_since)
    remaining = clock.target_seconds - counted
    tone = pure.tone(clock.state, due_at=clock.due_at, warn_at=clock.warn_at, breached_at=clock.breached_at, now=now)
    return ClockView(
        id=clock.id,
        metric=clock.metric,
        label=LABELS[clock.metric],
        tone=tone,
        due_at=clock.due_at,
        target_seconds=clock.target_seconds,
        remaining_seconds=remaining,
        share_left=max(0, min(100, round(100 * remaining / clock.target_seconds))),
        elapsed_seconds=counted,
        target=words.length(clock.target_seconds, one.hours),
        used=words.length(counted, one.hours),
        left=words.left(tone, clock.state, remaining, counted, one.hours),
        ticks=clock.state == "running" and one.hours.is_round_the_clock,
        sequence=clock.sequence,
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        policy_changed_at=words.changed_at(one) if clock.state in OPEN else None,
    )


def counted_seconds(one: Held, now: datetime, quiet_since: datetime) -> int:
    """What a clock has counted, in whole seconds: as stored when it stands, as of now when it runs."""
    if one.clock.state == "running":
        return one.counted(now, quiet_since) // SECOND
    return one.clock.elapsed_seconds or 0


def clock_of(ticket: Subject, clock_id: int) -> Held:
    """One clock of a ticket. Raises NotFound. One statement."""
    for one in held_by(ticket.id, all_of_them=True):
        if one.clock.id == clock_id:
            return one
    raise NotFound()


def why(ticket: Subject, clock_id: int, *, now: datetime, zone: str, is_whole: bool = False) -> Why:
    """Why a clock is due when it is: one sentence in the viewer's zone and every stretch with its rule. Two statements.

    The stretches go up to the deadline or to now, whichever is later, and up to its stop where it has stopped. Raises
    NotFound for a clock of another ticket.
    """
    [one] = up_to_date(ticket, [clock_of(ticket, clock_id)], now)
    case = case_now(one, now)
    end = end_of(one, case, now)
    pieces = pure.explain(case, end)
    shown = view(one, now, ticket.active_at)
    counted = sum(p.end - p.start for p in pieces if p.counted) // SECOND
    return Why(
        view=shown,
        sentence=words.sentence(one, case, shown.tone, now=now, zone=zone),
        spans=[span for piece in pieces for span in spans_of(piece, to_us(now))],
        counted_seconds=counted,
        skipped_seconds=sum(p.end - p.start for p in pieces if not p.counted) // SECOND,
        counted=words.length(counted, one.hours),
        is_whole=is_whole,
        won=words.won(one, zone),
    )


def case_now(one: Held, now: datetime) -> pure.Case:
    """The clock with all that it has seen: until it stopped, or until now."""
    return one.case(status_changes(one.clock.ticket_id, until=one.clock.stopped_at or now))


def end_of(one: Held, case: pure.Case, now: datetime) -> int:
    """Up to where a clock is explained."""
    if one.clock.stopped_at is not None:
        return to_us(one.clock.stopped_at)
    due = pure.due(case)
    return max(to_us(now), due) if due is not None and not case.stands_still else to_us(now)


def spans_of(piece: Piece, now: int) -> list[Span]:
    """A stretch, cut at the present moment."""
    if piece.start < now < piece.end:
        return spans_of(Piece(piece.start, now, piece.counted, piece.why), now) + spans_of(
            Piece(now, piece.end, piece.counted, piece.why), now
        )
    return [Span(from_us(piece.start), from_us(piece.end), piece.counted, piece.why, piece.start >= now)]


def promise(ticket: Subject, *, now: datetime, zone: str) -> str | None:
    """What the customer is promised next, in one sentence and in their zone; None where nothing is. One statement."""
    if ticket.status in ("resolved", "closed"):
        return None
    found = up_to_date(ticket, held_by(ticket.id), now)
    running = [one for one in found if one.clock.state == "running" and one.clock.due_at is not None]
    if running:
        responses = [one for one in running if one.clock.metric != RESOLUTION]
        return words.promised((responses or running)[0], now=now, zone=zone)
    paused = next((one for one in found if one.clock.state == "paused"), None)
    return words.waits(paused, ticket.status) if paused is not None else None
