"""Recording what happened."""

from datetime import datetime
from typing import Any, Protocol

from app.events import outbox
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from app.lib.database import write_row


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


def record(
    kind: str,
    *,
    now: datetime,
    facts: dict[str, Any],
    actor: Actor | None = None,
    ticket: About | None = None,
    organization_id: int | None = None,
    public: bool = False,
) -> Event:
    """Write one event into the current transaction, after all that changed before it.

    `actor` is None where the system acted by itself. Raises ValueError for a kind that kinds.py does not name, or
    facts that are not exactly its own. Costs one statement.
    """
    expected = KINDS.get(kind)
    if expected is None or expected != facts.keys():
        raise ValueError(f"{kind} carries {sorted(expected or ())}, not {sorted(facts)}")
    event = Event(
        kind=kind,
        at=now,
        ticket_id=ticket.id if ticket else None,
        organization_id=ticket.organization_id if ticket else organization_id,
        actor_id=actor.id if actor else None,
        impersonator_id=actor.impersonator_id if actor else None,
        is_public=public,
        facts=facts,
    )
    db.session.flush()
    write_row(db.session, event)
    outbox.note(db.session(), event)
    return event
