"""Full text over the subjects of tickets, inside the database: FTS5 on SQLite, a stored tsvector on PostgreSQL.

The database keeps both in step by itself, also when tickets come in bulk. They are made with the tickets' table, and by
a migration where that is made by one.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    DDL,
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    column,
    event,
    func,
    literal_column,
    select,
    table,
    union_all,
)

from app.lib.database import at_most
from app.tickets.models import Ticket

SQLITE = (
    """CREATE VIRTUAL TABLE ticket_subjects USING fts5(
        subject, content='tickets', content_rowid='id', prefix='2 3', tokenize="unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER ticket_subjects_added AFTER INSERT ON tickets BEGIN
        INSERT INTO ticket_subjects(rowid, subject) VALUES (new.id, new.subject);
    END""",
    """CREATE TRIGGER ticket_subjects_changed AFTER UPDATE OF subject ON tickets WHEN old.subject <> new.subject BEGIN
        INSERT INTO ticket_subjects(ticket_subjects, rowid, subject) VALUES ('delete', old.id, old.subject);
        INSERT INTO ticket_subjects(rowid, subject) VALUES (new.id, new.subject);
    END""",
    """CREATE TRIGGER ticket_subjects_removed AFTER DELETE ON tickets BEGIN
        INSERT INTO ticket_subjects(ticket_subjects, rowid, subject) VALUES ('delete', old.id, old.subject);
    END""",
)
# PostgreSQL's parser would keep paths and host names whole; what is indexed are plain words, as on SQLite. They are stored,
# since a common word is looked for by walking the newest tickets, and working out the words of each would cost too much.
POSTGRESQL = (
    r"""ALTER TABLE tickets ADD COLUMN ticket_subjects tsvector
        GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, regexp_replace(subject, '[\W_]+', ' ', 'g'))) STORED""",
    "CREATE INDEX ix_tickets_subject ON tickets USING gin (ticket_subjects)",
)
WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 8
# On PostgreSQL, words that at least OFTEN of SAMPLE tickets have are looked for ticket by ticket.
SAMPLE, OFTEN = 100, 2


@dataclass(frozen=True)
class FullText:
    """Words that are kept for tickets: under `name` as SQLite's table by rowid, in the column `words` beside `id` on PostgreSQL."""

    name: str
    id: Any
    words: str

    @property
    def rowid(self) -> ColumnElement[int]:
        """The ticket's id on SQLite."""
        return table(self.name, column("rowid", Integer)).c.rowid


SUBJECTS = FullText("ticket_subjects", Ticket.id, "tickets.ticket_subjects")

for statement in SQLITE:
    event.listen(Ticket.__table__, "after_create", DDL(statement).execute_if(dialect="sqlite"))
for statement in POSTGRESQL:
    event.listen(Ticket.__table__, "after_create", DDL(statement).execute_if(dialect="postgresql"))
event.listen(Ticket.__table__, "before_drop", DDL("DROP TABLE IF EXISTS ticket_subjects").execute_if(dialect="sqlite"))


def words(text: str) -> list[str]:
    """What is looked for: the words of a query, each once, at most MAX_WORDS."""
    return list(dict.fromkeys(WORD.findall(text.lower())))[:MAX_WORDS]


@dataclass(frozen=True)
class Stretch:
    """Where a search goes on: after the id of the value `key_0`, newest first if `descending`, until `enough` are found.

    PostgreSQL looks at the next `window` tickets first, and at others only where fewer than `common` of those have the words.
    """

    descending: bool
    enough: int
    window: int
    common: int

    @property
    def may_walk(self) -> bool:
        """Whether it may end before all are found: where `enough` fill a page, and are not thousands of which filters leave some."""
        return self.enough <= self.common

    def away(self, distance: int) -> ColumnElement[int]:
        """The id that is so far from the start, on PostgreSQL, also where that is more than an id can be."""
        start = cast(starts_after("postgresql"), BigInteger)
        return start - at_most(distance) if self.descending else start + at_most(distance)

    def after(self, key: Any, edge: ColumnElement[int]) -> ColumnElement[bool]:
        """Ids that come after one."""
        return key < edge if self.descending else key > edge

    def ordered(self, query: Select[Any], key: Any) -> Select[Any]:
        """The first `enough` of what a query finds."""
        return query.order_by(key.desc() if self.descending else key.asc()).limit(at_most(self.enough))


def starts_after(dialect: str) -> BindParameter[int]:
    """The id after which a search goes on, the value `key_0`.

    Written out for PostgreSQL, as all that a search depends on: a plan that is kept for any start walks all tickets for a rare word.
    """
    return bindparam("key_0", type_=Integer(), literal_execute=dialect != "sqlite")


def matching(dialect: str, stretch: Stretch, text: FullText = SUBJECTS) -> Select[Any]:
    """Ids (`id`) of tickets whose `text` has all words of the value `terms`, the last of which may be half typed.

    SQLite hands them out in order, as many as are asked for.
    """
    if dialect == "sqlite":
        key = text.rowid
        return stretch.ordered(select(key.label("id")).where(holds(dialect, text=text), stretch.after(key, starts_after(dialect))), key)
    return near_and_far(stretch, text)


def near_and_far(stretch: Stretch, text: FullText) -> Select[Any]:
    """The same for PostgreSQL, whose index knows no order.

    By itself it would either walk all tickets for a word that nobody has written, or fetch half of them for one that everybody
    does. So a window is walked first. If few in it have the words, a sample of the others tells whether to walk on until a
    page is full, or to ask the index for all.
    """
    start, edge = stretch.away(0), stretch.away(stretch.window)
    having = select(text.id.label("id")).where(holds("postgresql", text=text))
    window = having.where(stretch.after(text.id, start), ~stretch.after(text.id, edge))
    near = materialized(stretch.ordered(window, text.id) if stretch.may_walk else window, "near")
    is_short = how_many(near) < at_most(stretch.common)
    others = having.where(stretch.after(text.id, edge), is_short)
    if not stretch.may_walk:
        return together(near, materialized(others, "indexed"))
    some = having.where(text.id.in_(spread(edge, stretch, text)), is_short)
    is_often = how_many(materialized(some.limit(at_most(OFTEN)), "sample")) >= at_most(OFTEN)
    walked = materialized(stretch.ordered(others.where(is_often), text.id), "walked")
    return together(near, walked, materialized(others.where(~is_often), "indexed"))


def spread(edge: ColumnElement[int], stretch: Stretch, text: FullText) -> Select[Any]:
    """About SAMPLE ids at even distances among those after an edge."""
    last: Any = select(func.max(text.id)).scalar_subquery()
    low, high = (at_most(1), edge) if stretch.descending else (edge, last)
    return select(func.generate_series(low, high, func.greatest((high - low) // at_most(SAMPLE), at_most(1))).column_valued("some"))


def materialized(query: Select[Any], name: str) -> CTE:
    """A step by itself, so that nothing around it makes the database walk instead of asking its index."""
    return query.cte(name).prefix_with("MATERIALIZED")


def how_many(step: CTE) -> ColumnElement[int]:
    """How many tickets a step has found."""
    return select(func.count()).select_from(step).scalar_subquery()


def together(*steps: CTE) -> Select[Any]:
    """What all steps have found."""
    return select(union_all(*(select(step.c.id) for step in steps)).subquery("found").c.id)


def holds(dialect: str, terms: str | None = None, text: FullText = SUBJECTS) -> ColumnElement[bool]:
    """The condition that a `text` has all words: on its own table for SQLite, beside its `id` for PostgreSQL.

    Without `terms` they are a value that the statement is given when it is executed.
    """
    # On PostgreSQL written out in the statement: a plan that is kept for any words would be a bad one for most.
    asked = bindparam("terms", terms, type_=String(), required=terms is None, literal_execute=dialect != "sqlite")
    if dialect == "sqlite":
        return literal_column(text.name).op("MATCH")(asked)
    return literal_column(text.words).op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), asked))


def terms_of(text: str, dialect: str) -> str:
    """A query as the database's full text takes it; empty where it has no words."""
    quoted = [f'"{word}"' if dialect == "sqlite" else f"'{word}'" for word in words(text)]
    if not quoted:
        return ""
    return " AND ".join(quoted) + "*" if dialect == "sqlite" else " & ".join(quoted) + ":*"


def holding(text: str, dialect: str) -> ColumnElement[bool] | None:
    """The same as `matching`, as a condition on Ticket beside others that are narrow already, such as one customer's tickets."""
    if not words(text):
        return None
    found = holds(dialect, terms_of(text, dialect))
    return Ticket.id.in_(select(SUBJECTS.rowid).where(found)) if dialect == "sqlite" else found
