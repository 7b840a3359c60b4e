"""Alert routes, alerts and their deliveries."""

revision = "20261127_alerts"
down_revision = "20261127_rota"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
