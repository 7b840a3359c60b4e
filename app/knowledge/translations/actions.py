"""The only writers of translations, beside their reviews: writing, publishing, taking back."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.translations.models import Translation
from app.knowledge.translations.queries import translation_of, words_of
from app.knowledge.translations.rules import ORIGINAL, Words
from app.knowledge.writing import approvals, pictures, plans, traces
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid, NotAllowed, Stale

CHANGED = "Somebody else changed this translation since you opened it. Your text is kept below; compare, then save again."
UNSEEN = "Somebody else changed this translation since you opened it, and nothing was done. Look at what it is now, then do it again if you mean it."
MOVED = "The original changed since you opened it. Your text is kept below; look at what changed, then save again."


@dataclass(frozen=True)
class Draft:
    """What a translator wrote, and what they saw: the translation's version (None: there was none), the original's text_version.

    `is_current` says that it was brought up to that original; otherwise it stays as far behind as it was.
    """

    words: Words
    seen: int | None
    source: int
    is_current: bool = True


def save(entry: Entry, locale: str, draft: Draft, *, actor: User, now: datetime, publish: bool | None = None) -> Translation:
    """Write an entry in another language. Readers see it if `publish`; if not, it is a draft, beside a text that they see. None is
    whatever is usual: a published one is changed by who may, unless work goes on beside it. The same again changes and records
    nothing.

    Raises Stale when the translation or its original changed since it was opened, Invalid for the original's own language,
    NotAllowed.
    """
    writers_only(actor.role)
    if locale == ORIGINAL:
        raise Invalid("The original is in English. Edit the entry itself.")
    there = translation_of(entry.kind, entry.id, locale)
    waits = waits_for_others(entry, actor)
    if publish and waits:
        raise NotAllowed(approvals.ASK_FIRST)
    if (there.version if there else None) != draft.seen:
        raise Stale(CHANGED)
    brought_up = there is None or draft.is_current
    if brought_up and draft.source != entry.text_version:
        raise Stale(MOVED)
    translation = there or Translation(kind=entry.kind, entry_id=entry.id, locale=locale, status="draft", created_at=now)
    values = values_of(entry, draft, brought_up=brought_up)
    if there and there.status == "published" and not publish and (publish is False or waits or there.beside):
        return keep_beside(entry, there, values, actor=actor, now=now)
    if not fill(translation, {**values, "beside": None, **({"status": "published"} if publish else {})}):
        return translation
    translation.author_id, translation.changed_at = actor.id, now
    db.session.add(translation)
    if translation.status == "published":
        traces.settle(entry, locale, actor=actor, now=now)
    told(entry, translation, "knowledge.translated", actor, now)
    plans.follow(entry, translation.version, {entry.audience}, locale=locale, actor=actor, now=now)
    return translation


def keep_beside(entry: Entry, translation: Translation, values: dict[str, object], *, actor: User, now: datetime) -> Translation:
    """Keep what differs from the published text beside it; where nothing does, that is given up. The same again records nothing."""
    beside = {name: value for name, value in values.items() if getattr(translation, name) != value}
    if not beside:
        discard(entry, translation, seen=translation.version, actor=actor, now=now)
    if not beside or not fill(translation, {"beside": beside}):
        return translation
    translation.author_id = actor.id
    told(entry, translation, "knowledge.translation_drafted", actor, now)
    plans.follow(entry, translation.version, {entry.audience}, locale=translation.locale, actor=actor, now=now)
    return translation


def discard(entry: Entry, translation: Translation, *, seen: int, actor: User, now: datetime) -> None:
    """Give up the text beside the published one, which no history keeps. Again is harmless. Raises NotAllowed, Stale after version
    `seen`."""
    writers_only(actor.role)
    if translation.beside:
        refuse_unseen(translation, seen)
        translation.beside = None
        traces.settle(entry, translation.locale, actor=actor, now=now)
        told(entry, translation, "knowledge.translation_draft_discarded", actor, now)


def publish(entry: Entry, translation: Translation, *, seen: int, actor: User, now: datetime) -> None:
    """Show readers what was worked on last, as it stands. Again is harmless. Raises NotAllowed, also for who needs an approval of
    this very version first, Stale after version `seen`."""
    writers_only(actor.role)
    if not has_work(translation):
        return
    refuse_unseen(translation, seen)
    allow_publishing(entry, translation, actor)
    show(entry, translation, actor=actor, now=now)


def allow_publishing(entry: Entry, translation: Translation, actor: User) -> None:
    """Raise NotAllowed for who may not publish what was worked on last. One statement at most."""
    review = approvals.last_review(entry, translation.locale) if waits_for_others(entry, actor) else None
    if waits_for_others(entry, actor) and not approvals.approved(review, translation.version):
        raise NotAllowed(approvals.ASK_FIRST)


def show(entry: Entry, translation: Translation, *, actor: User | None, now: datetime) -> None:
    """Show readers what was worked on last, whoever has decided it."""
    fill(translation, {**(translation.beside or {}), "beside": None, "status": "published", "changed_at": now})
    traces.settle(entry, translation.locale, actor=actor, now=now)
    told(entry, translation, "knowledge.translated", actor, now)


def has_work(translation: Translation) -> bool:
    """Whether there is anything that readers do not see yet."""
    return translation.status != "published" or bool(translation.beside)


def waits_for_others(entry: Entry, actor: User) -> bool:
    """Whether this person's translations of an entry wait for somebody else's word: as with the texts of its readers."""
    return approvals.required(actor, {entry.audience})


def values_of(entry: Entry, draft: Draft, *, brought_up: bool) -> dict[str, object]:
    """What a translation is to say, and of which original."""
    return vars(draft.words) | (source_of(entry) if brought_up else {})


def source_of(entry: Entry) -> dict[str, object]:
    """The original as it is now, as a translation remembers it."""
    words = words_of(entry)
    texts = {"source_title": words.title, "source_summary": words.summary, "source_body": words.body}
    return {"source_version": entry.text_version, "source_hash": words.fingerprint, **texts}


def fill(translation: Translation, values: dict[str, object]) -> bool:
    """Set what differs; whether anything did."""
    different = {name: value for name, value in values.items() if getattr(translation, name) != value}
    for name, value in different.items():
        setattr(translation, name, value)
    return bool(different)


def withdraw(entry: Entry, translation: Translation, *, seen: int, actor: User, now: datetime) -> None:
    """Take it back to a draft, which says what was worked on last, in place of what readers saw: they see the original again. Again is
    harmless. Raises NotAllowed, Stale after version `seen`."""
    writers_only(actor.role)
    if translation.status == "published":
        refuse_unseen(translation, seen)
        vanish(entry, translation, actor=actor, now=now)


def vanish(entry: Entry, translation: Translation, *, actor: User | None, now: datetime) -> None:
    """Take it out of sight, whoever has decided it. What was approved and planned of it is so still: the text is the same."""
    before = translation.version
    fill(translation, {**(translation.beside or {}), "beside": None, "status": "draft", "changed_at": now})
    plans.dropped(entry, "withdraw", translation.locale)
    told(entry, translation, "knowledge.translation_withdrawn", actor, now)
    traces.same_translation(entry, translation.locale, before, translation.version)


def refuse_unseen(translation: Translation, seen: int) -> None:
    """Raise Stale where a translation is another one than was looked at."""
    if translation.version != seen:
        raise Stale(UNSEEN)


def told(entry: Entry, translation: Translation, kind: str, actor: User | None, now: datetime) -> Translation:
    """Flush and record what happened to a translation; its pictures are shown to its readers."""
    db.session.flush()
    pictures.note_uses(entry)
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "locale": translation.locale}
    record(kind, now=now, actor=actor, facts=facts)
    return translation
