"""The radar for stale answers: which entries may no longer be right, and why. Weighed anew each hour, read from one index."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, delete, exists, func, select

from app.accounts.models import User
from app.extensions import db
from app.knowledge.learning.models import Check, Release, Remark, Stale, Use
from app.knowledge.learning.rules import CHECKED, LOOKED_AT, Signs, covers, reasons
from app.knowledge.learning.tally import inserted
from app.knowledge.links.models import EntryLink
from app.knowledge.models import TABLES, Article
from app.knowledge.translations.models import Translation
from app.lib.batches import batched

ROWS = 100
Key = tuple[str, int]


def weigh(now: datetime) -> int:
    """Find what speaks against each published entry, and put the list in the place of the old one; returns how many entries are
    on it. What demo people did is on a list of its own, which is made where there are any. Again is harmless.

    About ten statements for each list, whatever the number of entries that nothing speaks against.
    """
    total = 0
    for is_demo in (False, True):
        if not is_demo or db.session.scalar(select(exists().where(User.is_demo))):
            total += replace_list(is_demo, now)
    return total


def replace_list(is_demo: bool, now: datetime) -> int:
    """One of the lists; demo people also see what is real."""
    rows = []
    for (kind, number), signs in sorted(signs_of(is_demo, now).items()):
        found = reasons(signs, now.date())
        if found:
            about = {"kind": kind, "entry_id": number, "is_demo": is_demo, "weighed_at": now}
            rows.append({**about, "score": sum(points for points, _ in found), "reasons": [words for _, words in found]})
    for part in batched(rows, ROWS):
        insert = inserted(Stale).values(part)
        changes = {name: insert.excluded[name] for name in ("score", "reasons", "weighed_at")}
        db.session.execute(insert.on_conflict_do_update(index_elements=["kind", "entry_id", "is_demo"], set_=changes))
    gone = delete(Stale).where(Stale.is_demo == is_demo, Stale.weighed_at < now)
    db.session.execute(gone, execution_options={"synchronize_session": False})
    return len(rows)


def signs_of(is_demo: bool, now: datetime) -> dict[Key, Signs]:
    """(kind, number) → what speaks against it since somebody last found it right; only entries with any sign, and published."""
    found: dict[Key, Signs] = {}
    for key, more in (*ended(now), *overdue(now), *used(is_demo, now), *remarked(is_demo), *broken(), *behind()):
        found[key] = replace(found.get(key, Signs()), **more)
    published = {(kind, number) for kind in TABLES for number in still_published(kind, [n for k, n in found if k == kind])}
    return {key: signs for key, signs in found.items() if key in published}


def still_published(kind: str, numbers: list[int]) -> Iterator[int]:
    """Those that readers can see. One statement for each 500."""
    table = TABLES[kind]
    for part in batched(numbers, 500):
        yield from db.session.scalars(select(table.c.id).where(table.c.id.in_(part), table.c.status == "published"))


def since(kind: str) -> Any:
    """When somebody last found an entry of a kind right, as a column; beside it, the day by which the editor knows it."""
    return select(Check.at).where(Check.kind == kind, Check.entry_id == TABLES[kind].c.id).scalar_subquery()


def ended(now: datetime) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Articles for a version that has ended, unless somebody found them right since, not long ago."""
    today = now.date()
    over = [
        (row.version, row.ends_on) for row in db.session.execute(select(Release.version, Release.ends_on).where(Release.ends_on < today))
    ]
    if not over:
        return
    versions = db.session.scalars(select(Article.product_version).where(Article.product_version != "").distinct()).all()
    ends = {
        version: max(end for release, end in over if covers(release, version))
        for version in versions
        if any(covers(r, version) for r, _ in over)
    }
    query = select(Article.id, Article.product_version, Article.reviewed_on, since("article").label("checked")).where(
        Article.product_version.in_(sorted(ends))
    )
    for row in db.session.execute(query):
        looked = latest(row.checked, row.reviewed_on)
        end = ends[row.product_version]
        if looked is None or looked.date() <= end or looked < now - CHECKED:
            yield ("article", row.id), {"version": row.product_version, "ended_on": end}


def overdue(now: datetime) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Entries whose review is due. One statement for each kind, on its index."""
    for kind, table in TABLES.items():
        for row in db.session.execute(select(table.c.id, table.c.review_on).where(table.c.review_on < now.date())):
            yield (kind, row.id), {"review_on": row.review_on}


def used(is_demo: bool, now: datetime) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Entries after whose use a ticket came back, within the last LOOKED_AT."""
    for kind, table in TABLES.items():
        checked = since(kind)
        mine = [Use.kind == kind, Use.used_at > now - LOOKED_AT, checked.is_(None) | (Use.used_at > checked)]
        mine += [] if is_demo else [Use.is_demo.is_(False)]
        back = func.sum(case((Use.reopened_at.is_not(None), 1), else_=0))
        query = select(
            Use.entry_id, table.c.reviewed_on, func.count().label("uses"), back.label("reopened"), func.max(Use.used_at).label("last")
        )
        grouped = query.join(table, table.c.id == Use.entry_id).where(*mine).group_by(Use.entry_id, table.c.reviewed_on).having(back > 0)
        for row in db.session.execute(grouped):
            if row.reviewed_on is None or row.last.date() > row.reviewed_on:
                yield (kind, row.entry_id), {"uses": row.uses, "reopened": int(row.reopened)}


def remarked(is_demo: bool) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Entries that readers called outdated or wrong, in remarks that nobody has closed."""
    mine = [Remark.closed_at.is_(None), Remark.why.in_(("outdated", "wrong"))] + ([] if is_demo else [Remark.is_demo.is_(False)])
    found: dict[Key, dict[str, Any]] = {}
    query = select(Remark.kind, Remark.entry_id, Remark.why, func.count().label("times")).where(*mine)
    for row in db.session.execute(query.group_by(Remark.kind, Remark.entry_id, Remark.why)):
        found.setdefault((row.kind, row.entry_id), {})[row.why] = row.times
    yield from found.items()


def broken() -> Iterator[tuple[Key, dict[str, Any]]]:
    """Entries with links that lead nowhere."""
    mine = (EntryLink.state == "broken", EntryLink.ignored_at.is_(None))
    query = select(EntryLink.kind, EntryLink.entry_id, func.count().label("times")).where(*mine)
    for row in db.session.execute(query.group_by(EntryLink.kind, EntryLink.entry_id)):
        yield (row.kind, row.entry_id), {"broken": row.times}


def behind() -> Iterator[tuple[Key, dict[str, Any]]]:
    """Entries that have changed since they were translated."""
    found: dict[Key, list[str]] = {}
    for kind, table in TABLES.items():
        query = select(Translation.entry_id, Translation.locale).join(table, table.c.id == Translation.entry_id)
        mine = (
            Translation.kind == kind,
            Translation.status == "published",
            Translation.source_version.between(1, table.c.text_version - 1),
        )
        for row in db.session.execute(query.where(*mine).order_by(Translation.locale)):
            found.setdefault((kind, row.entry_id), []).append(row.locale)
    yield from ((key, {"behind": tuple(locales)}) for key, locales in found.items())


def latest(checked: datetime | None, reviewed_on: date | None) -> datetime | None:
    """When somebody last looked, by either account."""
    ends = datetime.combine(reviewed_on + timedelta(days=1), time(), UTC) if reviewed_on is not None else None
    return max((moment for moment in (checked, ends) if moment is not None), default=None)
