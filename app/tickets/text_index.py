"""Full text over whole tickets: subject, whoever asked, their organization, and all that was said, internal notes included.

Each ticket is one text, so that all words of a question may stand anywhere in it. The database keeps it in step by
itself, also when rows come in bulk; docs/decisions/ticket-search.md says at what cost. It is made with the messages'
table, and by a migration where that is made by one.
"""

from sqlalchemy import DDL, Integer, column, event, table

from app.tickets.models import Message
from app.tickets.subject_index import FullText

# How many characters of a message, and on PostgreSQL of a whole ticket, can be found. PostgreSQL takes a megabyte of words in one
# value, which so many characters never reach. The latest message comes first: a very long ticket leaves out its oldest.
# A new ticket is read with its first message, without which there is none.
OF_MESSAGE, OF_TICKET = 20_000, 200_000
# So many rows that come at once are a bulk load.
BULK = 100

# SQLite keeps words only. A word stands for its ticket however often it was put in, and taking it out takes it out wherever it came from: so
# what is said is put in beside what is there, and what changes is taken out by its old text before the whole ticket is put in anew.
# What goes to another ticket may be the first that is said there, so that one is put in as a whole, too.
SQLITE_IN = "INSERT INTO ticket_texts(rowid, words) SELECT ticket_id, words FROM ticket_texts_whole WHERE ticket_id"
SQLITE_OUT = "INSERT INTO ticket_texts(ticket_texts, rowid, words) SELECT 'delete',"
SQLITE_PEOPLE = """(SELECT name || ' ' || email FROM users WHERE users.id = old.requester_id)
        || ' ' || coalesce((SELECT name FROM organizations WHERE organizations.id = old.organization_id), '')"""
SQLITE = (
    f"""CREATE VIEW ticket_texts_whole(ticket_id, words) AS
        SELECT tickets.id, tickets.subject || ' ' || users.name || ' ' || users.email || ' ' || coalesce(organizations.name, '') || ' '
            || coalesce((SELECT group_concat(substr(body, 1, {OF_MESSAGE}), ' ') FROM messages WHERE messages.ticket_id = tickets.id), '')
        FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id""",  # noqa: S608 - numbers of ours
    """CREATE VIRTUAL TABLE ticket_texts USING fts5(words, content='ticket_texts_whole', content_rowid='ticket_id',
        columnsize=0, prefix='2 3', tokenize="unicode61 remove_diacritics 2")""",
    f"""CREATE TRIGGER ticket_texts_begun AFTER INSERT ON messages
        WHEN NOT EXISTS (SELECT 1 FROM messages WHERE ticket_id = new.ticket_id AND id <> new.id)
        BEGIN {SQLITE_IN} = new.ticket_id; END""",  # noqa: S608 - words of ours
    f"""CREATE TRIGGER ticket_texts_said AFTER INSERT ON messages
        WHEN EXISTS (SELECT 1 FROM messages WHERE ticket_id = new.ticket_id AND id <> new.id)
        BEGIN INSERT INTO ticket_texts(rowid, words) VALUES (new.ticket_id, substr(new.body, 1, {OF_MESSAGE})); END""",  # noqa: S608 - numbers of ours
    f"""CREATE TRIGGER ticket_texts_edited AFTER UPDATE OF body ON messages WHEN old.body <> new.body
        BEGIN {SQLITE_OUT} old.ticket_id, substr(old.body, 1, {OF_MESSAGE}); {SQLITE_IN} = new.ticket_id; END""",
    f"""CREATE TRIGGER ticket_texts_moved AFTER UPDATE OF ticket_id ON messages WHEN old.ticket_id <> new.ticket_id
        BEGIN {SQLITE_OUT} old.ticket_id, substr(old.body, 1, {OF_MESSAGE}); {SQLITE_IN} IN (old.ticket_id, new.ticket_id); END""",
    f"""CREATE TRIGGER ticket_texts_unsaid AFTER DELETE ON messages
        BEGIN {SQLITE_OUT} old.ticket_id, substr(old.body, 1, {OF_MESSAGE}); {SQLITE_IN} = old.ticket_id; END""",
    f"""CREATE TRIGGER ticket_texts_changed AFTER UPDATE OF subject, requester_id, organization_id ON tickets
        WHEN (old.subject, old.requester_id, old.organization_id) IS NOT (new.subject, new.requester_id, new.organization_id)
        BEGIN {SQLITE_OUT} old.id, old.subject || ' ' || {SQLITE_PEOPLE}; {SQLITE_IN} = new.id; END""",
    f"""CREATE TRIGGER ticket_texts_removed AFTER DELETE ON tickets
        BEGIN {SQLITE_OUT} old.id, old.subject || ' ' || {SQLITE_PEOPLE}; END""",
    f"""CREATE TRIGGER ticket_texts_person AFTER UPDATE OF name, email ON users WHEN old.name <> new.name OR old.email <> new.email
        BEGIN {SQLITE_OUT} id, old.name || ' ' || old.email FROM tickets WHERE requester_id = old.id;
            {SQLITE_IN} IN (SELECT id FROM tickets WHERE requester_id = new.id); END""",  # noqa: S608 - words of ours
    f"""CREATE TRIGGER ticket_texts_organization AFTER UPDATE OF name ON organizations WHEN old.name <> new.name
        BEGIN {SQLITE_OUT} id, old.name FROM tickets WHERE organization_id = old.id;
            {SQLITE_IN} IN (SELECT id FROM tickets WHERE organization_id = new.id); END""",  # noqa: S608 - words of ours
)
# Both engines cut words alike (subject_index.py says why on PostgreSQL).
WORDS = r"strip(to_tsvector('simple', regexp_replace({}, '[\W_]+', ' ', 'g')))"
WHOLE = f"""left(
            concat_ws(' ', tickets.subject, users.name, users.email, organizations.name, (
                SELECT string_agg(left(body, {OF_MESSAGE}), ' ' ORDER BY messages.id DESC)
                FROM messages WHERE messages.ticket_id = tickets.id
            )), {OF_TICKET})"""  # noqa: S608 - numbers of ours
POSTGRESQL_TEXT = f"""
        INSERT INTO ticket_texts (ticket_id, words)
        SELECT tickets.id, {WORDS.format(WHOLE)}
        FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id
        WHERE {{}}
        ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words;"""  # noqa: S608 - numbers of ours
# What is said is added to the words that its ticket has: an answer costs the same on the hundredth message as on the third. A ticket is
# read where it is new, and where it comes near the limit: it has no more characters than octets, which are counted without reading.
# Rows that come in bulk have their tickets read once for all messages. Who adds one at the same time waits, or one would miss the other's.
FOLLOW = f"""FUNCTION ticket_texts_follow() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE one record; BEGIN
        IF TG_OP <> 'INSERT' OR (SELECT count(*) FROM changed) >= {BULK} THEN
            PERFORM ticket_texts_renew(ARRAY(SELECT DISTINCT ticket_id FROM changed));
            RETURN NULL;
        END IF;
        FOR one IN SELECT ticket_id, string_agg(left(body, {OF_MESSAGE}), ' ') AS said FROM changed GROUP BY ticket_id ORDER BY ticket_id LOOP
            PERFORM 1 FROM tickets WHERE id = one.ticket_id FOR NO KEY UPDATE;
            UPDATE ticket_texts SET words = words || {WORDS.format("one.said")} WHERE ticket_id = one.ticket_id
                AND (SELECT sum(octet_length(body)) FROM messages WHERE messages.ticket_id = one.ticket_id) < {OF_TICKET // 2};
            CONTINUE WHEN FOUND;{POSTGRESQL_TEXT.format("tickets.id = one.ticket_id")}
        END LOOP;
        RETURN NULL;
    END $$"""  # noqa: S608 - numbers of ours
# What is written anew may have gone to another ticket: both are read.
REWRITTEN = """FUNCTION ticket_texts_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM ticket_texts_renew(ARRAY(SELECT ticket_id FROM before UNION SELECT ticket_id FROM changed));
        RETURN NULL;
    END $$"""
POSTGRESQL = (
    "CREATE TABLE ticket_texts (ticket_id integer PRIMARY KEY REFERENCES tickets ON DELETE CASCADE, words tsvector NOT NULL)",
    "CREATE INDEX ix_ticket_texts_words ON ticket_texts USING gin (words)",
    f"""CREATE FUNCTION ticket_texts_renew(changed integer[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        IF cardinality(changed) < {BULK} THEN
            PERFORM 1 FROM tickets WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
        END IF;{POSTGRESQL_TEXT.format("tickets.id = ANY (changed)")}
    END $$""",
    f"CREATE {FOLLOW}",
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
    f"CREATE {REWRITTEN}",
    """CREATE TRIGGER ticket_texts_edited AFTER UPDATE ON messages REFERENCING OLD TABLE AS before NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION ticket_texts_rewritten()""",
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
TEXTS = FullText("ticket_texts", table("ticket_texts", column("ticket_id", Integer)).c.ticket_id, "ticket_texts.words")

for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for statement in statements:
        event.listen(Message.__table__, "after_create", DDL(statement).execute_if(dialect=dialect))
