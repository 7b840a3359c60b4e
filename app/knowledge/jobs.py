"""What follows from changes to knowledge, in the background: the index, and what readers did."""

from app.events.models import Event
from app.extensions import db
from app.knowledge import indexing, readers
from app.lib import database
from app.lib.clock import utcnow


def index_entry(event_id: int) -> None:
    """After an entry was published, taken back or changed: the index. Again is harmless."""
    event = db.session.get(Event, event_id)
    if event is not None:
        indexing.refresh(event.facts["kind"], event.facts["entry_id"])


def index_import(event_id: int) -> None:
    """After an import: the index. Again is harmless."""
    indexing.catch_up()


def catch_up() -> None:
    """Every few minutes: whatever the index missed. Again is harmless."""
    indexing.catch_up()


def note_reading() -> None:
    """Each minute: count what was read and searched for. Nothing is counted twice unless we die in between."""
    with database.writing():
        counted = readers.note(utcnow())
        db.session.commit()
    readers.forget(counted)
