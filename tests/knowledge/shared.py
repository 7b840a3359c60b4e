"""What the tests of knowledge ask about its events. Their kinds go by what follows `knowledge.`."""

from collections.abc import Sequence

from sqlalchemy import select

from app.events.models import Event
from app.extensions import db


def kinds() -> list[str]:
    """The kinds of all events of knowledge, in order."""
    query = select(Event.kind).where(Event.kind.startswith("knowledge.")).order_by(Event.id)
    return [kind.removeprefix("knowledge.") for kind in db.session.scalars(query)]


def events(kind: str) -> Sequence[Event]:
    """The events of one kind, in order."""
    return db.session.scalars(select(Event).where(Event.kind == f"knowledge.{kind}").order_by(Event.id)).all()
