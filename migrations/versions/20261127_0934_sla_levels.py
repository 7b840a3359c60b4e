"""Levels of a clock, and which have fired."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_sla_levels"
down_revision = "20261127_sla_versions"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "levels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("basis", sa.String(255), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("priorities", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("removed_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_levels")),
        sa.UniqueConstraint("key", name=op.f("uq_levels_key")),
    )
    op.create_table(
        "level_firings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("level_id", sa.Integer(), nullable=False),
        sa.Column("arming", sa.Integer(), nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("rearmed_at", moment, nullable=True),
        sa.Column("worked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name=op.f("fk_level_firings_clock_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_level_firings_event_id")),
        sa.ForeignKeyConstraint(["level_id"], ["levels.id"], name=op.f("fk_level_firings_level_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_firings")),
        sa.UniqueConstraint("clock_id", "level_id", "arming", name=op.f("uq_level_firings_clock_id_level_id_arming")),
        sa.UniqueConstraint("event_id", name=op.f("uq_level_firings_event_id")),
    )
    op.create_index("ix_level_firings_level", "level_firings", ["level_id", "told_at"])
    op.add_column("clocks", sa.Column("next_level_at", moment, nullable=True))
    op.add_column("clocks", sa.Column("aimed_at", moment, nullable=True))
    op.add_column("clocks", sa.Column("promised_at", moment, nullable=True))
    op.add_column("tickets", sa.Column("thanked_at", moment, nullable=True))
    # The next sweep looks at every running clock once; what they have promised counts as seen.
    op.execute("UPDATE clocks SET next_level_at = started_at, aimed_at = started_at, promised_at = due_at WHERE state = 'running'")
    waits = sa.text("next_level_at IS NOT NULL")
    op.create_index("ix_clocks_levels", "clocks", ["next_level_at"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_index("ix_clocks_levels", "clocks")
    for table, column in (("tickets", "thanked_at"), ("clocks", "promised_at"), ("clocks", "aimed_at"), ("clocks", "next_level_at")):
        op.drop_column(table, column)
    op.drop_table("level_firings")
    op.drop_table("levels")
