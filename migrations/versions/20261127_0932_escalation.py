"""The escalation matrix and what was escalated."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_escalation"
down_revision = "20261127_alerts"

# What is critical and open already is watched from now on: a day of grace, so that nobody is paged for all the past at once.
WATCH = """
    INSERT INTO escalation_watches (ticket_id, due_at)
    SELECT id, {in_a_day} FROM tickets
    WHERE {is_open} AND promised_priority IN ('critical', 'emergency')
"""


def upgrade() -> None:
    make_matrix()
    make_escalations()
    op.add_column("tickets", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("escalated_minutes", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("escalation_proposed", sa.String(length=255), nullable=True))
    op.add_column("clocks", sa.Column("capped_at", sa.DateTime(timezone=True), nullable=True))
    if op.get_context().dialect.name == "sqlite":
        op.execute(WATCH.format(in_a_day="strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day')", is_open="is_open = 1"))
    else:
        op.execute(WATCH.format(in_a_day="now() + interval '1 day'", is_open="is_open"))


def make_matrix() -> None:
    op.create_table(
        "support_tiers",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("staffed_by", sa.String(length=255), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_support_tiers_team_id_teams")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_support_tiers")),
    )
    op.create_table(
        "escalation_triggers",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Boolean(), nullable=False),
        sa.Column("any_plan", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_escalation_triggers_team_id_teams")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_escalation_triggers")),
    )
    op.create_table(
        "escalation_executives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("phone", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_escalation_executives_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_executives")),
        sa.UniqueConstraint("user_id", name=op.f("uq_escalation_executives_user_id")),
    )


def make_escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=255), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=True),
        sa.Column("old_tier", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Boolean(), nullable=False),
        sa.Column("old_team_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_escalations_actor_id_users")),
        sa.ForeignKeyConstraint(["old_team_id"], ["teams.id"], name=op.f("fk_escalations_old_team_id_teams")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_escalations_team_id_teams")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_escalations_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("ticket_id", "cause", name=op.f("uq_escalations_ticket_id_cause")),
    )
    for state in ("open", "proposed"):
        only = sa.text(f"state = '{state}'")
        op.create_index(f"uq_escalations_{state}", "escalations", ["ticket_id"], unique=True, sqlite_where=only, postgresql_where=only)
    op.create_table(
        "escalation_watches",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_escalation_watches_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_escalation_watches")),
    )
    op.create_index(op.f("ix_escalation_watches_due_at"), "escalation_watches", ["due_at"])


def downgrade() -> None:
    # Plain statements: to rebuild the tickets would lose what full text over subjects hangs on them.
    op.drop_column("clocks", "capped_at")
    for name in ("escalation_proposed", "escalated_minutes", "escalated_at"):
        op.drop_column("tickets", name)
    for table in ("escalation_watches", "escalations", "escalation_executives", "escalation_triggers", "support_tiers"):
        op.drop_table(table)
