"""Which tags came with a ticket that was merged, so that undoing it takes them off again. Earlier merges brought none."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_merged_tags"
down_revision = "20261128_words_moved"


def upgrade() -> None:
    op.add_column("ticket_merges", sa.Column("tags", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket_merges", "tags")
