"""A ticket that begins with what was said on another one is found by all its words on SQLite, too, its subject among them."""

from alembic import op

revision = "20261128_words_moved"
down_revision = "20261128_ticket_merges"

TRIGGER = "CREATE TRIGGER ticket_texts_moved AFTER UPDATE OF ticket_id ON messages WHEN old.ticket_id <> new.ticket_id"
OUT = "INSERT INTO ticket_texts(ticket_texts, rowid, words) SELECT 'delete', old.ticket_id, substr(old.body, 1, 20000);"
IN = "INSERT INTO ticket_texts(rowid, words) SELECT ticket_id, words FROM ticket_texts_whole WHERE ticket_id"
BEFORE = f"""{TRIGGER}
        BEGIN {OUT} {IN} = old.ticket_id;
            INSERT INTO ticket_texts(rowid, words) VALUES (new.ticket_id, substr(new.body, 1, 20000)); END"""
SQLITE_MOVED = f"""{TRIGGER}
        BEGIN {OUT} {IN} IN (old.ticket_id, new.ticket_id); END"""


def upgrade() -> None:
    put_in_place(SQLITE_MOVED)


def downgrade() -> None:
    put_in_place(BEFORE)


def put_in_place(trigger: str) -> None:
    """PostgreSQL reads both tickets already."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER ticket_texts_moved")
        op.get_bind().exec_driver_sql(trigger)
