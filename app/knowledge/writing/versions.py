"""Keeping each text that an entry has had. Only added to: nothing here changes or removes what was kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import User
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.writing.models import Revision, Version
from app.knowledge.writing.snapshots import differing, names_of, snapshot, word_count
from app.lib.database import serialize_on
from app.lib.errors import Stale

BEFORE = "As it stood until then"
TOKEN = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?")


@dataclass(frozen=True)
class Seen:
    """What somebody had before them: the entry's own version, and the number of the text beside it if there was one.

    The first moves with each change of its text or state, also by an import, of which no version is kept until the next change.
    """

    entry: int
    revision: int | None = None

    @classmethod
    def now(cls, entry: Entry, revision: Revision | None) -> "Seen":
        """What there is to see of an entry now."""
        return cls(entry.version, revision.number if revision is not None else None)

    @classmethod
    def of(cls, token: str | None) -> "Seen":
        """What a token names that a form has brought. Whoever brings none, or nonsense, has seen nothing that there is."""
        found = TOKEN.fullmatch(token or "")
        return cls(int(found[1]), int(found[2]) if found[2] else None) if found else cls(0)

    @property
    def token(self) -> str:
        """As forms carry it: `7`, or `7.3` with a text beside it."""
        return str(self.entry) if self.revision is None else f"{self.entry}.{self.revision}"


def keep(entry: Entry, *, actor: User | None, now: datetime, note: str = "") -> Version:
    """Keep the text that the entry has now, if it is another one than the last that it had; that version. Flushes.

    Two or three statements.
    """
    last = last_applied(entry)
    fields = snapshot(entry)
    if last is not None and not differing(last.fields, fields):
        return last
    return add(entry, fields, last.fields if last else {}, actor=actor, now=now, note=note, applied=True)


def keep_before(entry: Entry) -> None:
    """Before a change: keep what stands there, where an import or an older release wrote it. Whoever changes the same entry
    waits until the transaction is over. Two statements if that is done."""
    take_turn(entry)
    if not is_kept(entry, last_applied(entry)):
        keep(entry, actor=None, now=entry.changed_at, note=BEFORE)


def is_kept(entry: Entry, last: Version | None) -> bool:
    """Whether the last text that an entry had is the one that it has now. A column that a release brought since makes it no other."""
    return last is not None and not differing(as_now(entry, last.fields), snapshot(entry))


def take_turn(entry: Entry) -> None:
    """Make those who write the same entry follow one another until their transactions end."""
    serialize_on(db.session, f"knowledge {entry.kind} {entry.id}")


def take_turn_anew(entry: Entry) -> None:
    """The same at the beginning of an action, which then looks at what whoever had the turn before has left."""
    take_turn(entry)
    db.session.refresh(entry)


def revision_of(entry: Entry) -> Revision | None:
    """The text beside the live one, if there is one. One statement."""
    return db.session.get(Revision, (entry.kind, entry.id), populate_existing=True)


def check(entry: Entry, revision: Revision | None, seen: Seen | None, told: str) -> None:
    """Raise Stale, with what is told, where somebody else has changed an entry or the text beside it since. None: nobody looked."""
    if seen is not None and seen != Seen.now(entry, revision):
        raise Stale(told)


def keep_each_before(entries: Sequence[Entry]) -> None:
    """The same for many entries of one kind that an import is about to change. Two statements, and the inserts."""
    if not entries:
        return
    kind, numbers = entries[0].kind, [entry.id for entry in entries]
    mine = (Version.kind == kind, Version.entry_id.in_(numbers))
    newest = select(func.max(Version.id)).where(*mine, Version.applied_at.isnot(None)).group_by(Version.entry_id)
    last = {row.entry_id: row for row in db.session.scalars(select(Version).where(Version.id.in_(newest)))}
    counts = select(Version.entry_id, func.max(Version.number)).where(*mine).group_by(Version.entry_id)
    count = {row[0]: row[1] for row in db.session.execute(counts)}
    for entry in entries:
        fields, before = snapshot(entry), last[entry.id].fields if entry.id in last else {}
        if not is_kept(entry, last.get(entry.id)):
            row = made(entry, count.get(entry.id, 0) + 1, fields, before)
            row.note, row.at, row.applied_at, row.entry_version = BEFORE, entry.changed_at, entry.changed_at, entry.version
            db.session.add(row)


def add(
    entry: Entry, fields: Mapping[str, Any], before: Mapping[str, Any], *, actor: User | None, now: datetime, note: str, applied: bool
) -> Version:
    """A new version with the next number. Raises IntegrityError if somebody takes the number at the same moment. Flushes."""
    row = made(entry, newest_number(entry) + 1, fields, before)
    row.author_id, row.note, row.at = actor.id if actor else None, note, now
    if applied:
        row.applied_at, row.entry_version = now, entry.version
    db.session.add(row)
    db.session.flush()
    return row


def made(entry: Entry, number: int, fields: Mapping[str, Any], before: Mapping[str, Any]) -> Version:
    """A row for a text."""
    changed = differing(before, fields) if before else []
    words = word_count(entry.kind, fields)
    return Version(kind=entry.kind, entry_id=entry.id, number=number, fields=dict(fields), changed=changed, words=words, note="")


def last_applied(entry: Entry) -> Version | None:
    """The last text that the entry itself had. One statement."""
    return db.session.scalar(own(entry))


def own_number(entry: Entry) -> int:
    """The number of the last text that the entry itself had, 0 without one. One statement."""
    return db.session.scalar(own(entry, Version.number)) or 0


def own(entry: Entry, what: Any = Version) -> Any:
    """Selects the last text that the entry itself had, or a column of it. Numbers follow the order in which it had them."""
    return select(what).where(*of(entry), Version.applied_at.isnot(None)).order_by(Version.number.desc()).limit(1)


def newest_number(entry: Entry) -> int:
    """The number of the newest version, 0 without one. One statement."""
    return db.session.scalar(select(func.max(Version.number)).where(*of(entry))) or 0


def current_number(entry: Entry) -> int:
    """The number of the text that is worked on: the one beside the live text, else the entry's own; 0 without one. What was
    given up is neither. Up to two statements."""
    mine = select(Revision.number).where(Revision.kind == entry.kind, Revision.entry_id == entry.id)
    return db.session.scalar(mine) or own_number(entry)


def numbered(entry: Entry, number: int) -> Version | None:
    """One version. One statement."""
    return db.session.scalar(select(Version).where(*of(entry), Version.number == number))


def seen_at(entry: Entry, entry_version: int) -> Version | None:
    """The text that an entry had when its own version was this. One statement."""
    mine = select(Version).where(*of(entry), Version.entry_version <= entry_version)
    return db.session.scalar(mine.order_by(Version.entry_version.desc(), Version.number.desc()).limit(1))


def of(entry: Entry) -> tuple[Any, Any]:
    """The versions of an entry."""
    return Version.kind == entry.kind, Version.entry_id == entry.id


def as_now(entry: Entry, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An old snapshot with the columns that have come since, as the entry has them."""
    return {**snapshot(entry), **{name: value for name, value in fields.items() if name in set(names_of(entry.kind))}}
