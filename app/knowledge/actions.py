"""The only writers of knowledge: writing, publishing, voting, and what readers did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, case, delete, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Article, Faq, SearchMiss, Vote
from app.knowledge.rules import MOST_POPULAR, SOLVED, VOTE, is_slug, masked, slug_of
from app.lib.errors import Invalid, NotAllowed, Stale

Entry = Faq | Article
E = TypeVar("E", bound=Faq | Article)


@dataclass(frozen=True)
class FaqText:
    """A question as somebody wrote it, cleaned and within its bounds."""

    question: str
    answer: str
    category: str
    tags: tuple[str, ...] = ()
    audience: str = "public"


@dataclass(frozen=True)
class ArticleText:
    """An article as somebody wrote it, cleaned and within its bounds."""

    section: str
    slug: str
    title: str
    body: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    audience: str = "public"
    position: int = 0
    product_version: str = ""
    reviewed_on: date | None = None


def save_faq(entry: Faq | None, text: FaqText, *, actor: User, now: datetime, seen: int | None = None, publish: bool = False) -> Faq:
    """Write a new question, or another text of one. A new one is a draft unless `publish`; publishing is an event of its own.

    The same text again changes and records nothing. Raises Stale when `seen` (the version that was opened) is not the
    newest, NotAllowed.
    """
    allow(actor)
    if entry is None:
        entry = Faq(
            external_id=free_key(slug_of(text.question)), status="published" if publish else "draft", created_at=now, changed_at=now
        )
        fill(entry, text)
        db.session.add(entry)
        return told(entry, "knowledge.published" if publish else "knowledge.changed", actor, now)
    return change(entry, text, actor=actor, now=now, seen=seen, publish=publish)


def save_article(
    entry: Article | None, text: ArticleText, *, actor: User, now: datetime, seen: int | None = None, publish: bool = False
) -> Article:
    """Write a new article, or another text of one; else as `save_faq`. Raises Invalid for an address that another one has."""
    allow(actor)
    taken = select(Article.id).where(Article.section == text.section, Article.slug == text.slug)
    if not is_slug(text.slug) or db.session.scalar(taken.where(Article.id != entry.id) if entry else taken) is not None:
        raise Invalid("Another article has this address. Choose another one.")
    if entry is None:
        entry = Article(status="published" if publish else "draft", created_at=now, changed_at=now)
        fill(entry, text)
        db.session.add(entry)
        return told(entry, "knowledge.published" if publish else "knowledge.changed", actor, now)
    return change(entry, text, actor=actor, now=now, seen=seen, publish=publish)


def change(entry: E, text: FaqText | ArticleText, *, actor: User, now: datetime, seen: int | None, publish: bool) -> E:
    """Another text of an entry."""
    if seen is not None and seen != entry.version:
        raise Stale("Somebody else changed this since you opened it. Your text is kept below; compare, then save again.")
    appears = publish and entry.status != "published"
    if not fill(entry, text) and not appears:
        return entry
    entry.changed_at = now
    if appears:
        entry.status = "published"
    return told(entry, "knowledge.published" if appears else "knowledge.changed", actor, now)


def fill(entry: Entry, text: FaqText | ArticleText) -> bool:
    """Set what differs; whether anything did."""
    values = {name: list(value) if name == "tags" else value for name, value in vars(text).items()}
    different = {name: value for name, value in values.items() if getattr(entry, name, None) != value}
    for name, value in different.items():
        setattr(entry, name, value)
    return bool(different)


def publish(entry: Entry, *, actor: User, now: datetime) -> None:
    """Show a draft to its audience. Again is harmless. Raises NotAllowed."""
    allow(actor)
    if entry.status != "published":
        entry.status, entry.changed_at = "published", now
        told(entry, "knowledge.published", actor, now)


def unpublish(entry: Entry, *, actor: User, now: datetime) -> None:
    """Take it back to a draft. Again is harmless. Raises NotAllowed."""
    allow(actor)
    if entry.status != "draft":
        entry.status, entry.changed_at = "draft", now
        told(entry, "knowledge.unpublished", actor, now)


def vote(entry: Entry, visitor: str, *, is_helpful: bool, now: datetime, actor: User | None = None) -> bool:
    """One vote for each visitor (a keyed hash); another one of theirs replaces it, the same again changes nothing.

    Returns whether anything changed. Votes move the popularity; the version stays, as the text does.
    """
    mine = db.session.scalar(select(Vote).where(Vote.kind == entry.kind, Vote.entry_id == entry.id, Vote.visitor == visitor))
    if mine is None:
        try:
            with db.session.begin_nested():
                db.session.add(Vote(kind=entry.kind, entry_id=entry.id, visitor=visitor, is_helpful=is_helpful, at=now))
        except IntegrityError:
            return False
        count(entry, votes=1, helpful=int(is_helpful), popularity=VOTE if is_helpful else -VOTE)
    elif mine.is_helpful == is_helpful:
        return False
    else:
        mine.is_helpful, mine.at = is_helpful, now
        count(entry, helpful=1 if is_helpful else -1, popularity=2 * VOTE if is_helpful else -2 * VOTE)
    record("knowledge.voted", now=now, actor=actor, facts={"kind": entry.kind, "entry_id": entry.id, "helpful": is_helpful})
    return True


def deflected(entry: Entry, query: str, *, now: datetime, actor: User | None = None) -> None:
    """Somebody's question was answered before it became a ticket."""
    count(entry, popularity=SOLVED)
    facts = {"query": masked(query), "kind": entry.kind, "entry_id": entry.id}
    record("knowledge.deflected", now=now, actor=actor, facts=facts)


def count(entry: Entry, **changes: int) -> None:
    """Add to counters in the database, so that two at once both count and no version moves."""
    table = type(entry)
    db.session.execute(
        update(table).where(table.id == entry.id).values(counted(table, changes)).execution_options(synchronize_session=False)
    )
    db.session.expire(entry, [*changes])


def counted(table: type[Entry], changes: Mapping[str, int]) -> dict[str, ColumnElement[int]]:
    """Counters after some changes, as the database works them out; none falls below nought."""
    after = {name: getattr(table, name) + change for name, change in changes.items()}
    return {name: case((value < 0, 0), (value > MOST_POPULAR, MOST_POPULAR), else_=value) for name, value in after.items()}


def dismiss_miss(miss_id: int, *, actor: User, now: datetime) -> None:
    """Take a search off the writers' list: it is answered, or nobody's business. Again is harmless. Raises NotAllowed."""
    allow(actor)
    query = db.session.scalar(delete(SearchMiss).where(SearchMiss.id == miss_id).returning(SearchMiss.query))
    if query is not None:
        record("knowledge.miss_dismissed", now=now, actor=actor, facts={"query": query})


def told(entry: E, kind: str, actor: User | None, now: datetime) -> E:
    """Flush and record what happened to an entry."""
    db.session.flush()
    facts: Mapping[str, object] = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading}
    record(kind, now=now, actor=actor, facts=dict(facts))
    return entry


def allow(actor: User) -> None:
    """Writers only. Raises NotAllowed."""
    if not may(actor.role, "knowledge.write"):
        raise NotAllowed("Only staff write knowledge. Ask somebody at the desk.")


def free_key(wanted: str) -> str:
    """A name for a question that no other has. One statement."""
    taken = set(db.session.scalars(select(Faq.external_id).where(Faq.external_id.startswith(wanted, autoescape=True))))
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
