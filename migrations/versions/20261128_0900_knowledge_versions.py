"""Versions, review, schedules, owners and redirects of knowledge."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_knowledge_versions"
down_revision = "20261127_events_at"

ENTRIES = ("faqs", "articles")
OPEN = sa.text("state = 'asked'")


def upgrade() -> None:
    for table in ENTRIES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
            batch.add_column(sa.Column("review_on", sa.Date(), nullable=True))
            if table == "faqs":
                batch.add_column(sa.Column("reviewed_on", sa.Date(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{table}_owner_id_users"), "users", ["owner_id"], ["id"])
            batch.create_index(op.f(f"ix_{table}_owner_id"), ["owner_id"])
            batch.create_index(op.f(f"ix_{table}_review_on"), ["review_on"])
    make_versions()
    make_reviews()
    make_plans_and_drafts()
    make_pictures()


def entry() -> list[sa.Column]:
    """What names an entry."""
    return [sa.Column("kind", sa.String(length=255), nullable=False), sa.Column("entry_id", sa.Integer(), nullable=False)]


def person(table: str, column: str) -> sa.ForeignKeyConstraint:
    """The key that leads to a person."""
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}_users"))


def make_versions() -> None:
    op.create_table(
        "knowledge_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        *entry(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_version", sa.Integer(), nullable=True),
        person("knowledge_versions", "author_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_versions")),
        sa.UniqueConstraint("kind", "entry_id", "number", name=op.f("uq_knowledge_versions_kind_entry_id_number")),
    )
    op.create_table(
        "knowledge_revisions",
        *entry(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "entry_id", name=op.f("pk_knowledge_revisions")),
    )
    op.create_index(op.f("ix_knowledge_revisions_changed_at"), "knowledge_revisions", ["changed_at"])


def make_reviews() -> None:
    op.create_table(
        "knowledge_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        *entry(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *(person("knowledge_reviews", column) for column in ("asked_by_id", "reviewer_id", "answered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_reviews")),
    )
    for name, columns, is_open in (
        ("ix_knowledge_reviews_entry", ["kind", "entry_id", "id"], False),
        ("uq_knowledge_reviews_open", ["kind", "entry_id"], True),
        ("ix_knowledge_reviews_waiting", ["reviewer_id", "id"], True),
    ):
        where = {"sqlite_where": OPEN, "postgresql_where": OPEN} if is_open else {}
        op.create_index(name, "knowledge_reviews", columns, unique=name.startswith("uq"), **where)


def make_plans_and_drafts() -> None:
    op.create_table(
        "knowledge_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        *entry(),
        sa.Column("verb", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by_id", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        person("knowledge_plans", "planned_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_plans")),
        sa.UniqueConstraint("kind", "entry_id", "verb", name=op.f("uq_knowledge_plans_kind_entry_id_verb")),
    )
    op.create_index("ix_knowledge_plans_due", "knowledge_plans", ["due_at"])
    op.create_table(
        "knowledge_drafts",
        sa.Column("user_id", sa.Integer(), nullable=False),
        *entry(),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        person("knowledge_drafts", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "kind", "entry_id", name=op.f("pk_knowledge_drafts")),
    )
    op.create_table(
        "knowledge_redirects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        *entry(),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_redirects")),
        sa.UniqueConstraint("path", name=op.f("uq_knowledge_redirects_path")),
    )
    op.create_index("ix_knowledge_redirects_entry", "knowledge_redirects", ["kind", "entry_id"])
    op.create_table(
        "knowledge_reminders",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        person("knowledge_reminders", "user_id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_knowledge_reminders")),
    )


def make_pictures() -> None:
    op.create_table(
        "knowledge_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length=255), nullable=False) for name in ("ref", "name", "media_type")),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        person("knowledge_pictures", "uploader_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_pictures")),
        sa.UniqueConstraint("ref", name=op.f("uq_knowledge_pictures_ref")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_knowledge_pictures_storage_key")),
    )
    op.create_index(op.f("ix_knowledge_pictures_uploader_id"), "knowledge_pictures", ["uploader_id"])
    op.create_table(
        "knowledge_picture_uses",
        *entry(),
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["knowledge_pictures.id"],
            name=op.f("fk_knowledge_picture_uses_picture_id_knowledge_pictures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("kind", "entry_id", "picture_id", name=op.f("pk_knowledge_picture_uses")),
    )
    op.create_index("ix_knowledge_picture_uses_picture", "knowledge_picture_uses", ["picture_id"])


def downgrade() -> None:
    for table in ("picture_uses", "pictures", "reminders", "redirects", "drafts", "plans", "reviews", "revisions", "versions"):
        op.drop_table(f"knowledge_{table}")
    for table in ENTRIES:
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f"ix_{table}_review_on"))
            batch.drop_index(op.f(f"ix_{table}_owner_id"))
            batch.drop_constraint(op.f(f"fk_{table}_owner_id_users"), type_="foreignkey")
            if table == "faqs":
                batch.drop_column("reviewed_on")
            batch.drop_column("review_on")
            batch.drop_column("owner_id")
