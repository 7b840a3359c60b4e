"""Pictures in texts: kept where attachments lie, shown to whoever may read a text that has them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_urlsafe

from flask import current_app
from sqlalchemy import delete, func, select
from werkzeug.datastructures import FileStorage

from app.accounts.models import User
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.translations.models import Translation
from app.knowledge.writing.models import Picture, PictureUse
from app.knowledge.writing.rules import writers_only
from app.knowledge.writing.snapshots import MAIN
from app.lib.errors import Invalid
from app.tickets import files

FOLDER = "/help/pictures/"
ADDRESS = re.compile(rf"{FOLDER}([\w-]{{22}})")
MAX_BYTES = 5_000_000
# What one person may upload within an hour.
HOUR_MAX = 60
MOST_IN_A_TEXT = 200


def add(file: FileStorage, *, actor: User, now: datetime) -> Picture:
    """Keep a picture; its type is decided from its content. Raises Invalid for anything else, or too much, and NotAllowed.

    No event: nothing has happened to an entry until its text shows it.
    """
    writers_only(actor.role)
    mine = select(func.count()).where(Picture.uploader_id == actor.id, Picture.created_at > now - timedelta(hours=1))
    if (db.session.scalar(mine) or 0) >= HOUR_MAX:
        raise Invalid("You have added very many pictures within the hour. Try again later.")
    name = files.clean_name(file.filename)
    try:
        stored = files.store(file.stream, min(MAX_BYTES, current_app.config["SETTINGS"].attachment_max_bytes))
    except Invalid as refused:
        raise Invalid(f"“{name}” {refused.message}.") from refused
    finally:
        file.close()
    if not files.is_shown(stored.media_type):
        files.remove(stored.key)
        raise Invalid(f"“{name}” is no picture that pages can show. Use PNG, JPEG, GIF or WebP.")
    row = Picture(
        ref=token_urlsafe(16),
        name=name,
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        storage_key=stored.key,
        uploader_id=actor.id,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def refs_in(text: str) -> list[str]:
    """The pictures that a text shows, each once."""
    return list(dict.fromkeys(ADDRESS.findall(text)))[:MOST_IN_A_TEXT]


def refs_of(entry: Entry) -> list[str]:
    """The pictures that an entry shows in its own language."""
    return refs_in(getattr(entry, MAIN[entry.kind]) or "")


def refs_abroad(entry: Entry) -> list[str]:
    """Those that its readers see in other languages. One statement."""
    mine = (Translation.kind == entry.kind, Translation.entry_id == entry.id, Translation.status == "published")
    return refs_in("\n".join(db.session.scalars(select(Translation.body).where(*mine, Translation.body.contains(FOLDER)))))


def showing(entries: Sequence[Entry]) -> set[int]:
    """Which of some entries of one kind are known to show pictures. One statement."""
    mine = (PictureUse.kind == entries[0].kind, PictureUse.entry_id.in_([entry.id for entry in entries]))
    return set(db.session.scalars(select(PictureUse.entry_id).where(*mine)))


def note_uses(entry: Entry) -> None:
    """After an entry, or a translation of it, took another text: which pictures it shows. Two statements where it shows none and
    showed none; else up to five."""
    refs = [*refs_of(entry), *refs_abroad(entry)]
    wanted = set(db.session.scalars(select(Picture.id).where(Picture.ref.in_(refs)))) if refs else set()
    mine = (PictureUse.kind == entry.kind, PictureUse.entry_id == entry.id)
    there = set(db.session.scalars(select(PictureUse.picture_id).where(*mine)))
    if there - wanted:
        db.session.execute(delete(PictureUse).where(*mine, PictureUse.picture_id.in_(there - wanted)))
    db.session.add_all(PictureUse(kind=entry.kind, entry_id=entry.id, picture_id=number) for number in sorted(wanted - there))
    db.session.flush()
