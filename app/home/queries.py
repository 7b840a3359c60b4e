"""What the portal's home shows besides figures and announcements."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from app.accounts.models import User
from app.analytics.queries import scope, shares
from app.extensions import db
from app.lib.database import at_most, plain_rows
from app.tickets.models import Ticket

RECENT = 5


def recent_tickets(user: Any) -> Sequence[Any]:
    """The newest activity among the organization's tickets, or the person's own: RECENT rows, one statement on one index."""
    shared = shares(user)
    return plain_rows(db.session, recent(shared), {"me": user.id, "us": user.organization_id}).all()


@lru_cache(maxsize=2)
def recent(shared: bool) -> Select[Any]:
    """The statement of `recent_tickets`, built once."""
    assignee = aliased(User)
    query: Any = (
        select(
            Ticket.ref,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.active_at,
            Ticket.next_due_at,
            Ticket.last_public_by,
            assignee.name.label("assignee"),
        )
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .where(scope(shared))
    )
    return cast(Select[Any], query.order_by(Ticket.active_at.desc(), Ticket.id.desc()).limit(at_most(RECENT)))


# Built once. Columns: the page needs no object.
ENGINEER = select(User.id, User.name, User.role).where(User.id == bindparam("engineer"), User.is_at_desk)


def engineer(user: Any) -> Any:
    """Id, name and role of the engineer that the organization has been given, if they still work here. One statement."""
    wanted = user.organization.engineer_id if user.organization else None
    return plain_rows(db.session, ENGINEER, {"engineer": wanted}).first() if wanted is not None else None
