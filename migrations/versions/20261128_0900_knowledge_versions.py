"""Versions, review, schedules, owners and redirects of knowledge."""

revision = "20261128_knowledge_versions"
down_revision = "20261127_events_at"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
