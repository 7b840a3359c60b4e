"""Monthly statements, forecasts and how often they were right."""

revision = "20261127_sla_statements"
down_revision = "20261127_sla_levels"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
