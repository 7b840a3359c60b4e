"""A survey that was withheld was never sent."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_surveys_withheld"
down_revision = "20261128_translation_beside"


def upgrade() -> None:
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.alter_column("sent_at", existing_type=sa.DateTime(timezone=True), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM surveys WHERE sent_at IS NULL")
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.alter_column("sent_at", existing_type=sa.DateTime(timezone=True), nullable=False)
