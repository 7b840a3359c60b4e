"""Shifts, overrides, swaps, absences and batons."""

revision = "20261127_rota"
down_revision = "20261124_begin"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
