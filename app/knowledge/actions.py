"""The only writers of knowledge: writing, publishing, voting, and what readers did."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.learning import popularity
from app.knowledge.learning.models import EntryDay
from app.knowledge.learning.rules import VOTES_A_NETWORK
from app.knowledge.learning.tally import add
from app.knowledge.models import Article, Entry, Faq, SearchMiss, Vote
from app.knowledge.rules import MAX_PLACE, TEXTS, VOTE, is_key, is_slug, masked, slug_of
from app.knowledge.writing import approvals, plans, redirects, traces
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState

E = TypeVar("E", bound=Faq | Article)


class NoRoom(Invalid):
    """Nothing can stand behind the others of a section."""


@dataclass(frozen=True)
class FaqText:
    """A question as somebody wrote it, cleaned and within its bounds."""

    question: str
    answer: str
    category: str
    tags: tuple[str, ...] = ()
    audience: str = "public"
    # Its name in addresses; None leaves it as it is, or makes one of the question.
    external_id: str | None = None


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
    # None puts it behind the others of its section.
    position: int | None = 0
    product_version: str = ""
    # None leaves it as it is.
    reviewed_on: date | None = None


def save_faq(
    entry: Faq | None, text: FaqText, *, actor: User, now: datetime, seen: int | None = None, publish: bool = False, note: str = ""
) -> Faq:
    """Write a new question, or another text of one. A new one is a draft unless `publish`; publishing is an event of its own.

    Each text is kept as a version, with a note. The same text again changes and records nothing. Raises Stale when `seen`
    (the version that was opened) is not the newest, NotAllowed also for who needs an approval first, and Invalid for a
    name that another one has.
    """
    writers_only(actor.role)
    check_key(entry, text.external_id)
    if entry is None:
        return begin(Faq(external_id=free_key(slug_of(text.question))), text, actor=actor, now=now, publish=publish, note=note)
    return change(entry, text, actor=actor, now=now, seen=seen, publish=publish, note=note)


def save_article(
    entry: Article | None, text: ArticleText, *, actor: User, now: datetime, seen: int | None = None, publish: bool = False, note: str = ""
) -> Article:
    """Write a new article, or another text of one; else as `save_faq`. Raises Invalid for an address that another one has, NoRoom."""
    writers_only(actor.role)
    check_address(entry, text.section, text.slug)
    text = placed(entry, text)
    if entry is None:
        return begin(Article(), text, actor=actor, now=now, publish=publish, note=note)
    return change(entry, text, actor=actor, now=now, seen=seen, publish=publish, note=note)


def begin(entry: E, text: FaqText | ArticleText, *, actor: User, now: datetime, publish: bool, note: str) -> E:
    """A new entry."""
    if publish and approvals.required(actor, {text.audience}):
        raise NotAllowed(approvals.ASK_FIRST)
    entry.status, entry.created_at, entry.changed_at = "published" if publish else "draft", now, now
    fill(entry, text)
    db.session.add(entry)
    db.session.flush()
    traces.after(entry, None, actor=actor, now=now, note=note)
    return told(entry, "knowledge.published" if publish else "knowledge.changed", actor, now)


def change(entry: E, text: FaqText | ArticleText, *, actor: User, now: datetime, seen: int | None, publish: bool, note: str = "") -> E:
    """Another text of an entry."""
    if seen is not None and seen != entry.version:
        raise Stale("Somebody else changed this since you opened it. Your text is kept below; compare, then save again.")
    appears = publish and entry.status != "published"
    address = traces.before(entry)
    readers = {text.audience} | ({entry.audience} if entry.status == "published" else set())
    if not fill(entry, text) and not appears:
        return entry
    if (appears or entry.status == "published") and approvals.required(actor, readers):
        db.session.expire(entry)
        raise NotAllowed(approvals.ASK_FIRST)
    entry.changed_at = now
    if appears:
        entry.status = "published"
    number = traces.after(entry, address, actor=actor, now=now, note=note)
    if appears:
        traces.settle_work(entry, actor=actor, now=now)
    else:
        plans.follow(entry, number, readers, actor=actor, now=now)
    return told(entry, "knowledge.published" if appears else "knowledge.changed", actor, now)


def fill(entry: Entry, text: FaqText | ArticleText) -> bool:
    """Set what differs; whether anything did."""
    values = {name: list(value) if name == "tags" else value for name, value in vars(text).items() if value is not None}
    different = {name: value for name, value in values.items() if getattr(entry, name, None) != value}
    for name, value in different.items():
        setattr(entry, name, value)
    if different.keys() & TEXTS:
        entry.text_version = (entry.text_version or 0) + 1
    return bool(different)


def publish(entry: Entry, *, actor: User, now: datetime) -> None:
    """Show a draft to its audience. Again is harmless. Raises NotAllowed, also for who needs an approval first."""
    writers_only(actor.role)
    if entry.status != "published":
        traces.before(entry)
        approvals.allow_publishing(entry, {entry.audience}, actor=actor)
        appear(entry, actor=actor, now=now)


def appear(entry: Entry, *, actor: User | None, now: datetime) -> None:
    """Show an entry, whoever has decided it."""
    entry.status, entry.changed_at = "published", now
    traces.after(entry, redirects.path_of(entry), actor=actor, now=now)
    traces.settle_work(entry, actor=actor, now=now)
    told(entry, "knowledge.published", actor, now)


def unpublish(entry: Entry, *, actor: User, now: datetime) -> None:
    """Take it out of readers' sight; its writers keep it. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    if entry.status == "published":
        vanish(entry, actor=actor, now=now)


def vanish(entry: Entry, *, actor: User | None, now: datetime) -> None:
    """Take an entry out of sight, whoever has decided it."""
    before, entry.status, entry.changed_at = entry.version, "withdrawn", now
    plans.dropped(entry, "withdraw")
    told(entry, "knowledge.unpublished", actor, now)
    traces.same_text(entry, before)


def archive(entry: Entry, *, actor: User, now: datetime) -> None:
    """Take a draft that is wanted no more out of the writers' lists, with its open review and its plan; its versions stay.
    Again is harmless. Raises NotAllowed, and WrongState for what readers have seen, which is withdrawn."""
    writers_only(actor.role)
    if entry.status == "archived":
        return
    if entry.status != "draft":
        raise WrongState("Only drafts are archived. Withdraw this instead, if readers are not to see it.")
    entry.status, entry.changed_at = "archived", now
    traces.settle_work(entry, actor=actor, now=now)
    plans.dropped(entry, "withdraw")
    told(entry, "knowledge.archived", actor, now)


def unarchive(entry: Entry, *, actor: User, now: datetime) -> None:
    """Make an archived draft one of the lists again. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    if entry.status == "archived":
        entry.status, entry.changed_at = "draft", now
        told(entry, "knowledge.unarchived", actor, now)


def vote(entry: Entry, visitor: str, *, is_helpful: bool, now: datetime, actor: User | None = None, network: str | None = None) -> bool:
    """One vote for each visitor (a keyed hash); another one of theirs replaces it, the same again changes nothing.

    Returns whether anything changed. Votes move the popularity; the version stays, as the text does. Of one `network` (a word
    of the day) so many count as VOTES_A_NETWORK says; Invalid for more. Raises NotAllowed for staff, who write what readers judge.
    """
    if actor is not None and actor.is_staff:
        raise NotAllowed("Votes are the readers’. Edit the entry if something is wrong with it.")
    mine = vote_of(entry, visitor)
    if mine is not None and mine.is_helpful == is_helpful:
        return False
    is_demo = actor is not None and actor.is_demo
    if mine is None:
        if network is not None and voted_from(entry, network) >= VOTES_A_NETWORK:
            raise Invalid("Many from your network voted on this today. Sign in to vote, or come back tomorrow.")
        try:
            with db.session.begin_nested():
                row = Vote(kind=entry.kind, entry_id=entry.id, visitor=visitor, is_helpful=is_helpful, network=network, at=now)
                db.session.add(row)
        except IntegrityError:
            return False
        count(entry, votes=1, helpful=int(is_helpful))
    else:
        mine.is_helpful, mine.at = is_helpful, now
        count(entry, helpful=1 if is_helpful else -1)
    points = (VOTE if is_helpful else -VOTE) * (1 if mine is None else 2)
    popularity.earn(entry.kind, entry.id, points, now)
    db.session.expire(entry, ["popularity"])
    said = {"helpful" if is_helpful else "unhelpful": 1}
    about = {"day": now.date(), "is_demo": is_demo, "kind": entry.kind, "entry_id": entry.id}
    add(EntryDay, [{**about, **said}], ("day", "is_demo", "kind", "entry_id"))
    record("knowledge.voted", now=now, actor=actor, facts={"kind": entry.kind, "entry_id": entry.id, "helpful": is_helpful})
    return True


def vote_of(entry: Entry, visitor: str) -> Vote | None:
    """A visitor's vote on an entry. One statement."""
    return db.session.scalar(select(Vote).where(Vote.kind == entry.kind, Vote.entry_id == entry.id, Vote.visitor == visitor))


def voted_from(entry: Entry, network: str) -> int:
    """How many votes on an entry came from a network today. One statement."""
    mine = (Vote.network == network, Vote.kind == entry.kind, Vote.entry_id == entry.id)
    return db.session.scalar(select(func.count()).select_from(Vote).where(*mine)) or 0


def deflected(entry: Entry, query: str, *, now: datetime, actor: User | None = None) -> None:
    """Somebody's question was answered before it became a ticket. Its popularity follows when readers are counted, once for each."""
    facts = {"query": masked(query), "kind": entry.kind, "entry_id": entry.id}
    record("knowledge.deflected", now=now, actor=actor, facts=facts)


def count(entry: Entry, **changes: int) -> None:
    """Add to counters in the database, so that two at once both count and no version moves. None falls below nought."""
    table = type(entry)
    after = {name: getattr(table, name) + change for name, change in changes.items()}
    bounded = {name: case((value < 0, 0), else_=value) for name, value in after.items()}
    db.session.execute(update(table).where(table.id == entry.id).values(bounded).execution_options(synchronize_session=False))
    db.session.expire(entry, [*changes])


def dismiss_miss(miss_id: int, *, actor: User, now: datetime) -> None:
    """Take a search off the writers' list: it is answered, or nobody's business. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    query = db.session.scalar(delete(SearchMiss).where(SearchMiss.id == miss_id).returning(SearchMiss.query))
    if query is not None:
        record("knowledge.miss_dismissed", now=now, actor=actor, facts={"query": query})


def told(entry: E, kind: str, actor: User | None, now: datetime) -> E:
    """Flush and record what happened to an entry."""
    db.session.flush()
    facts: Mapping[str, object] = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading}
    record(kind, now=now, actor=actor, facts=dict(facts))
    return entry


def check_key(entry: Faq | None, key: str | None) -> None:
    """Raise Invalid for a name that cannot stand in an address, or that another question has. One statement, none without a name."""
    if key is None or (entry is not None and key == entry.external_id):
        return
    if not is_key(key):
        raise Invalid("This cannot stand in an address. Use letters, digits and hyphens.")
    if db.session.scalar(select(Faq.id).where(Faq.external_id == key)) is not None:
        raise Invalid("Another question has this address. Choose another one.")


def check_address(entry: Article | None, section: str, slug: str) -> None:
    """Raise Invalid for an address that cannot be one, or that another article has. One statement."""
    taken = select(Article.id).where(Article.section == section, Article.slug == slug)
    if not is_slug(slug) or db.session.scalar(taken.where(Article.id != entry.id) if entry else taken) is not None:
        raise Invalid("Another article has this address. Choose another one.")


def placed(entry: Article | None, text: ArticleText) -> ArticleText:
    """A text with a place: where it says none, behind the others of its section, or where it stands if that is there. Raises NoRoom.

    One statement, none for a text that has one.
    """
    if text.position is not None:
        return text
    others = select(func.max(Article.position)).where(Article.section == text.section)
    last = db.session.scalar(others.where(Article.id != entry.id) if entry else others) or 0
    if entry is not None and entry.section == text.section and entry.position > last:
        return replace(text, position=entry.position)
    if last >= MAX_PLACE:
        raise NoRoom(f"Another article stands at {last:,}, the last place. Give that one a smaller number first, or say one here.")
    return replace(text, position=last + 1)


def free_key(wanted: str) -> str:
    """A name for a question that no other has. One statement."""
    taken = set(db.session.scalars(select(Faq.external_id).where(Faq.external_id.startswith(wanted, autoescape=True))))
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
