"""Levels of a clock, and which have fired."""

revision = "20261127_sla_levels"
down_revision = "20261127_sla_versions"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
