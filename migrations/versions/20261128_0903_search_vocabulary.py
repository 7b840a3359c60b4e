"""Synonyms and product words that an editor keeps."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_search_vocabulary"
down_revision = "20261128_knowledge_learning"


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("shipped", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        sa.UniqueConstraint("key", name=op.f("uq_search_words_key")),
    )
    op.create_index("ix_search_words_position", "search_words", ["position", "id"])


def downgrade() -> None:
    op.drop_index("ix_search_words_position", table_name="search_words")
    op.drop_table("search_words")
