"""Taking in what was sent at the desk, and forgetting what nobody wanted."""

from sqlalchemy.orm import undefer

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db
from app.knowledge.exchange import actions
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import from_upload
from app.knowledge.exchange.pieces import Piece, pieces
from app.knowledge.translations.languages import locales
from app.lib.clock import utcnow
from app.lib.database import writing


def take_in(event_id: int) -> None:
    """`knowledge.import_confirmed`: import the upload from where it is, a transaction for each piece.

    One that died is gone on with, by the queue or by who looks at its page; two that are at the same upload take turns.
    """
    event = db.session.get(Event, event_id)
    upload = db.session.get(KnowledgeUpload, event.facts["upload_id"], options=[undefer(KnowledgeUpload.data)]) if event else None
    if event is None or upload is None or upload.state != "taking":
        return
    number, name, data, actor_id = upload.id, upload.name, upload.data, event.actor_id
    db.session.rollback()
    for piece in pieces(from_upload(name, data).only_in(locales())):
        take_piece(number, piece, actor_id)
    with writing():
        row = actions.taking(number)
        if row is not None:
            actions.finish(row, actor=actor_of(actor_id), now=utcnow())
        db.session.commit()


def take_piece(number: int, piece: Piece, actor_id: int | None) -> None:
    """Import one piece and note it with the upload, which is locked meanwhile; one that is done already is passed over."""
    with writing():
        row = actions.taking(number)
        if row is not None and row.done < piece.end:
            now, actor = utcnow(), actor_of(actor_id)
            told = piece.take_in(source=row.name, now=now, actor=actor)
            actions.note_piece(row, piece.end, told, now=now)
        db.session.commit()


def actor_of(number: int | None) -> User | None:
    """Who confirmed it."""
    return db.session.get(User, number) if number is not None else None


def forget() -> int:
    """Each hour: forget uploads that nobody took in within a day. Returns how many."""
    with writing():
        gone = actions.forget_old(utcnow())
        db.session.commit()
    return gone
