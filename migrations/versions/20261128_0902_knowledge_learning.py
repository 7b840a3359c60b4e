"""What readers say and what came of an answer."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_knowledge_learning"
down_revision = "20261128_knowledge_translations"

COUNTS = ("empty", "weak", "opened", "places", "refined", "abandoned", "asked", "tickets")
READER_COUNTS = (
    *("searches", "empty", "weak", "opened", "refined", "abandoned", "asked"),
    *("visits", "found", "ticketed", "offered", "deflected", "undeflected"),
)
ENTRY_COUNTS = ("views", "opened", "places", "helpful", "unhelpful", "solved", "tickets")


def upgrade() -> None:
    with op.batch_alter_table("search_counts") as table:
        table.add_column(sa.Column("is_demo", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in COUNTS:
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
        table.drop_constraint(op.f("uq_search_counts_day_query"), type_="unique")
        table.create_unique_constraint(op.f("uq_search_counts_day_is_demo_query"), ["day", "is_demo", "query"])
        table.create_index("ix_search_counts_query", ["query", "day"])
    op.add_column("knowledge_votes", sa.Column("network", sa.String(length=255), nullable=True))
    there = sa.text("network IS NOT NULL")
    op.create_index("ix_knowledge_votes_network", "knowledge_votes", ["network"], sqlite_where=there, postgresql_where=there)
    make_days()
    make_remarks_and_popularity()
    make_uses()
    make_radar()
    make_readers()


def numbers(*names: str) -> list[sa.Column]:
    """Columns that count."""
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def entry() -> list[sa.Column]:
    """What names an entry."""
    return [sa.Column("kind", sa.String(length=255), nullable=False), sa.Column("entry_id", sa.Integer(), nullable=False)]


def key(table: str, column: str, where: str) -> sa.ForeignKeyConstraint:
    """The key that leads to another table's row."""
    return sa.ForeignKeyConstraint([column], [f"{where}.id"], name=op.f(f"fk_{table}_{column}"))


def make_days() -> None:
    day = [sa.Column("day", sa.Date(), nullable=False), sa.Column("is_demo", sa.Boolean(), nullable=False)]
    op.create_table("reader_days", *day, *numbers(*READER_COUNTS), sa.PrimaryKeyConstraint("day", "is_demo", name=op.f("pk_reader_days")))
    day = [sa.Column("day", sa.Date(), nullable=False), sa.Column("is_demo", sa.Boolean(), nullable=False)]
    primary = sa.PrimaryKeyConstraint("day", "is_demo", "kind", "entry_id", name=op.f("pk_knowledge_days"))
    op.create_table("knowledge_days", *day, *entry(), *numbers(*ENTRY_COUNTS), primary)
    op.create_index("ix_knowledge_days_entry", "knowledge_days", ["kind", "entry_id", "day"])
    for name, where in (("tickets", sa.text("tickets > 0")), ("voted", sa.text("unhelpful > 0"))):
        index = f"ix_knowledge_days_{name}"
        op.create_index(index, "knowledge_days", ["day", "is_demo"], sqlite_where=where, postgresql_where=where)


def make_remarks_and_popularity() -> None:
    op.create_table(
        "knowledge_remarks",
        sa.Column("id", sa.Integer(), nullable=False),
        *numbers("vote_id"),
        *entry(),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        key("knowledge_remarks", "vote_id", "knowledge_votes"),
        key("knowledge_remarks", "closed_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_remarks")),
        sa.UniqueConstraint("vote_id", name=op.f("uq_knowledge_remarks_vote_id")),
    )
    op.create_index("ix_knowledge_remarks_entry", "knowledge_remarks", ["kind", "entry_id", "closed_at", "id"])
    op.create_index("ix_knowledge_remarks_open", "knowledge_remarks", ["closed_at", "id"])
    op.create_table(
        "knowledge_popularity",
        *entry(),
        sa.Column("score", sa.Double(), nullable=False),
        *numbers("base", "shown"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "entry_id", name=op.f("pk_knowledge_popularity")),
    )
    op.create_index(op.f("ix_knowledge_popularity_due_on"), "knowledge_popularity", ["due_on"])


def make_uses() -> None:
    op.create_table(
        "knowledge_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        *entry(),
        *numbers("ticket_id", "message_id"),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        key("knowledge_uses", "ticket_id", "tickets"),
        key("knowledge_uses", "message_id", "messages"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_uses")),
        sa.UniqueConstraint("kind", "entry_id", "message_id", name=op.f("uq_knowledge_uses_kind_entry_id_message_id")),
    )
    op.create_index("ix_knowledge_uses_ticket", "knowledge_uses", ["ticket_id", "used_at"])
    op.create_index("ix_knowledge_uses_used", "knowledge_uses", ["used_at"])


def make_radar() -> None:
    op.create_table(
        "product_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_releases")),
        sa.UniqueConstraint("version", name=op.f("uq_product_releases_version")),
    )
    op.create_table(
        "knowledge_stale",
        *entry(),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        *numbers("score"),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("weighed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "entry_id", "is_demo", name=op.f("pk_knowledge_stale")),
    )
    op.create_index("ix_knowledge_stale_score", "knowledge_stale", ["is_demo", "score", "kind", "entry_id"])
    op.create_index(op.f("ix_knowledge_stale_weighed_at"), "knowledge_stale", ["weighed_at"])
    op.create_table(
        "knowledge_checks",
        *entry(),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        key("knowledge_checks", "by_id", "users"),
        sa.PrimaryKeyConstraint("kind", "entry_id", name=op.f("pk_knowledge_checks")),
    )


def make_readers() -> None:
    op.create_table(
        "knowledge_list_readers",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        key("knowledge_list_readers", "user_id", "users"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_knowledge_list_readers")),
    )
    op.create_table(
        "reader_marks",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reader_marks")),
    )


def downgrade() -> None:
    for table in (
        *("reader_marks", "knowledge_list_readers", "knowledge_checks", "knowledge_stale", "product_releases"),
        *("knowledge_uses", "knowledge_popularity", "knowledge_remarks", "knowledge_days", "reader_days"),
    ):
        op.drop_table(table)
    op.drop_index("ix_knowledge_votes_network", table_name="knowledge_votes")
    with op.batch_alter_table("knowledge_votes") as table:
        table.drop_column("network")
    op.execute("DELETE FROM search_counts WHERE is_demo")
    with op.batch_alter_table("search_counts") as table:
        table.drop_index("ix_search_counts_query")
        table.drop_constraint(op.f("uq_search_counts_day_is_demo_query"), type_="unique")
        table.create_unique_constraint(op.f("uq_search_counts_day_query"), ["day", "query"])
        for name in ("is_demo", *COUNTS):
            table.drop_column(name)
