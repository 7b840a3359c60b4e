"""Work beside the live text: saving it, showing it, giving it up, and bringing an old text back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import ArticleText, FaqText
from app.knowledge.models import Article, Entry
from app.knowledge.writing import approvals, plans, traces, versions
from app.knowledge.writing.models import Revision, Version
from app.knowledge.writing.rules import MAX_NOTE, writers_only
from app.knowledge.writing.snapshots import ADDRESS, apply, differing, merged, snapshot
from app.knowledge.writing.versions import Seen, check, revision_of
from app.lib.errors import NotFound, Stale
from app.lib.text import one_line

OVERTAKEN = "Somebody else changed this since you opened it. Your text is kept below; compare, then save again."
UNSEEN = "Somebody changed this after you opened the page. Look at what is new, then publish it."
LIVE_MOVED = "The live text has changed since this draft was begun. Compare the two, save the draft again, then publish it."


def write(
    entry: Entry | None,
    text: FaqText | ArticleText,
    *,
    then: str = "",
    note: str = "",
    seen: Seen | None = None,
    actor: User,
    now: datetime,
) -> Entry:
    """Save what the editor sends. `then` is publish, draft, or empty for whatever is usual.

    A text that readers see is replaced by who may publish, unless they want a draft; others' work is kept beside it, and goes on
    there when the entry is withdrawn. Raises as actions.save_faq does.
    """
    note = one_line(note)[:MAX_NOTE]
    if entry is None:
        return saved(entry, text, seen=seen, publish=then == "publish", note=note, actor=actor, now=now)
    versions.take_turn_anew(entry)
    revision = revision_of(entry)
    check(entry, revision, seen, OVERTAKEN)
    if entry.status != "published" and revision is None:
        return saved(entry, text, seen=seen, publish=then == "publish", note=note, actor=actor, now=now)
    if then == "draft" or (then != "publish" and approvals.required(actor, {entry.audience, text.audience})):
        return revise(entry, text, revision, note=note, actor=actor, now=now)
    if then != "publish" and revision is not None:
        return revise(entry, text, revision, note=note, actor=actor, now=now)
    live = entry.version
    saved(entry, text, seen=seen, publish=True, note=note, actor=actor, now=now)
    if entry.version == live:
        # Readers see that text already, so the work beside it is given up.
        discard(entry, actor=actor, now=now)
    else:
        traces.settle_work(entry, actor=actor, now=now)
    return entry


def saved(
    entry: Entry | None, text: FaqText | ArticleText, *, seen: Seen | None, publish: bool, note: str, actor: User, now: datetime
) -> Entry:
    """Save into the entry itself."""
    save: Any = actions.save_faq if isinstance(text, FaqText) else actions.save_article
    found: Entry = save(entry, text, actor=actor, now=now, seen=seen.entry if seen else None, publish=publish, note=note)
    return found


def revise(entry: Entry, text: FaqText | ArticleText, revision: Revision | None, *, note: str, actor: User, now: datetime) -> Entry:
    """Keep a text beside the live one. The same text again changes and records nothing."""
    versions.keep_before(entry)
    before = versions.numbered(entry, revision.number) if revision is not None else None
    if isinstance(entry, Article) and isinstance(text, ArticleText):
        text = actions.placed(entry, text)
    fields = merged(entry, text, before.fields if before else snapshot(entry))
    check_address(entry, fields)
    if not differing(before.fields if before else snapshot(entry), fields):
        return entry
    keep_beside(entry, fields, before, note=note, actor=actor, now=now)
    return entry


def keep_beside(
    entry: Entry, fields: Mapping[str, Any], before: Version | None, *, note: str, actor: User, now: datetime, restored: int = 0
) -> None:
    """A new version beside the live text, and its event. Raises Stale if somebody saves at the same moment."""
    try:
        with db.session.begin_nested():
            row = versions.add(entry, fields, before.fields if before else snapshot(entry), actor=actor, now=now, note=note, applied=False)
    except IntegrityError as taken:
        raise Stale(OVERTAKEN) from taken
    revision = revision_of(entry) or Revision(kind=entry.kind, entry_id=entry.id)
    revision.number, revision.based_on, revision.changed_at = row.number, entry.version, now
    db.session.add(revision)
    db.session.flush()
    plans.follow(entry, row.number, {entry.audience, str(fields["audience"])}, actor=actor, now=now)
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "number": row.number}
    if restored:
        record("knowledge.restored", now=now, actor=actor, facts={**facts, "restored": restored})
    else:
        record("knowledge.drafted", now=now, actor=actor, facts=facts)


def publish(entry: Entry, *, actor: User, now: datetime, seen: Seen | None = None) -> None:
    """Show the newest text to its readers: a draft, or the one beside a live text. Again is harmless.

    Raises NotAllowed, also without the approval that is needed; Stale where it is not what the actor has `seen`, or the live
    text has changed since the work on the other began; Invalid where its new address has been taken.
    """
    versions.take_turn_anew(entry)
    revision = revision_of(entry)
    if entry.status == "published" and revision is None:
        return
    check(entry, revision, seen, UNSEEN)
    if revision is None:
        actions.publish(entry, actor=actor, now=now)
    else:
        approvals.allow_publishing(entry, plans.audiences_of(entry, revision), actor=actor)
        show(entry, revision, actor=actor, now=now)


def show(entry: Entry, revision: Revision, *, actor: User | None, now: datetime) -> None:
    """The text beside the live one takes its place, whoever has decided it, also where readers do not see the live one any more.
    Raises Stale and Invalid as `publish` does."""
    if revision.based_on != entry.version:
        raise Stale(LIVE_MOVED)
    row = versions.numbered(entry, revision.number)
    if row is None:
        raise NotFound
    address, appears = traces.before(entry), entry.status != "published"
    check_address(entry, row.fields)
    apply(entry, row.fields)
    entry.status, entry.changed_at = "published", now
    db.session.flush()
    row.applied_at, row.entry_version = now, entry.version
    db.session.flush()
    traces.after(entry, address, actor=actor, now=now)
    traces.settle_work(entry, actor=actor, now=now)
    actions.told(entry, "knowledge.published" if appears else "knowledge.changed", actor, now)


def check_address(entry: Entry, fields: Mapping[str, Any]) -> None:
    """Raise Invalid where the address of a text is another entry's meanwhile."""
    if entry.kind == "article":
        actions.check_address(entry, fields["section"], fields["slug"])  # type: ignore[arg-type]
    else:
        actions.check_key(entry, fields["external_id"])  # type: ignore[arg-type]


def discard(entry: Entry, *, actor: User, now: datetime) -> None:
    """Give up the work beside the live text; its versions stay in the history. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    revision = revision_of(entry)
    if revision is None:
        return
    number = revision.number
    db.session.delete(revision)
    traces.settle_work(entry, actor=actor, now=now)
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "number": number}
    record("knowledge.draft_discarded", now=now, actor=actor, facts=facts)


def restore(entry: Entry, number: int, *, actor: User, now: datetime) -> None:
    """Bring the text of an old version back as a new one; the page stays where it is. What stands there already changes nothing.

    Where readers see the entry, who may publish restores for them, others beside the live text; so does everybody where a text
    is beside one that was withdrawn. Raises NotFound, NotAllowed.
    """
    writers_only(actor.role)
    address = traces.before(entry)
    row = versions.numbered(entry, number)
    if row is None:
        raise NotFound
    here = {name: value for name, value in snapshot(entry).items() if name in ADDRESS[entry.kind]}
    fields = {**versions.as_now(entry, row.fields), **here}
    note = f"Version {number} restored"
    revision, readers = revision_of(entry), {entry.audience, str(fields["audience"])}
    goes_beside = approvals.required(actor, readers) if entry.status == "published" else revision is not None
    if goes_beside:
        before = versions.numbered(entry, revision.number) if revision is not None else None
        if differing(before.fields if before else snapshot(entry), fields):
            keep_beside(entry, fields, before, note=note, actor=actor, now=now, restored=number)
        return
    if not apply(entry, fields):
        return
    entry.changed_at = now
    new = traces.after(entry, address, actor=actor, now=now, note=note)
    plans.follow(entry, new, {entry.audience}, actor=actor, now=now)
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "number": new, "restored": number}
    record("knowledge.restored", now=now, actor=actor, facts=facts)
