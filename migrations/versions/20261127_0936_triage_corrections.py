"""What leads have corrected in triage."""

revision = "20261127_triage_corrections"
down_revision = "20261127_sla_statements"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
