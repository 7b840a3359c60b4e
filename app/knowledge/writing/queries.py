"""What writers see of their work: versions, reviews, plans, what wants a look, old addresses. Lists never load a text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import defer, joinedload

from app.accounts.models import User
from app.accounts.permissions import may
from app.extensions import db
from app.knowledge.finding import columns_of, readable
from app.knowledge.models import KINDS, TABLES, Entry
from app.knowledge.sections import Reader
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import ORIGINAL, kind_in, parted
from app.knowledge.writing import approvals, versions
from app.knowledge.writing.models import Picture, PictureUse, Plan, Redirect, Review, Revision, Version
from app.knowledge.writing.rules import may_answer, state_of
from app.lib.errors import NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor

PAGE = 50
MOST_REVIEWS = 100
SOON_DAYS = 30
NEVER = date(9999, 1, 1)
Key = tuple[str, int]


@dataclass(frozen=True)
class Work:
    """Where an entry is: its state (a key of rules.WORK), the newest version, the number of the one that the entry has itself
    (0: none), the text beside it, the last review, what is planned, and what this person may do."""

    state: str
    newest: Version | None
    own: int
    revision: Revision | None
    review: Review | None
    plans: dict[str, Plan]
    has_work: bool
    # Whether a change by this person needs nobody else's word; whether they may publish the text as it is, with or without such a word.
    is_free: bool
    may_publish: bool
    may_answer: bool
    may_withdraw_review: bool


def work(entry: Entry, person: User) -> Work:
    """The state of an entry for its editor. Five statements, a sixth where a text is beside the live one."""
    revision = versions.revision_of(entry)
    newest = newest_of(entry, revision)
    review = last_review(entry)
    plans = planned(entry)
    number = newest.number if newest is not None else 0
    audiences = {entry.audience, *([newest.fields["audience"]] if newest is not None and revision is not None else [])}
    is_free = not approvals.required(person, audiences)
    return Work(
        state=state_of(
            entry.status,
            has_revision=revision is not None,
            review=review.state if review is not None else None,
            is_current=review is not None and review.number == number,
            is_planned="publish" in plans,
        ),
        newest=newest,
        own=number if revision is None else versions.own_number(entry),
        revision=revision,
        review=review,
        plans=plans,
        has_work=revision is not None or entry.status not in {"published", "archived"},
        is_free=is_free,
        may_publish=is_free or approvals.approved(review, number),
        may_answer=answers(review, newest.author_id if newest else None, person),
        may_withdraw_review=takes_back(review, person),
    )


def answers(review: Review | None, writer_id: int | None, person: User) -> bool:
    """Whether it is for this person to answer a review, if they look."""
    is_open = review is not None and review.state == "asked"
    return is_open and may_answer(person.role, person.id, review.reviewer_id, writer_id)  # type: ignore[union-attr]


def takes_back(review: Review | None, person: User) -> bool:
    """Whether this person may take a question back."""
    is_open = review is not None and review.state == "asked"
    return is_open and (review.asked_by_id == person.id or may(person.role, "knowledge.publish"))  # type: ignore[union-attr]


def newest_of(entry: Entry, revision: Revision | None) -> Version | None:
    """The text that is worked on: the one beside the live text, else the last of the entry. One statement."""
    query = versions.own(entry) if revision is None else select(Version).where(*versions.of(entry), Version.number == revision.number)
    return db.session.scalar(query.options(joinedload(Version.author)))


def beside_of(entry: Entry) -> Version | None:
    """The text beside the live one. One statement, a second where there is one."""
    revision = versions.revision_of(entry)
    return versions.numbered(entry, revision.number) if revision is not None else None


def last_review(entry: Entry, locale: str = ORIGINAL) -> Review | None:
    """What was asked of others last, with the people. One statement."""
    people = (joinedload(Review.asked_by), joinedload(Review.reviewer), joinedload(Review.answered_by))
    mine = select(Review).where(Review.kind == kind_in(entry.kind, locale), Review.entry_id == entry.id).options(*people)
    return db.session.scalar(mine.order_by(Review.id.desc()).limit(1))


def planned(entry: Entry, locale: str = ORIGINAL) -> dict[str, Plan]:
    """Verb → what is planned for an entry, or for what it is in a language. One statement."""
    mine = select(Plan).where(Plan.kind == kind_in(entry.kind, locale), Plan.entry_id == entry.id).options(joinedload(Plan.planned_by))
    return {row.verb: row for row in db.session.scalars(mine)}


def history(entry: Entry, cursor: str = "") -> Page:
    """The versions of an entry, newest first, a page of PAGE, without their texts. Raises Invalid for a cursor that is not
    ours. One statement."""
    query = select(Version).where(*versions.of(entry)).options(defer(Version.fields), joinedload(Version.author))
    if cursor:
        (last,), _ = decode_cursor(cursor, int)
        query = query.where(Version.number < last)
    rows = list(db.session.scalars(query.order_by(Version.number.desc()).limit(PAGE + 1)))
    return Page(rows[:PAGE], encode_cursor([rows[PAGE - 1].number]) if len(rows) > PAGE else None)


def reviews_of(entry: Entry, locale: str = ORIGINAL) -> Sequence[Review]:
    """The reviews of an entry, or of what it is in a language, newest first, MOST_REVIEWS at most. One statement."""
    people = (joinedload(Review.asked_by), joinedload(Review.reviewer), joinedload(Review.answered_by))
    mine = select(Review).where(Review.kind == kind_in(entry.kind, locale), Review.entry_id == entry.id).options(*people)
    return db.session.scalars(mine.order_by(Review.id.desc()).limit(MOST_REVIEWS)).all()


def version_of(entry: Entry, number: int) -> Version:
    """One version with its text. Raises NotFound. One statement."""
    row = db.session.scalar(select(Version).where(*versions.of(entry), Version.number == number).options(joinedload(Version.author)))
    if row is None:
        raise NotFound
    return row


def review_of(entry: Entry, number: int, locale: str = ORIGINAL) -> Review:
    """One review of an entry, or of what it is in a language. Raises NotFound. One statement."""
    mine = (Review.kind == kind_in(entry.kind, locale), Review.entry_id == entry.id)
    row = db.session.scalar(select(Review).where(Review.id == number, *mine))
    if row is None:
        raise NotFound
    return row


def open_reviews() -> list[tuple[Review, Any]]:
    """(review, entry as lists show it) of all that wait for an answer, oldest first, MOST_REVIEWS at most. Three statements."""
    people = (joinedload(Review.asked_by), joinedload(Review.reviewer))
    waiting = select(Review).where(Review.state == "asked").options(*people).order_by(Review.id).limit(MOST_REVIEWS)
    rows = db.session.scalars(waiting).all()
    entries = rows_of((row.entry_kind, row.entry_id) for row in rows)
    return [(row, entries[row.entry_kind, row.entry_id]) for row in rows if (row.entry_kind, row.entry_id) in entries]


def answered_for(person: User) -> list[tuple[Review, Any]]:
    """(review, entry as lists show it) of the texts that this person asked about, and that were approved or sent back and not
    gone on with since, newest first, MOST_REVIEWS at most. Up to eight statements."""
    people = (joinedload(Review.asked_by), joinedload(Review.answered_by))
    answered = select(Review).where(Review.asked_by_id == person.id, Review.state.in_(("approved", "returned"))).options(*people)
    rows = db.session.scalars(answered.order_by(Review.id.desc()).limit(MOST_REVIEWS)).all()
    # Of several reviews of a text the last one counts.
    last = {(row.kind, row.entry_id): row for row in reversed(rows)}
    entries = rows_of((row.entry_kind, row.entry_id) for row in last.values())
    waiting = {(kind_in(kind, locale), number): version for kind, number, locale, version in unpublished(last)}
    states = states_of(list(entries.values()))
    found = [(row, entries[row.entry_kind, row.entry_id]) for row in reversed(last.values()) if (row.entry_kind, row.entry_id) in entries]
    return [
        (row, entry)
        for row, entry in found
        if (states[row.kind, row.entry_id] == row.state if row.locale == ORIGINAL else waiting.get((row.kind, row.entry_id)) == row.number)
    ]


def unpublished(keys: Iterable[Key]) -> Sequence[Any]:
    """(kind, entry, language, version) of those of these translations that say what readers do not see yet. One statement, none
    where there are no translations among them."""
    wanted = [(*parted(kind), number) for kind, number in keys if parted(kind)[1] != ORIGINAL]
    if not wanted:
        return []
    columns = (Translation.kind, Translation.entry_id, Translation.locale, Translation.version)
    mine = tuple_(Translation.kind, Translation.locale, Translation.entry_id).in_(wanted)
    return db.session.execute(select(*columns).where(mine, or_(Translation.status == "draft", Translation.beside.is_not(None)))).all()


def waits_for(review: Review, person: User) -> bool:
    """Whether an open review is one for this person to answer."""
    mine = review.reviewer_id == person.id or (review.reviewer_id is None and may(person.role, "knowledge.publish"))
    return mine and review.asked_by_id != person.id


def states_of(rows: Sequence[Any]) -> dict[Key, str]:
    """(kind, id) → state as a key of rules.WORK, for the rows of a list (kind, id, status). Four statements."""
    keys = [(row.kind, row.id) for row in rows]
    if not keys:
        return {}
    here = tuple_(Revision.kind, Revision.entry_id).in_(keys)
    beside = {
        (row.kind, row.entry_id): row.number
        for row in db.session.execute(select(Revision.kind, Revision.entry_id, Revision.number).where(here))
    }
    newest = select(func.max(Review.id)).where(tuple_(Review.kind, Review.entry_id).in_(keys)).group_by(Review.kind, Review.entry_id)
    last = {(row.kind, row.entry_id): row for row in db.session.scalars(select(Review).where(Review.id.in_(newest)))}
    of_rows = (tuple_(Version.kind, Version.entry_id).in_(keys), Version.applied_at.isnot(None))
    numbers = select(Version.kind, Version.entry_id, func.max(Version.number)).where(*of_rows)
    newest_numbers = {(row[0], row[1]): row[2] for row in db.session.execute(numbers.group_by(Version.kind, Version.entry_id))}
    coming = tuple_(Plan.kind, Plan.entry_id).in_(keys)
    plans = {(row.kind, row.entry_id) for row in db.session.execute(select(Plan.kind, Plan.entry_id).where(Plan.verb == "publish", coming))}
    return {
        key: state_of(
            row.status,
            has_revision=key in beside,
            review=last[key].state if key in last else None,
            is_current=key in last and last[key].number == beside.get(key, newest_numbers.get(key)),
            is_planned=key in plans,
        )
        for key, row in zip(keys, rows, strict=True)
    }


def rows_of(keys: Iterable[Key]) -> dict[Key, Any]:
    """(kind, id) → what lists show of entries, drafts among them. One statement for each kind."""
    wanted: dict[str, list[int]] = {}
    for kind, number in keys:
        wanted.setdefault(kind, []).append(number)
    found = {}
    for kind, numbers in wanted.items():
        table = TABLES[kind].c
        query = select(literal(kind).label("kind"), *columns_of(kind), table.status, table.audience).where(table.id.in_(numbers))
        found.update({(kind, row.id): row for row in db.session.execute(query)})
    return found


def in_care(view: str, person: User, today: date, cursor: str = "") -> Page:
    """Published entries by the day of their next review: `overdue`, `soon` (SOON_DAYS), `mine`, or `undated`; a page of PAGE.

    Raises Invalid for a cursor that is not ours. One statement.
    """
    after = decode_cursor(cursor, date, str, int)[0] if cursor else None
    listed = union_all(*(care_of(kind, view, person, today, after) for kind in KINDS)).subquery()
    query = select(listed, User.name.label("owner")).outerjoin(User, User.id == listed.c.owner_id)
    rows = db.session.execute(query.order_by(listed.c.due_on, listed.c.kind, listed.c.id).limit(PAGE + 1)).all()
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(list(rows[:PAGE]), encode_cursor([str(more.due_on), more.kind, more.id]) if more else None)


def care_of(kind: str, view: str, person: User, today: date, after: Sequence[Any] | None) -> Any:
    """The entries of one kind for that list, after a place in it."""
    table = TABLES[kind].c
    # Where every row has a day it is the column itself, so that its index gives the order.
    due_on: Any = table.review_on
    if view in {"mine", "undated"}:
        due_on = func.coalesce(table.review_on, literal(NEVER, type_=table.review_on.type))
    due_on = due_on.label("due_on")
    wheres = [table.status == "published"]
    if view == "undated":
        wheres.append(table.review_on.is_(None))
    elif view == "mine":
        wheres.append(table.owner_id == person.id)
    else:
        wheres.append(table.review_on <= (date.fromordinal(today.toordinal() + SOON_DAYS) if view == "soon" else today))
    if after is not None:
        day, other, number = after
        later = table.id > number if kind == other else literal(kind > other)
        wheres.append(or_(due_on > day, and_(due_on == day, later)))
    columns = (literal(kind).label("kind"), *columns_of(kind), table.owner_id, table.reviewed_on, due_on)
    return select(*columns).where(*wheres).order_by(due_on, table.id).limit(PAGE + 1).subquery().select()


def overdue_of(person: User, today: date, limit: int) -> list[Any]:
    """The entries of an owner whose review is over, the oldest first. One statement."""
    rows = in_care("mine", person, today).items
    return [row for row in rows if row.due_on <= today][:limit]


def moved_to(reader: Reader | None, path: str) -> Entry | None:
    """The entry that an old address (what follows /help/) leads to, if this reader may read it. Two statements, one where
    nothing stood."""
    found = db.session.execute(select(Redirect.kind, Redirect.entry_id).where(Redirect.path == path)).first()
    if found is None:
        return None
    table = KINDS[found.kind]
    entry: Any = db.session.scalar(select(table).where(table.id == found.entry_id, readable(found.kind, reader)))
    return entry


def redirects(cursor: str = "") -> Page:
    """(redirect, entry as lists show it or None) of all old addresses, newest first, a page of PAGE. Raises Invalid for a
    cursor that is not ours. Three statements."""
    query = select(Redirect).order_by(Redirect.id.desc()).limit(PAGE + 1)
    if cursor:
        (last,), _ = decode_cursor(cursor, int)
        query = query.where(Redirect.id < last)
    rows = list(db.session.scalars(query))
    entries = rows_of((row.kind, row.entry_id) for row in rows)
    shown = [(row, entries.get((row.kind, row.entry_id))) for row in rows[:PAGE]]
    return Page(shown, encode_cursor([rows[PAGE - 1].id]) if len(rows) > PAGE else None)


def picture_for(reader: Reader | None, ref: str) -> Picture:
    """A picture: for staff any, for others those in a text that they may read. Raises NotFound. Up to three statements."""
    row = db.session.scalar(select(Picture).where(Picture.ref == ref))
    if row is None:
        raise NotFound
    if reader is not None and reader.is_staff:
        return row
    for kind, table in KINDS.items():
        uses = select(PictureUse.entry_id).where(PictureUse.picture_id == row.id, PictureUse.kind == kind)
        if db.session.scalar(select(table.id).where(table.id.in_(uses), readable(kind, reader)).limit(1)) is not None:
            return row
    raise NotFound
