"""When a piece of an upload was last taken in, so that one that stands still shows."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_upload_beat"
down_revision = "20261128_search_vocabulary"


def upgrade() -> None:
    op.add_column("knowledge_uploads", sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("knowledge_uploads", "beat_at")
