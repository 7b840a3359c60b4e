"""Popularity: what readers gave an entry, on top of what it was given by hand or import; it fades, and nobody rewrites it all.

An entry's `popularity` is `base + shown` between 0 and MOST_POPULAR. `shown` is its score, rounded; a score is kept in points
of a fixed day, so it fades by itself, and a row is written again only when its whole number has changed.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, select, update

from app.extensions import db
from app.knowledge.learning.models import Popularity
from app.knowledge.learning.rules import due_on, shown, weight
from app.knowledge.learning.tally import inserted
from app.knowledge.models import TABLES
from app.knowledge.rules import MOST_POPULAR

CHUNK = 500


def earn(kind: str, number: int, points: int, now: datetime) -> None:
    """Give an entry points, or take some; they count at once and fade from today on. Two statements."""
    entry, mine = TABLES[kind], Popularity.__table__
    today = now.date()
    now_there = select(entry.c.popularity).where(entry.c.id == number).scalar_subquery()
    row = {
        "kind": kind,
        "entry_id": number,
        "score": points * weight(today),
        "shown": points,
        "due_on": due_on(points * weight(today), today),
    }
    insert = inserted(Popularity).values(**row, base=now_there)
    # An import or a writer may have set another popularity meanwhile: that is the new base.
    base = mine.c.base + now_there - bounded(mine.c.base + mine.c.shown)
    grown = {"score": mine.c.score + insert.excluded.score, "shown": mine.c.shown + points, "base": base, "due_on": insert.excluded.due_on}
    db.session.execute(insert.on_conflict_do_update(index_elements=["kind", "entry_id"], set_=grown))
    show(kind, number)


def show(kind: str, number: int) -> None:
    """Write what an entry has earned into its popularity; neither its version nor its text moves."""
    entry, mine = TABLES[kind], Popularity.__table__
    earned = select(bounded(mine.c.base + mine.c.shown)).where(mine.c.kind == kind, mine.c.entry_id == number).scalar_subquery()
    db.session.execute(update(entry).where(entry.c.id == number).values(popularity=earned))


def bounded(value: ColumnElement[int]) -> ColumnElement[int]:
    """Within 0 and MOST_POPULAR, as the database works it out."""
    return case((value < 0, 0), (value > MOST_POPULAR, MOST_POPULAR), else_=value)


def fade(now: datetime, limit: int = CHUNK) -> int:
    """Write anew what shows less than it did, the longest due first; returns how many entries. At most `limit` at once, so that the
    index never has many to learn of. Again is harmless. Three statements for each."""
    today = now.date()
    due = select(Popularity).where(Popularity.due_on <= today).order_by(Popularity.due_on).limit(limit).with_for_update(skip_locked=True)
    rows = db.session.scalars(due).all()
    for row in rows:
        entry = TABLES[row.kind]
        there = db.session.scalar(select(entry.c.popularity).where(entry.c.id == row.entry_id))
        if there is None:
            db.session.execute(delete(Popularity).where(Popularity.kind == row.kind, Popularity.entry_id == row.entry_id))
            continue
        row.base += there - min(MOST_POPULAR, max(0, row.base + row.shown))
        row.shown, row.due_on = shown(row.score, today), due_on(row.score, today)
        db.session.flush()
        show(row.kind, row.entry_id)
        if row.shown == 0:
            db.session.delete(row)
    db.session.flush()
    return len(rows)
