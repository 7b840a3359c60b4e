"""Recording what happened."""

from datetime import datetime
from typing import Any, Protocol

from app.events import outbox
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from app.lib.rows import unwritten, write_changes, write_rows


class Actor(Protocol):
    """Whoever acts: a person, perhaps with an administrator behind them."""

    id: int

    @property
    def impersonator_id(self) -> int | None:
        """The administrator behind "sign in as"."""


class About(Protocol):
    """A ticket, as far as an event needs to know it."""

    id: int
    organization_id: int | None


def record(kind: str, **what: Any) -> Event:
    """Write one event (`what` as in `happened`) into the current transaction, after all that changed before it. Costs one statement."""
    event = happened(kind, **what)
    record_all(event)
    return event


def happened(
    kind: str,
    *,
    now: datetime,
    facts: dict[str, Any],
    actor: Actor | None = None,
    ticket: About | None = None,
    organization_id: int | None = None,
    public: bool = False,
) -> Event:
    """An event that is not written yet.

    `actor` is None where the system acted by itself. Raises ValueError for a kind that kinds.py does not name, or
    facts that are not exactly its own.
    """
    expected = KINDS.get(kind)
    if expected is None or expected != facts.keys():
        raise ValueError(f"{kind} carries {sorted(expected or ())}, not {sorted(facts)}")
    return unwritten(
        Event,
        kind=kind,
        at=now,
        ticket_id=ticket.id if ticket else None,
        organization_id=ticket.organization_id if ticket else organization_id,
        actor_id=actor.id if actor else None,
        impersonator_id=actor.impersonator_id if actor else None,
        is_public=public,
        facts=facts,
    )


def record_all(*events: Event) -> None:
    """Write events in their order, after all that changed before them. One statement for all."""
    write_changes(db.session)
    write_rows(db.session, events)
    outbox.note(db.session(), events)
