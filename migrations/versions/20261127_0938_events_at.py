"""Events by time, for the log's filter by dates."""

from alembic import op

revision = "20261127_events_at"
down_revision = "20261127_calls"


def upgrade() -> None:
    op.create_index("ix_events_at", "events", ["at", "id"])


def downgrade() -> None:
    op.drop_index("ix_events_at", table_name="events")
