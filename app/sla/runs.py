"""Long work in chunks: each is one commit, moves the run's place together with what it wrote, and may be the last for now.

So a run survives a restart and a killed worker, is cancelled between two chunks, and goes on where it stopped.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select

from app.accounts.models import Organization, User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.errors import NotAllowed, NotFound, WrongState
from app.sla.held import OPEN
from app.sla.models import Clock, Policy, Run, TicketTerms
from app.sla.terms import tickets

RECOMPUTE, DRY_RUN = "recompute", "dry_run"
# A run without a sign of life for so long is picked up again.
SILENCE = timedelta(seconds=90)
# What has ended is shown and kept for so long.
SHOWN, KEPT = timedelta(days=1), timedelta(days=30)


def begin_recompute(title: str, asked: dict[str, list[int]], *, now: datetime, actor: User | None = None) -> Run:
    """Have the open clocks under some policies, organizations and calendars computed anew; the caller's event queues the work."""
    return begin(RECOMPUTE, title, asked, total=count(under(asked)), now=now, actor=actor)


def begin(kind: str, title: str, asked: dict[str, Any], *, now: datetime, actor: User | None, total: int = 0, is_demo: bool = False) -> Run:
    """A new run. Flushes."""
    run = Run(kind=kind, title=title[:250], asked=asked, total=total, is_demo=is_demo, created_at=now, beat_at=now, tally={})
    run.actor_id = actor.id if actor else None
    db.session.add(run)
    db.session.flush()
    return run


def under(asked: dict[str, list[int]]) -> ColumnElement[bool]:
    """The open tickets that a recomputation is about: with a clock under it, or of an organization that stands under it."""
    policies, organizations, calendars = (asked.get(name) or [-1] for name in ("policies", "organizations", "calendars"))
    clocks = select(Clock.ticket_id).where(Clock.state.in_(OPEN))
    clocks = clocks.where(or_(Clock.policy_id.in_(policies), Clock.calendar_id.in_(calendars)))
    plans = select(Policy.plan_id).where(Policy.id.in_(policies), Policy.plan_id.is_not(None))
    owners = select(Policy.organization_id).where(Policy.id.in_(policies), Policy.organization_id.is_not(None))
    theirs = select(Organization.id).where(or_(Organization.plan_id.in_(plans), Organization.id.in_(owners)))
    own = select(TicketTerms.ticket_id).where(TicketTerms.policy_id.in_(policies))
    return and_(
        tickets.c.status.not_in(("resolved", "closed")),
        or_(
            tickets.c.id.in_(clocks),
            tickets.c.organization_id.in_(theirs),
            tickets.c.organization_id.in_(organizations),
            tickets.c.id.in_(own),
        ),
    )


def count(which: ColumnElement[bool]) -> int:
    """How many tickets that are."""
    return db.session.scalar(select(func.count()).select_from(tickets).where(which)) or 0


def next_ids(which: ColumnElement[bool], after: int, limit: int) -> Sequence[int]:
    """The next of them, by id."""
    return db.session.scalars(select(tickets.c.id).where(which, tickets.c.id > after).order_by(tickets.c.id).limit(limit)).all()


def taken(run_id: int) -> Run | None:
    """A run that goes on, locked until the transaction ends; None if it has ended. One statement."""
    run = db.session.get(Run, run_id, with_for_update=True, populate_existing=True)
    return run if run is not None and run.state == "running" else None


def moved_on(run: Run, ids: Sequence[int], *, chunk: int, now: datetime) -> bool:
    """A chunk is done. Whether there may be another one; otherwise the run has ended."""
    run.done, run.beat_at = run.done + len(ids), now
    run.place = ids[-1] if ids else run.place
    run.total = max(run.total, run.done)
    if len(ids) == chunk:
        return True
    run.state, run.finished_at, run.total = "done", now, run.done
    return False


def silent(now: datetime) -> Sequence[int]:
    """The runs that should go on and show no sign of life."""
    return db.session.scalars(select(Run.id).where(Run.state == "running", Run.beat_at < now - SILENCE).order_by(Run.id)).all()


def cancel(run: Run, *, actor: User, now: datetime) -> None:
    """Stop a dry run after the chunk that is being worked on. One that has ended is left as it is."""
    edit(actor)
    if run.kind != DRY_RUN:
        raise WrongState("Open tickets must follow an edit that was saved. Undo the edit instead.")
    if run.state == "running":
        run.state, run.finished_at = "cancelled", now
        tell("sla.dry_run_cancelled", run, actor=actor, now=now)


def resume(run: Run, *, actor: User, now: datetime) -> bool:
    """Let a cancelled dry run go on where it stopped; whether that changed anything."""
    edit(actor)
    if run.state != "cancelled":
        return False
    run.state, run.finished_at, run.beat_at = "running", None, now
    tell("sla.dry_run_resumed", run, actor=actor, now=now)
    return True


def tell(kind: str, run: Run, *, actor: User, now: datetime) -> None:
    """Record what somebody did with a dry run."""
    record(kind, now=now, actor=actor, facts={"run_id": run.id, "title": run.title})


def edit(actor: User) -> None:
    """Raise NotAllowed for whoever may not change service levels."""
    if not may(actor.role, "sla.edit"):
        raise NotAllowed("Only leads and administrators change service levels.")


def run_of(number: int, kind: str) -> Run:
    """A run of a kind; raises NotFound."""
    run = db.session.get(Run, number)
    if run is None or run.kind != kind:
        raise NotFound()
    return run


def latest(kind: str, now: datetime, limit: int = 5) -> Sequence[Run]:
    """The runs of a kind that go on, or have ended a short while ago; newest first."""
    query: Select[Any] = select(Run).where(Run.kind == kind, or_(Run.state == "running", Run.finished_at > now - SHOWN))
    return db.session.scalars(query.order_by(Run.id.desc()).limit(limit)).all()


def forget(now: datetime) -> int:
    """Delete what ended long ago, with its findings. Returns how many."""
    gone = delete(Run).where(Run.finished_at < now - KEPT).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount)  # type: ignore[attr-defined]
