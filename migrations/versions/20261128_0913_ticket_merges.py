"""Tickets can be merged: what it takes to undo that, and the words of messages go to the other ticket with them."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_ticket_merges"
down_revision = "20261128_words_put_in"

# A word stands for its ticket however often it was put in, so the old ticket is put in anew once a message is taken out.
SQLITE_MOVED = """CREATE TRIGGER ticket_texts_moved AFTER UPDATE OF ticket_id ON messages WHEN old.ticket_id <> new.ticket_id
        BEGIN INSERT INTO ticket_texts(ticket_texts, rowid, words) SELECT 'delete', old.ticket_id, substr(old.body, 1, 20000); INSERT INTO ticket_texts(rowid, words) SELECT ticket_id, words FROM ticket_texts_whole WHERE ticket_id = old.ticket_id;
            INSERT INTO ticket_texts(rowid, words) VALUES (new.ticket_id, substr(new.body, 1, 20000)); END"""
# What is written anew may have gone to another ticket: both are read.
REWRITTEN = """FUNCTION ticket_texts_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM ticket_texts_renew(ARRAY(SELECT ticket_id FROM before UNION SELECT ticket_id FROM changed));
        RETURN NULL;
    END $$"""
EDITED = """CREATE TRIGGER ticket_texts_edited AFTER UPDATE ON messages REFERENCING OLD TABLE AS before NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_rewritten()"""
BEFORE = """CREATE TRIGGER ticket_texts_edited AFTER UPDATE ON messages
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_follow()"""


def upgrade() -> None:
    op.create_table(
        "ticket_merges",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("into_id", sa.Integer(), sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("followers", sa.JSON(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_index("ix_ticket_merges_into_id", "ticket_merges", ["into_id"])
    if op.get_context().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql(SQLITE_MOVED)
        return
    op.execute(f"CREATE {REWRITTEN}")
    op.execute("DROP TRIGGER ticket_texts_edited ON messages")
    op.execute(EDITED)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER ticket_texts_moved")
    else:
        op.execute("DROP TRIGGER ticket_texts_edited ON messages")
        op.execute(BEFORE)
        op.execute("DROP FUNCTION ticket_texts_rewritten()")
    op.drop_table("ticket_merges")
