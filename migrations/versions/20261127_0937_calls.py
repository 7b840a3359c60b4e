"""Booked calls and office hours."""

revision = "20261127_calls"
down_revision = "20261127_triage_corrections"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
