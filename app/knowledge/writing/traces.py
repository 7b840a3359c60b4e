"""What every change of an entry leaves behind, whoever makes it: its version, its old address, its pictures, its next review."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update

from app.accounts.models import User
from app.extensions import db
from app.knowledge.models import Entry, Faq
from app.knowledge.translations.rules import ORIGINAL, kind_in
from app.knowledge.writing import pictures, plans, redirects, versions
from app.knowledge.writing.models import Plan, Review, Revision
from app.knowledge.writing.rules import next_review
from app.lib.times import local

QUIET = {"synchronize_session": False}


def before(entry: Entry) -> str:
    """Before a change: what stands there is kept. Its address, for `after`."""
    versions.keep_before(entry)
    return redirects.path_of(entry)


def after(entry: Entry, address: str | None, *, actor: User | None, now: datetime, note: str = "") -> int:
    """After a change (`address` is None for a new entry); flushes. The number of the version that it is now. Up to ten statements."""
    schedule_review(entry, now)
    db.session.flush()
    redirects.settle(entry, address, now)
    pictures.note_uses(entry)
    return versions.keep(entry, actor=actor, now=now, note=note).number


def before_import(entries: Sequence[Entry]) -> None:
    """Before a file changes entries of one kind, whose addresses stay: what stands there is kept."""
    versions.keep_each_before(entries)


def after_import(entries: Sequence[Entry]) -> None:
    """After a file has written entries of one kind; flushes. Their addresses are nobody else's old ones any more, and their
    pictures are shown to their readers. A next review is only what the file says. Two statements, up to five for each that has
    pictures or had some."""
    db.session.flush()
    if not entries:
        return
    redirects.occupy([redirects.path_of(entry) for entry in entries])
    having = pictures.showing(entries)
    for entry in entries:
        if entry.id in having or pictures.refs_of(entry):
            pictures.note_uses(entry)


def settle_work(entry: Entry, *, actor: User | None, now: datetime) -> None:
    """Once readers see the newest text: no work beside it, no open review, no plan to publish. Three statements."""
    db.session.execute(delete(Revision).where(Revision.kind == entry.kind, Revision.entry_id == entry.id), execution_options=QUIET)
    settle(entry, ORIGINAL, actor=actor, now=now)


def settle(entry: Entry, locale: str, *, actor: User | None, now: datetime) -> None:
    """Once readers see the newest text in a language, or it is given up: no open review and no plan to publish. Two statements."""
    close_review(entry, locale, actor=actor, now=now)
    plans.dropped(entry, "publish", locale)


def same_text(entry: Entry, before: int) -> None:
    """After a change of its state alone, from the version `before`: what is worked on beside the text is still of that text. One statement."""
    mine = update(Revision).where(Revision.kind == entry.kind, Revision.entry_id == entry.id, Revision.based_on == before)
    db.session.execute(mine.values(based_on=entry.version), execution_options={"synchronize_session": "fetch"})


def same_translation(entry: Entry, locale: str, before: int, after: int) -> None:
    """After a change of the state of a translation alone, which moved its version: what was said and planned of its text holds. Two
    statements."""
    for table in (Review, Plan):
        mine = update(table).where(table.kind == kind_in(entry.kind, locale), table.entry_id == entry.id, table.number == before)
        db.session.execute(mine.values(number=after), execution_options={"synchronize_session": "fetch"})


def close_review(entry: Entry, locale: str, *, actor: User | None, now: datetime) -> None:
    """An open review that nobody has to answer any more. One statement."""
    mine = (Review.kind == kind_in(entry.kind, locale), Review.entry_id == entry.id)
    open_one = update(Review).where(*mine, Review.state == "asked")
    values = {"state": "closed", "answered_by_id": actor.id if actor else None, "answered_at": now}
    db.session.execute(open_one.values(**values), execution_options={"synchronize_session": "fetch"})


def schedule_review(entry: Entry, now: datetime) -> None:
    """Whatever readers see is looked at again some day. The day counts in UTC."""
    if entry.status == "published" and entry.review_on is None:
        section = entry.category if isinstance(entry, Faq) else entry.section
        entry.review_on = next_review(section, local(now, "UTC").date())
