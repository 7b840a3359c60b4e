"""Translations, links, what staff have to read, where answers come from, and files that wait to be taken in."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_knowledge_translations"
down_revision = "20261128_knowledge_versions"

STAMP = sa.DateTime(timezone=True)
TABLES = ("uploads", "sources", "readings", "must_reads", "links", "translations")


def upgrade() -> None:
    columns()
    translations()
    links()
    training()
    sources()
    uploads()


def columns() -> None:
    """What articles and questions know of their text. Columns are added in place, also on SQLite."""
    op.add_column("faqs", sa.Column("text_version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("articles", sa.Column("text_version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("articles", sa.Column("front_matter", sa.Text(), nullable=False, server_default=sa.text("''")))


def word(name: str) -> sa.Column[str]:
    """A short text."""
    return sa.Column(name, sa.String(length=255), nullable=False)


def number(name: str, *, empty: bool = False) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer(), nullable=empty)


def person(table: str, column: str) -> sa.ForeignKeyConstraint:
    """A column that names somebody."""
    return parent(table, column, "users")


def parent(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    """A column that names a row of another table."""
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_knowledge_{table}_{column}"))


def make(table: str, *parts: sa.Column | sa.Constraint) -> None:
    """A table with its number."""
    op.create_table(f"knowledge_{table}", number("id"), *parts, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_knowledge_{table}")))


def index(table: str, name: str, *columns: str) -> None:
    """An index."""
    op.create_index(op.f(f"ix_knowledge_{table}_{name}"), f"knowledge_{table}", list(columns), unique=False)


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """What there is once at most."""
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_knowledge_{table}_{'_'.join(columns)}"))


def translations() -> None:
    """Entries in other languages."""
    make(
        "translations",
        *(word("kind"), number("entry_id"), word("locale"), word("title")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("summary", "body")),
        *(word("status"), number("source_version"), word("source_hash"), word("source_title")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source_summary", "source_body")),
        number("author_id", empty=True),
        number("version"),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("changed_at", STAMP, nullable=False),
        person("translations", "author_id"),
        unique("translations", "kind", "entry_id", "locale"),
    )
    index("translations", "locale", "locale", "status")


def links() -> None:
    """The addresses that stand in entries."""
    make(
        "links",
        *(word("kind"), number("entry_id"), word("key")),
        sa.Column("url", sa.Text(), nullable=False),
        word("path"),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        *(word("state"), word("reason")),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("checked_at", STAMP, nullable=True),
        sa.Column("ignored_at", STAMP, nullable=True),
        number("ignored_by_id", empty=True),
        person("links", "ignored_by_id"),
        unique("links", "kind", "entry_id", "key"),
    )
    index("links", "due", "is_external", "checked_at")
    index("links", "key", "key")
    index("links", "path", "path")
    index("links", "state", "state", "kind", "entry_id")


def training() -> None:
    """What staff have to read, and what they have read."""
    make(
        "must_reads",
        number("article_id"),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        number("from_version"),
        sa.Column("asked_at", STAMP, nullable=False),
        number("set_by_id"),
        sa.Column("reminded_at", STAMP, nullable=True),
        parent("must_reads", "article_id", "articles"),
        person("must_reads", "set_by_id"),
        unique("must_reads", "article_id"),
    )
    make(
        "readings",
        *(number("article_id"), number("user_id"), number("version")),
        sa.Column("at", STAMP, nullable=False),
        parent("readings", "article_id", "articles"),
        person("readings", "user_id"),
        unique("readings", "article_id", "user_id", "version"),
    )
    index("readings", "user_id", "user_id")


def sources() -> None:
    """The replies that answers were made from."""
    make(
        "sources",
        *(word("kind"), number("entry_id"), number("ticket_id"), number("message_id"), number("created_by_id")),
        sa.Column("created_at", STAMP, nullable=False),
        person("sources", "created_by_id"),
        parent("sources", "message_id", "messages"),
        parent("sources", "ticket_id", "tickets"),
        unique("sources", "message_id"),
    )
    index("sources", "entry", "kind", "entry_id")
    index("sources", "ticket_id", "ticket_id")


def uploads() -> None:
    """Files that wait to be taken in."""
    make(
        "uploads",
        *(number("user_id"), word("name")),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        *(word("state"), number("total"), number("done")),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        person("uploads", "user_id"),
    )
    index("uploads", "created_at", "created_at")
    index("uploads", "user_id", "user_id")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(f"knowledge_{table}")
    op.drop_column("articles", "front_matter")
    op.drop_column("articles", "text_version")
    op.drop_column("faqs", "text_version")
