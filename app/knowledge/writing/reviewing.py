"""A second pair of eyes: asking for it, and answering. Each action checks, changes rows, records one event and flushes."""

from datetime import datetime

from sqlalchemy import update

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.translations.rules import ORIGINAL, kind_in
from app.knowledge.writing import approvals, publishing, versions
from app.knowledge.writing.models import Review
from app.knowledge.writing.rules import MAX_COMMENT, may_answer, writers_only
from app.knowledge.writing.versions import Seen
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.lib.text import many_lines

NOTHING_NEW = "Readers see this text already, so there is nothing to review. Change it first."
MOVED_ON = "The text has changed since you opened it. Look at what is new, then answer."


def ask(entry: Entry, reviewer: User | None, note: str, *, actor: User, now: datetime) -> Review:
    """Ask somebody, or any lead, to look at the newest text. The same question again changes nothing; another one takes its place.

    Raises NotAllowed, WrongState where readers see the newest text already, Invalid for who cannot answer.
    """
    writers_only(actor.role)
    revision = versions.revision_of(entry)
    if entry.status == "published" and revision is None:
        raise WrongState(NOTHING_NEW)
    if entry.status == "archived":
        raise WrongState("This draft is archived. Take it back to the drafts first.")
    versions.keep_before(entry)
    return put(entry, reviewer, note, number=versions.current_number(entry), actor=actor, now=now)


def put(entry: Entry, reviewer: User | None, note: str, *, number: int, locale: str = ORIGINAL, actor: User, now: datetime) -> Review:
    """Put the question about the version `number` of a text, in whichever language. Raises Invalid for who cannot answer."""
    if reviewer is not None and (reviewer.id == actor.id or not reviewer.is_enabled or not may(reviewer.role, "knowledge.write")):
        raise Invalid("Choose somebody else of the staff, or any lead.")
    reviewer_id, note = reviewer.id if reviewer else None, many_lines(note)[:MAX_COMMENT]
    row = approvals.last_review(entry, locale)
    if row is not None and row.state == "asked":
        if (row.number, row.reviewer_id, row.note, row.asked_by_id) == (number, reviewer_id, note, actor.id):
            return row
    else:
        row = Review(kind=kind_in(entry.kind, locale), entry_id=entry.id)
    row.number, row.reviewer_id, row.note, row.asked_by_id, row.asked_at = number, reviewer_id, note, actor.id, now
    db.session.add(row)
    db.session.flush()
    told("knowledge.review_asked", entry, row, actor, now, reviewer_id=reviewer_id)
    return row


def answer(
    entry: Entry,
    review: Review,
    comment: str,
    *,
    approve: bool,
    publish: bool = False,
    seen: Seen | None = None,
    actor: User,
    now: datetime,
) -> None:
    """Approve of the newest text, or send it back with a comment; `publish` shows an approved one to its readers at once.

    Whoever wrote it cannot answer. The review is claimed, so that of two answers at once one counts. Raises NotAllowed,
    WrongState if it is answered already, Stale where the text is not what was `seen`, Invalid without a comment.
    """
    versions.take_turn_anew(entry)
    # What an import wrote since becomes a version of its own, so that the answer is about that one.
    versions.keep_before(entry)
    number = versions.current_number(entry)
    newest = versions.numbered(entry, number)
    others_only(review, newest.author_id if newest else None, actor)
    versions.check(entry, versions.revision_of(entry), seen, MOVED_ON)
    settle(entry, review, comment, number=number, approve=approve, actor=actor, now=now)
    if approve and publish:
        publishing.publish(entry, actor=actor, now=now)


def others_only(review: Review, writer_id: int | None, actor: User) -> None:
    """Raise NotAllowed for who may not answer."""
    if not may_answer(actor.role, actor.id, review.reviewer_id, writer_id):
        raise NotAllowed("Another person than the writer answers: whoever was asked, or a lead.")


def settle(entry: Entry, review: Review, comment: str, *, number: int, approve: bool, actor: User, now: datetime) -> None:
    """Write the answer down, about the version `number`. Raises WrongState if there is one, Invalid without a comment."""
    comment = many_lines(comment)[:MAX_COMMENT]
    if not approve and not comment:
        raise Invalid("Say what should be different, so that the writer can go on.")
    state = "approved" if approve else "returned"
    values = {"state": state, "number": number, "comment": comment, "answered_by_id": actor.id, "answered_at": now}
    mine = update(Review).where(Review.id == review.id, Review.state == "asked").values(**values).returning(Review.id)
    if db.session.execute(mine, execution_options={"synchronize_session": False}).first() is None:
        raise WrongState("This was answered or taken back meanwhile. Reload the page.")
    db.session.refresh(review)
    told("knowledge.review_answered", entry, review, actor, now, answer=state)


def withdraw(entry: Entry, review: Review, *, actor: User, now: datetime) -> None:
    """Take a question back. Again is harmless. Raises NotAllowed for who neither asked nor leads."""
    if actor.id != review.asked_by_id and not may(actor.role, "knowledge.publish"):
        raise NotAllowed("Whoever asked takes a question back, or a lead.")
    values = {"state": "withdrawn", "answered_by_id": actor.id, "answered_at": now}
    mine = update(Review).where(Review.id == review.id, Review.state == "asked").values(**values).returning(Review.id)
    if db.session.execute(mine, execution_options={"synchronize_session": False}).first() is not None:
        db.session.refresh(review)
        told("knowledge.review_withdrawn", entry, review, actor, now)


def told(kind: str, entry: Entry, review: Review, actor: User, now: datetime, **more: object) -> None:
    """Record what happened to a review of an entry."""
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "locale": review.locale, "review_id": review.id}
    record(kind, now=now, actor=actor, facts={**facts, **more})
