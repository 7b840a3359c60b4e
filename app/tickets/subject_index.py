"""Full text over the subjects of tickets, inside the database: FTS5 on SQLite, a GIN index on PostgreSQL.

The database keeps both in step by itself, also when tickets come in bulk. They are made with the tickets' table, and by
a migration where that is made by one.
"""

import re
from typing import Any

from sqlalchemy import DDL, ColumnElement, Select, column, event, func, literal_column, select, table

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
# PostgreSQL's parser would keep paths and host names whole; what is indexed are plain words, as on SQLite.
VECTOR = r"to_tsvector('simple'::regconfig, regexp_replace(tickets.subject, '[\W_]+', ' ', 'g'))"
POSTGRESQL = (f"CREATE INDEX ix_tickets_subject ON tickets USING gin ({VECTOR.replace('tickets.', '')})",)
SUBJECTS = table("ticket_subjects", column("rowid"))
WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 8

for statement in SQLITE:
    event.listen(Ticket.__table__, "after_create", DDL(statement).execute_if(dialect="sqlite"))
for statement in POSTGRESQL:
    event.listen(Ticket.__table__, "after_create", DDL(statement).execute_if(dialect="postgresql"))
event.listen(Ticket.__table__, "before_drop", DDL("DROP TABLE IF EXISTS ticket_subjects").execute_if(dialect="sqlite"))


def words(text: str) -> list[str]:
    """What is looked for: the words of a query, each once, at most MAX_WORDS."""
    return list(dict.fromkeys(WORD.findall(text.lower())))[:MAX_WORDS]


def matching(text: str, dialect: str, *, start: int | None, descending: bool, limit: int) -> Select[Any] | None:
    """Ids of tickets whose subject has all words, the last of which may be half typed; None where there are no words.

    One column, `id`, in its order: newest first if `descending`. `start` is the id to go on from.
    """
    wanted = words(text)
    if not wanted:
        return None
    key: Any = SUBJECTS.c.rowid if dialect == "sqlite" else Ticket.id
    query = select(key.label("id")).where(holds(wanted, dialect))
    if start is not None:
        query = query.where(key < start if descending else key > start)
    return query.order_by(key.desc() if descending else key.asc()).limit(limit)


def holds(wanted: list[str], dialect: str) -> ColumnElement[bool]:
    """The condition that a subject has all of these words: on SUBJECTS for SQLite, on Ticket for PostgreSQL."""
    if dialect == "sqlite":
        terms = " AND ".join(f'"{word}"' for word in wanted) + "*"
        return literal_column("ticket_subjects").op("MATCH")(terms)
    terms = " & ".join(f"'{word}'" for word in wanted) + ":*"
    return literal_column(VECTOR).op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), terms))


def holding(text: str, dialect: str) -> ColumnElement[bool] | None:
    """The same as `matching`, as a condition on Ticket beside others that are narrow already, such as one customer's tickets."""
    wanted = words(text)
    if not wanted:
        return None
    found = holds(wanted, dialect)
    return Ticket.id.in_(select(SUBJECTS.c.rowid).where(found)) if dialect == "sqlite" else found
