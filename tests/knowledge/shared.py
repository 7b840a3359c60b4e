"""What tests of knowledge share: its events, whose kinds go by what follows `knowledge.`, and an answer in German."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.knowledge.translations import actions, queries
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import Words


def kinds() -> list[str]:
    """The kinds of all events of knowledge, in order."""
    query = select(Event.kind).where(Event.kind.startswith("knowledge.")).order_by(Event.id)
    return [kind.removeprefix("knowledge.") for kind in db.session.scalars(query)]


def events(kind: str) -> Sequence[Event]:
    """The events of one kind, in order."""
    return db.session.scalars(select(Event).where(Event.kind == f"knowledge.{kind}").order_by(Event.id)).all()


def in_german(entry: Any, answer: str, **how: Any) -> Translation:
    """Save an answer in German as its editor would who sees what is there; `how`: actor, now, publish."""
    there = queries.translation_of("faq", entry.id, "de")
    draft = Draft(Words("Schwimmen Zebras?", "", answer), there.version if there else None, entry.text_version)
    return actions.save(entry, "de", draft, **how)
