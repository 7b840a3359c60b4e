"""Full text over the subjects of tickets, inside the database: FTS5 on SQLite, a stored tsvector on PostgreSQL.

The database keeps both in step by itself, also when tickets come in bulk. They are made with the tickets' table, and by
a migration where that is made by one.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DDL, ColumnElement, Integer, Select, String, bindparam, column, event, func, literal_column, select, table, union_all

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

    PostgreSQL looks at the next `window` tickets before all others; where `common` of them have the words, only at those.
    """

    descending: bool
    enough: int
    window: int
    common: int

    def beyond(self, key: Any, *, edge: bool) -> ColumnElement[bool]:
        """Ids after the start, or (`edge`) after the window."""
        start = bindparam("key_0", type_=Integer())
        if self.descending:
            return key <= start - self.window if edge else key < start
        return key > start + self.window if edge else key > start


def matching(dialect: str, stretch: Stretch, text: FullText = SUBJECTS) -> Select[Any]:
    """Ids (`id`) of tickets whose `text` has all words of the value `terms`, the last of which may be half typed.

    SQLite hands them out in order, as many as are asked for. PostgreSQL would either walk all tickets for a word that
    nobody has written, or fetch half of them for one that everybody does: so it walks a window first.
    """
    match, key = holds(dialect, text=text), text.rowid if dialect == "sqlite" else text.id
    if dialect == "sqlite":
        query = select(key.label("id")).where(match, stretch.beyond(key, edge=False))
        return query.order_by(key.desc() if stretch.descending else key.asc()).limit(stretch.enough)
    near = select(key.label("id")).where(match, stretch.beyond(key, edge=False), ~stretch.beyond(key, edge=True)).cte("near")
    is_rare = select(func.count()).select_from(near).scalar_subquery() < stretch.common
    # Materialized, so that nothing around it makes the database walk instead of asking its index.
    far = select(key.label("id")).where(match, stretch.beyond(key, edge=True), is_rare).cte("far").prefix_with("MATERIALIZED")
    return select(union_all(select(near.c.id), select(far.c.id)).subquery("near_and_far").c.id)


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
