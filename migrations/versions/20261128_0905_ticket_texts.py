"""Full text over whole tickets, with all that was said in them; app/tickets/text_index.py says how it is asked."""

import sys

import sqlalchemy as sa
from alembic import op

revision = "20261128_ticket_texts"
down_revision = "20261128_upload_beat"

# How many characters of a message, and of a whole ticket, can be found. PostgreSQL takes a megabyte of words in one
# value, which so many characters never reach. The latest message comes first: a very long ticket leaves out its oldest.
# A new ticket is read with its first message, without which there is none.
OF_MESSAGE, OF_TICKET = 20_000, 200_000

SQLITE_TEXT = f"""
    INSERT OR REPLACE INTO ticket_texts(rowid, words)
    SELECT tickets.id, substr(
        tickets.subject || ' ' || users.name || ' ' || users.email || ' ' || coalesce(organizations.name, '') || ' ' || coalesce((
            SELECT group_concat(said, ' ') FROM (
                SELECT substr(body, 1, {OF_MESSAGE}) AS said FROM messages WHERE messages.ticket_id = tickets.id ORDER BY messages.id DESC
            )), ''), 1, {OF_TICKET})
    FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id
    WHERE"""
SQLITE = (
    """CREATE VIRTUAL TABLE ticket_texts USING fts5(words, columnsize=0, prefix='2 3', tokenize="unicode61 remove_diacritics 2")""",
    f"CREATE TRIGGER ticket_texts_said AFTER INSERT ON messages BEGIN {SQLITE_TEXT} tickets.id = new.ticket_id; END",
    f"CREATE TRIGGER ticket_texts_edited AFTER UPDATE OF body ON messages BEGIN {SQLITE_TEXT} tickets.id = new.ticket_id; END",
    f"CREATE TRIGGER ticket_texts_unsaid AFTER DELETE ON messages BEGIN {SQLITE_TEXT} tickets.id = old.ticket_id; END",
    f"""CREATE TRIGGER ticket_texts_changed AFTER UPDATE OF subject, requester_id, organization_id ON tickets
        WHEN (old.subject, old.requester_id, old.organization_id) IS NOT (new.subject, new.requester_id, new.organization_id)
        BEGIN {SQLITE_TEXT} tickets.id = new.id; END""",
    "CREATE TRIGGER ticket_texts_removed AFTER DELETE ON tickets BEGIN DELETE FROM ticket_texts WHERE rowid = old.id; END",
    f"""CREATE TRIGGER ticket_texts_person AFTER UPDATE OF name, email ON users WHEN old.name <> new.name OR old.email <> new.email
        BEGIN {SQLITE_TEXT} tickets.requester_id = new.id; END""",
    f"""CREATE TRIGGER ticket_texts_organization AFTER UPDATE OF name ON organizations WHEN old.name <> new.name
        BEGIN {SQLITE_TEXT} tickets.organization_id = new.id; END""",
)
# Both engines cut words alike (subject_index.py says why on PostgreSQL). Whole statements are followed where rows come in bulk, so
# that a ticket is read once for all its messages. Who adds a message at the same time waits, or one would miss the other's.
POSTGRESQL = (
    "CREATE TABLE ticket_texts (ticket_id integer PRIMARY KEY REFERENCES tickets ON DELETE CASCADE, words tsvector NOT NULL)",
    "CREATE INDEX ix_ticket_texts_words ON ticket_texts USING gin (words)",
    rf"""CREATE FUNCTION ticket_texts_renew(changed integer[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        IF cardinality(changed) < 100 THEN
            PERFORM 1 FROM tickets WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
        END IF;
        INSERT INTO ticket_texts (ticket_id, words)
        SELECT tickets.id, strip(to_tsvector('simple', regexp_replace(left(
            concat_ws(' ', tickets.subject, users.name, users.email, organizations.name, (
                SELECT string_agg(left(body, {OF_MESSAGE}), ' ' ORDER BY messages.id DESC)
                FROM messages WHERE messages.ticket_id = tickets.id
            )), {OF_TICKET}), '[\W_]+', ' ', 'g')))
        FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id
        WHERE tickets.id = ANY (changed)
        ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words;
    END $$""",
    """CREATE FUNCTION ticket_texts_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM ticket_texts_renew(ARRAY(SELECT DISTINCT ticket_id FROM changed));
        RETURN NULL;
    END $$""",
    """CREATE FUNCTION ticket_texts_follow_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_TABLE_NAME = 'tickets' THEN
            PERFORM ticket_texts_renew(ARRAY[NEW.id]);
        ELSIF TG_TABLE_NAME = 'users' THEN
            PERFORM ticket_texts_renew(ARRAY(SELECT id FROM tickets WHERE requester_id = NEW.id));
        ELSE
            PERFORM ticket_texts_renew(ARRAY(SELECT id FROM tickets WHERE organization_id = NEW.id));
        END IF;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER ticket_texts_said AFTER INSERT ON messages
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_follow()""",
    """CREATE TRIGGER ticket_texts_edited AFTER UPDATE ON messages
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_follow()""",
    """CREATE TRIGGER ticket_texts_unsaid AFTER DELETE ON messages
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_follow()""",
    """CREATE TRIGGER ticket_texts_changed AFTER UPDATE OF subject, requester_id, organization_id ON tickets
        FOR EACH ROW WHEN ((OLD.subject, OLD.requester_id, OLD.organization_id)
            IS DISTINCT FROM (NEW.subject, NEW.requester_id, NEW.organization_id))
        EXECUTE FUNCTION ticket_texts_follow_row()""",
    """CREATE TRIGGER ticket_texts_person AFTER UPDATE OF name, email ON users
        FOR EACH ROW WHEN ((OLD.name, OLD.email) IS DISTINCT FROM (NEW.name, NEW.email)) EXECUTE FUNCTION ticket_texts_follow_row()""",
    """CREATE TRIGGER ticket_texts_organization AFTER UPDATE OF name ON organizations
        FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION ticket_texts_follow_row()""",
)
# So many tickets at once; a line tells of each LINE of them.
STEP, LINE = 2_000, 100_000


def upgrade() -> None:
    """Fill first and follow afterwards: only the last step keeps writers waiting, for as long as what came in meanwhile takes."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    statements = SQLITE if is_sqlite else POSTGRESQL
    for statement in statements:
        if "CREATE TRIGGER" not in statement:
            op.execute(statement)
    begun = last("messages")
    fill(0, last("tickets"), is_sqlite)
    for statement in statements:
        if "CREATE TRIGGER" in statement:
            op.execute(statement)
    catch_up(begun, is_sqlite)


def last(table: str) -> int:
    """The newest id of a table."""
    return op.get_bind().scalar(sa.text(f"SELECT coalesce(max(id), 0) FROM {table}"))


def fill(start: int, end: int, is_sqlite: bool) -> None:
    """Read the tickets after one id up to another, and say how far it is."""
    for after in range(start, end, STEP):
        ids = f"tickets.id > {after} AND tickets.id <= {min(after + STEP, end)}"
        op.execute(f"{SQLITE_TEXT} {ids}" if is_sqlite else f"SELECT ticket_texts_renew(ARRAY(SELECT id FROM tickets WHERE {ids}))")
        if after and after % LINE == 0:
            sys.stdout.write(f"  {after:,} of {end:,} tickets can be searched\n")
            sys.stdout.flush()


def catch_up(begun: int, is_sqlite: bool) -> None:
    """Read what came in on PostgreSQL while tickets were read; nobody else writes to SQLite meanwhile."""
    if not is_sqlite:
        op.execute(f"SELECT ticket_texts_renew(ARRAY(SELECT DISTINCT ticket_id FROM messages WHERE id > {begun}))")


def downgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    if is_sqlite:
        for statement in SQLITE[1:]:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")
    else:
        # Their triggers go with them.
        op.execute("DROP FUNCTION ticket_texts_follow, ticket_texts_follow_row, ticket_texts_renew CASCADE")
    op.execute("DROP TABLE ticket_texts")
