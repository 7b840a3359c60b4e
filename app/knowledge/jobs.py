"""What follows from changes to knowledge, in the background: the index, and what readers did."""

from app.events.models import Event
from app.extensions import db
from app.knowledge import indexing
from app.knowledge.learning import counting
from app.lib import database
from app.lib.clock import utcnow


def index_entry(event_id: int) -> None:
    """After an entry was published, taken back or changed: the index. Again is harmless."""
    event = db.session.get(Event, event_id)
    if event is not None:
        indexing.refresh(event.facts["kind"], event.facts["entry_id"])


def index_import(event_id: int) -> None:
    """After an import, or other words of the vocabulary: the index. Again is harmless."""
    indexing.catch_up()


def note_reading() -> None:
    """Each minute: count what was read and searched for. Again, or beside another, counts nothing twice."""
    with database.writing():
        batch = counting.count(utcnow())
        db.session.commit()
    counting.finish(batch)
