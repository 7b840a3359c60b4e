"""Files before their message is sent: staged for their owner, within a quota, and swept after a day.

A staged file is nobody else's, and becomes an attachment when its message is written (actions.add_message). No event
is recorded: nothing has happened to a ticket yet. None commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from flask import current_app
from sqlalchemy import func, select, union_all
from werkzeug.datastructures import FileStorage

from app.accounts.models import User
from app.extensions import db
from app.lib.errors import Invalid
from app.tickets import files
from app.tickets.models import Attachment, StagedFile

MAX_FILES = 10
# What one message may carry, and one person upload within an hour.
MESSAGE_MAX_BYTES = 25_000_000
HOUR_MAX_BYTES = 100_000_000
HOUR_MAX_FILES = 100
KEPT = timedelta(days=1)
BATCH = 200


@dataclass(frozen=True)
class Received:
    """What goes with a form: the files, what was wrong with others, and whether some are no longer there."""

    kept: tuple[StagedFile, ...] = ()
    problems: tuple[str, ...] = ()
    is_missing: bool = False


def receive(owner: User, refs: Sequence[str], sent: Sequence[FileStorage], *, now: datetime, without: str = "") -> Received:
    """The files that a form names (`refs`, staged before; `without` is taken off) and those that it brings.

    What cannot be taken is told in `problems`, and the rest is kept. No statement for a form without files.
    """
    wanted = [ref for ref in dict.fromkeys(refs) if ref][: MAX_FILES * 2]
    kept = staged(owner, wanted)
    missing = len(kept) < len(wanted)
    for taken_off in (one for one in kept if one.ref == without):
        drop(taken_off)
    kept = [one for one in kept if one.ref != without]
    problems = ["Some files are no longer here. Attach them again."] if missing else []
    fresh = [file for file in sent if file.filename]
    left = quota(owner, now) if fresh else (0, 0)
    for file in fresh:
        try:
            added = stage(owner, file, kept, left, now=now)
        except Invalid as refused:
            problems.append(f"“{files.clean_name(file.filename)}” {refused.message}.")
            continue
        left = (left[0] - 1, left[1] - added.size_bytes)
        kept.append(added)
    return Received(tuple(kept), tuple(problems), missing)


def staged(owner: User, refs: Sequence[str]) -> list[StagedFile]:
    """The person's own staged files of these refs, in their order; others' are not found. One statement, none without refs."""
    if not refs:
        return []
    found = db.session.scalars(select(StagedFile).where(StagedFile.owner_id == owner.id, StagedFile.ref.in_(refs)))
    by_ref = {file.ref: file for file in found}
    return [by_ref[ref] for ref in refs if ref in by_ref]


def stage(owner: User, file: FileStorage, beside: Sequence[StagedFile], left: tuple[int, int], *, now: datetime) -> StagedFile:
    """Store one file for its owner. Raises Invalid, with the end of a sentence that begins with the file's name."""
    settings = current_app.config["SETTINGS"]
    if len(beside) >= MAX_FILES:
        raise Invalid(f"was left out, since a message takes {MAX_FILES} files")
    if left[0] <= 0 or left[1] <= 0:
        raise Invalid("was left out, since you have uploaded very much within the hour. Try again later")
    room = MESSAGE_MAX_BYTES - sum(other.size_bytes for other in beside)
    if room <= 0:
        raise Invalid(f"was left out, since a message takes {MESSAGE_MAX_BYTES // 1_000_000} MB")
    stored = files.store(file.stream, min(settings.attachment_max_bytes, room, left[1]))
    row = StagedFile(
        ref=token_urlsafe(16),
        owner_id=owner.id,
        name=files.clean_name(file.filename),
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        storage_key=stored.key,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def quota(owner: User, now: datetime) -> tuple[int, int]:
    """(files, bytes) that the person may still upload within this hour. One statement."""
    since = now - timedelta(hours=1)
    waiting = select(StagedFile.size_bytes.label("size")).where(StagedFile.owner_id == owner.id, StagedFile.created_at > since)
    sent = select(Attachment.size_bytes.label("size")).where(Attachment.uploader_id == owner.id, Attachment.created_at > since)
    both = union_all(waiting, sent).subquery()
    count, size = db.session.execute(select(func.count(), func.coalesce(func.sum(both.c.size), 0)).select_from(both)).one()
    return HOUR_MAX_FILES - count, HOUR_MAX_BYTES - int(size)


def drop(file: StagedFile) -> None:
    """Forget a staged file: its row, and its bytes."""
    files.remove(file.storage_key)
    db.session.delete(file)
    db.session.flush()


def sweep(now: datetime) -> int:
    """Drop up to BATCH staged files that nobody has sent within KEPT. Returns how many; a repeat goes on."""
    old = db.session.scalars(select(StagedFile).where(StagedFile.created_at < now - KEPT).order_by(StagedFile.id).limit(BATCH)).all()
    for file in old:
        files.remove(file.storage_key)
        db.session.delete(file)
    db.session.flush()
    return len(old)
