"""Versions of policies and calendars, overrides and dry runs."""

revision = "20261127_sla_versions"
down_revision = "20261127_escalation"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
