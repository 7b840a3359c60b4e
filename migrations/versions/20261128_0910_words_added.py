"""What is said is added to the words by which PostgreSQL finds a ticket, where every answer read the whole ticket anew."""

from alembic import op

revision = "20261128_words_added"
down_revision = "20261128_pictures_abroad"

# A ticket is read where it is new, and where it comes near the limit of what can be found of it.
FOLLOW = r"""FUNCTION ticket_texts_follow() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE one record; BEGIN
        IF TG_OP <> 'INSERT' OR (SELECT count(*) FROM changed) >= 100 THEN
            PERFORM ticket_texts_renew(ARRAY(SELECT DISTINCT ticket_id FROM changed));
            RETURN NULL;
        END IF;
        FOR one IN SELECT ticket_id, string_agg(left(body, 20000), ' ') AS said FROM changed GROUP BY ticket_id ORDER BY ticket_id LOOP
            PERFORM 1 FROM tickets WHERE id = one.ticket_id FOR NO KEY UPDATE;
            UPDATE ticket_texts SET words = words || strip(to_tsvector('simple', regexp_replace(one.said, '[\W_]+', ' ', 'g'))) WHERE ticket_id = one.ticket_id
                AND (SELECT sum(octet_length(body)) FROM messages WHERE messages.ticket_id = one.ticket_id) < 100000;
            CONTINUE WHEN FOUND;
        INSERT INTO ticket_texts (ticket_id, words)
        SELECT tickets.id, strip(to_tsvector('simple', regexp_replace(left(
            concat_ws(' ', tickets.subject, users.name, users.email, organizations.name, (
                SELECT string_agg(left(body, 20000), ' ' ORDER BY messages.id DESC)
                FROM messages WHERE messages.ticket_id = tickets.id
            )), 200000), '[\W_]+', ' ', 'g')))
        FROM tickets JOIN users ON users.id = tickets.requester_id LEFT JOIN organizations ON organizations.id = tickets.organization_id
        WHERE tickets.id = one.ticket_id
        ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words;
        END LOOP;
        RETURN NULL;
    END $$"""
BEFORE = """FUNCTION ticket_texts_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM ticket_texts_renew(ARRAY(SELECT DISTINCT ticket_id FROM changed));
        RETURN NULL;
    END $$"""


def upgrade() -> None:
    """The triggers stay, so nobody waits."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE {FOLLOW}")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE {BEFORE}")
