"""A text of a translation that is worked on while readers see the published one."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_translation_beside"
down_revision = "20261128_ticket_texts"


def upgrade() -> None:
    op.add_column("knowledge_translations", sa.Column("beside", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("knowledge_translations", "beside")
