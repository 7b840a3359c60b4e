"""Who is mailed the SLA report, monthly statements, forecasts and how often they were right."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_sla_statements"
down_revision = "20261127_sla_levels"


def upgrade() -> None:
    op.create_table(
        "report_subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_report_subscriptions_user_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_report_subscriptions_organization_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_report_subscriptions_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_subscriptions")),
        sa.UniqueConstraint("user_id", name=op.f("uq_report_subscriptions_user_id")),
    )
    op.create_index(op.f("ix_report_subscriptions_sent_on"), "report_subscriptions", ["sent_on"])
    op.create_table(
        "statements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_statements_organization_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_statements_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("organization_id", "month", "version", name=op.f("uq_statements_organization_id_month_version")),
        sa.UniqueConstraint("ref", name=op.f("uq_statements_ref")),
    )
    op.create_index("ix_statements_month", "statements", ["is_demo", "month", "id"])
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rests_on", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("already_late", sa.Integer(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("false_alarms", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("unforeseen", sa.Integer(), nullable=False),
        sa.Column("brier_sum", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
        sa.UniqueConstraint("is_demo", "slot", name=op.f("uq_forecasts_is_demo_slot")),
    )
    op.create_index("ix_forecasts_judged", "forecasts", ["is_demo", "made_at"])
    op.create_table(
        "forecast_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("pace", sa.Double(), nullable=False),
        sa.Column("crowd", sa.Double(), nullable=False),
        sa.Column("rests_on", sa.Integer(), nullable=False),
        sa.Column("suggestion", sa.JSON(), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecasts.id"], name=op.f("fk_forecast_rows_forecast_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name=op.f("fk_forecast_rows_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_rows")),
        sa.UniqueConstraint("forecast_id", "clock_id", name=op.f("uq_forecast_rows_forecast_id_clock_id")),
    )


def downgrade() -> None:
    op.drop_table("forecast_rows")
    op.drop_index("ix_forecasts_judged", table_name="forecasts")
    op.drop_table("forecasts")
    op.drop_index("ix_statements_month", table_name="statements")
    op.drop_table("statements")
    op.drop_index(op.f("ix_report_subscriptions_sent_on"), table_name="report_subscriptions")
    op.drop_table("report_subscriptions")
