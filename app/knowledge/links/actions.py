"""The only writers of the list of links: what stands in an entry, how each is, and what nobody wants to hear of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

from sqlalchemy import delete, select

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.links import reading
from app.knowledge.links.models import EntryLink
from app.knowledge.links.reading import Reference
from app.knowledge.links.rules import Finding, Health, after
from app.knowledge.models import Article, Faq
from app.knowledge.translations.queries import words_of
from app.knowledge.writing.rules import writers_only
from app.lib.tokens import fingerprint

MOST_AGAIN = 500
LONGEST_PATH = 255


def note_links(entry: Faq | Article, now: datetime) -> int:
    """Bring the list up to an entry as it stands: links that came, went, or lead elsewhere now. Returns how many it has.

    One that is not published has none. Links within our pages are judged at once; others keep what is known of them.
    Five statements at most, and one for each link that is new.
    """
    here, body = entry.path, words_of(entry).body
    found = reading.references(body, here) if entry.status == "published" else []
    wrong = reading.problems(found, entry.audience, here, body) if found else {}
    have = {
        link.key: link for link in db.session.scalars(select(EntryLink).where(EntryLink.kind == entry.kind, EntryLink.entry_id == entry.id))
    }
    keys = [fingerprint(reference.url) for reference in found]
    known = set(keys)
    gone = [link.id for key, link in have.items() if key not in known]
    if gone:
        db.session.execute(delete(EntryLink).where(EntryLink.id.in_(gone)))
    for key, reference in zip(keys, found, strict=True):
        note(have.get(key) or added(entry, key, reference), reference, wrong.get(reference.url, ""), now)
    db.session.flush()
    return len(found)


def added(entry: Faq | Article, key: str, reference: Reference) -> EntryLink:
    """A link that is new."""
    link = EntryLink(kind=entry.kind, entry_id=entry.id, key=key, url=reference.url, is_external=reference.is_external, state="unchecked")
    known = reference.is_external and db.session.scalar(select(EntryLink).where(EntryLink.key == key, EntryLink.is_external).limit(1))
    if known:
        link.state, link.reason, link.failed_on, link.checked_at = known.state, known.reason, known.failed_on, known.checked_at
    db.session.add(link)
    return link


def note(link: EntryLink, reference: Reference, why: str, now: datetime) -> None:
    """What is known of a link within our pages; one to elsewhere stays as it is."""
    link.is_external = reference.is_external
    link.path = reference.place.path[:LONGEST_PATH] if reference.place is not None else ""
    if reference.is_external:
        return
    if why:
        since = link.failed_on if link.state == "broken" else None
        link.state, link.reason, link.failed_on = "broken", why, since or now.astimezone(UTC).date()
    else:
        link.state, link.reason, link.failed_on = "ok", "", None
    link.checked_at = now


def note_finding(key: str, found: Finding, now: datetime) -> None:
    """What one look at an external address told, for every entry that has it; one that was not asked stays due. Two statements."""
    if found.verdict == "later":
        return
    for link in db.session.scalars(select(EntryLink).where(EntryLink.key == key, EntryLink.is_external)):
        health = after(Health(link.state, link.reason, link.failed_on), found, now.astimezone(UTC).date())
        link.state, link.reason, link.failed_on, link.checked_at = health.state, health.reason[:255], health.failed_on, now
    db.session.flush()


def leading_to(entry: Faq | Article) -> Sequence[tuple[str, int]]:
    """(kind, number) of the entries that link to a page, MOST_AGAIN at most: what becomes of it concerns them. One statement."""
    query = select(EntryLink.kind, EntryLink.entry_id).where(EntryLink.path == unquote(entry.path)[:LONGEST_PATH])
    query = query.distinct().limit(MOST_AGAIN)
    return [(kind, number) for kind, number in db.session.execute(query)]


def ignore(link: EntryLink, *, actor: User, now: datetime) -> None:
    """Take a link off the list, broken or not. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role, "look after links")
    if link.ignored_at is None:
        link.ignored_at, link.ignored_by_id = now, actor.id
        told("knowledge.link_ignored", link, actor, now)


def watch(link: EntryLink, *, actor: User, now: datetime) -> None:
    """Look after an ignored link again. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role, "look after links")
    if link.ignored_at is not None:
        link.ignored_at = link.ignored_by_id = None
        told("knowledge.link_watched", link, actor, now)


def ask_again(link: EntryLink, *, actor: User, now: datetime) -> None:
    """Look at a link now, and not when its turn comes: a job follows. Raises NotAllowed."""
    writers_only(actor.role, "look after links")
    told("knowledge.link_rechecked", link, actor, now)


def told(kind: str, link: EntryLink, actor: User, now: datetime) -> None:
    """Flush and record what was done with a link."""
    db.session.flush()
    record(kind, now=now, actor=actor, facts={"link_id": link.id, "kind": link.kind, "entry_id": link.entry_id, "url": link.url[:500]})
