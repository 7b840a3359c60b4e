"""What is said is put in beside the words by which SQLite finds a ticket, where every message took out and put in the whole ticket."""

from alembic import op

revision = "20261128_words_put_in"
down_revision = "20261128_invited_to"

# SQLite keeps words only. A word stands for its ticket however often it was put in, and taking it out takes it out wherever it came from: so
# what is said is put in beside what is there, and what changes is taken out by its old text before the whole ticket is put in anew.
SQLITE_IN = "INSERT INTO ticket_texts(rowid, words) SELECT ticket_id, words FROM ticket_texts_whole WHERE ticket_id"
SQLITE_OUT = "INSERT INTO ticket_texts(ticket_texts, rowid, words) SELECT 'delete',"
SQLITE_PEOPLE = """(SELECT name || ' ' || email FROM users WHERE users.id = old.requester_id)
        || ' ' || coalesce((SELECT name FROM organizations WHERE organizations.id = old.organization_id), '')"""
SQLITE = (
    """CREATE VIEW ticket_texts_whole(ticket_id, words) AS
        SELECT tickets.id, tickets.subject || ' ' || users.name || ' ' || users.email || ' ' || coalesce(organizations.name, '') || ' '
            || coalesce((SELECT group_concat(substr(body, 1, 20000), ' ') FROM messages WHERE messages.ticket_id = tickets.id), '')
        FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id""",
    """CREATE VIRTUAL TABLE ticket_texts USING fts5(words, content='ticket_texts_whole', content_rowid='ticket_id',
        columnsize=0, prefix='2 3', tokenize="unicode61 remove_diacritics 2")""",
    f"""CREATE TRIGGER ticket_texts_begun AFTER INSERT ON messages
        WHEN NOT EXISTS (SELECT 1 FROM messages WHERE ticket_id = new.ticket_id AND id <> new.id)
        BEGIN {SQLITE_IN} = new.ticket_id; END""",
    """CREATE TRIGGER ticket_texts_said AFTER INSERT ON messages
        WHEN EXISTS (SELECT 1 FROM messages WHERE ticket_id = new.ticket_id AND id <> new.id)
        BEGIN INSERT INTO ticket_texts(rowid, words) VALUES (new.ticket_id, substr(new.body, 1, 20000)); END""",
    f"""CREATE TRIGGER ticket_texts_edited AFTER UPDATE OF body ON messages WHEN old.body <> new.body
        BEGIN {SQLITE_OUT} old.ticket_id, substr(old.body, 1, 20000); {SQLITE_IN} = new.ticket_id; END""",
    f"""CREATE TRIGGER ticket_texts_unsaid AFTER DELETE ON messages
        BEGIN {SQLITE_OUT} old.ticket_id, substr(old.body, 1, 20000); {SQLITE_IN} = old.ticket_id; END""",
    f"""CREATE TRIGGER ticket_texts_changed AFTER UPDATE OF subject, requester_id, organization_id ON tickets
        WHEN (old.subject, old.requester_id, old.organization_id) IS NOT (new.subject, new.requester_id, new.organization_id)
        BEGIN {SQLITE_OUT} old.id, old.subject || ' ' || {SQLITE_PEOPLE}; {SQLITE_IN} = new.id; END""",
    f"""CREATE TRIGGER ticket_texts_removed AFTER DELETE ON tickets
        BEGIN {SQLITE_OUT} old.id, old.subject || ' ' || {SQLITE_PEOPLE}; END""",
    f"""CREATE TRIGGER ticket_texts_person AFTER UPDATE OF name, email ON users WHEN old.name <> new.name OR old.email <> new.email
        BEGIN {SQLITE_OUT} id, old.name || ' ' || old.email FROM tickets WHERE requester_id = old.id;
            {SQLITE_IN} IN (SELECT id FROM tickets WHERE requester_id = new.id); END""",
    f"""CREATE TRIGGER ticket_texts_organization AFTER UPDATE OF name ON organizations WHEN old.name <> new.name
        BEGIN {SQLITE_OUT} id, old.name FROM tickets WHERE organization_id = old.id;
            {SQLITE_IN} IN (SELECT id FROM tickets WHERE organization_id = new.id); END""",
)
WHOLE_BEFORE = """
    INSERT OR REPLACE INTO ticket_texts(rowid, words)
    SELECT tickets.id, substr(
        tickets.subject || ' ' || users.name || ' ' || users.email || ' ' || coalesce(organizations.name, '') || ' ' || coalesce((
            SELECT group_concat(said, ' ') FROM (
                SELECT substr(body, 1, 20000) AS said FROM messages WHERE messages.ticket_id = tickets.id ORDER BY messages.id DESC
            )), ''), 1, 200000)
    FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id
    WHERE"""
BEFORE = (
    """CREATE VIRTUAL TABLE ticket_texts USING fts5(words, columnsize=0, prefix='2 3', tokenize="unicode61 remove_diacritics 2")""",
    f"CREATE TRIGGER ticket_texts_said AFTER INSERT ON messages BEGIN {WHOLE_BEFORE} tickets.id = new.ticket_id; END",
    f"CREATE TRIGGER ticket_texts_edited AFTER UPDATE OF body ON messages BEGIN {WHOLE_BEFORE} tickets.id = new.ticket_id; END",
    f"CREATE TRIGGER ticket_texts_unsaid AFTER DELETE ON messages BEGIN {WHOLE_BEFORE} tickets.id = old.ticket_id; END",
    f"""CREATE TRIGGER ticket_texts_changed AFTER UPDATE OF subject, requester_id, organization_id ON tickets
        WHEN (old.subject, old.requester_id, old.organization_id) IS NOT (new.subject, new.requester_id, new.organization_id)
        BEGIN {WHOLE_BEFORE} tickets.id = new.id; END""",
    "CREATE TRIGGER ticket_texts_removed AFTER DELETE ON tickets BEGIN DELETE FROM ticket_texts WHERE rowid = old.id; END",
    f"""CREATE TRIGGER ticket_texts_person AFTER UPDATE OF name, email ON users WHEN old.name <> new.name OR old.email <> new.email
        BEGIN {WHOLE_BEFORE} tickets.requester_id = new.id; END""",
    f"""CREATE TRIGGER ticket_texts_organization AFTER UPDATE OF name ON organizations WHEN old.name <> new.name
        BEGIN {WHOLE_BEFORE} tickets.organization_id = new.id; END""",
)


def upgrade() -> None:
    """Read all tickets anew, as SQLite itself does it."""
    if op.get_context().dialect.name == "sqlite":
        unfollow()
        make(SQLITE)
        op.execute("INSERT INTO ticket_texts(ticket_texts) VALUES ('rebuild')")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        unfollow()
        op.execute("DROP VIEW ticket_texts_whole")
        make(BEFORE)
        op.execute(f"{WHOLE_BEFORE} true")


def unfollow() -> None:
    """Take away what keeps the words in step, and the words."""
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ticket_texts_%'"
    for trigger in op.get_bind().exec_driver_sql(named).scalars().all():
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP TABLE ticket_texts")


def make(statements: tuple[str, ...]) -> None:
    """Execute statements as they are: a colon in them names no value."""
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
