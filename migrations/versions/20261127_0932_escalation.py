"""The escalation matrix and what was escalated."""

revision = "20261127_escalation"
down_revision = "20261127_alerts"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
