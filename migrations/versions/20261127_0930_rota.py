"""Shifts, overrides, swaps, absences and batons."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_rota"
down_revision = "20261124_begin"


def upgrade() -> None:
    op.create_table(
        "rota_covers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("needs", sa.String(length=255), nullable=False),
        sa.Column("time_zone", sa.String(length=255), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_rota_covers_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_covers")),
        sa.UniqueConstraint("team_id", name=op.f("uq_rota_covers_team_id")),
    )
    op.create_table(
        "rota_shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=255), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("ends_minute", sa.Integer(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("turn_weeks", sa.Integer(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_rota_shifts_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_shifts")),
    )
    with op.batch_alter_table("rota_shifts", schema=None) as batch_op:
        batch_op.create_index("ix_rota_shifts_team", ["team_id", "level"], unique=False)

    op.create_table(
        "rota_absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_rota_absences_created_by_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["users.id"], name=op.f("fk_rota_absences_deputy_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rota_absences_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_absences")),
    )
    with op.batch_alter_table("rota_absences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_absences_deputy_id"), ["deputy_id"], unique=False)
        batch_op.create_index("ix_rota_absences_ends", ["ends_at"], unique=False)
        batch_op.create_index("ix_rota_absences_user", ["user_id", "ends_at"], unique=False)

    op.create_table(
        "rota_batons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("carried", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["users.id"], name=op.f("fk_rota_batons_from_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_rota_batons_team_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["to_id"], ["users.id"], name=op.f("fk_rota_batons_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_batons")),
    )
    with op.batch_alter_table("rota_batons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_batons_from_id"), ["from_id"], unique=False)
        batch_op.create_index("ix_rota_batons_team", ["team_id", "offered_at"], unique=False)
        batch_op.create_index("ix_rota_batons_to", ["to_id", "state"], unique=False)

    op.create_table(
        "rota_feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rota_feeds_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_feeds")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_rota_feeds_secret_hash")),
    )
    with op.batch_alter_table("rota_feeds", schema=None) as batch_op:
        batch_op.create_index(
            "ix_rota_feeds_live",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "rota_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_rota_overrides_created_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_rota_overrides_team_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rota_overrides_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_overrides")),
    )
    with op.batch_alter_table("rota_overrides", schema=None) as batch_op:
        batch_op.create_index("ix_rota_overrides_team", ["team_id", "ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rota_overrides_user_id"), ["user_id"], unique=False)

    op.create_table(
        "rota_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(length=255), nullable=False),
        sa.Column("region", sa.String(length=255), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("filled_to", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["deputy_id"], ["users.id"], name=op.f("fk_rota_people_deputy_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rota_people_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_people")),
        sa.UniqueConstraint("user_id", name=op.f("uq_rota_people_user_id")),
    )
    with op.batch_alter_table("rota_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_people_deputy_id"), ["deputy_id"], unique=False)

    op.create_table(
        "rota_swaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_team_id", sa.Integer(), nullable=True),
        sa.Column("back_level", sa.Integer(), nullable=True),
        sa.Column("back_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asker_id"], ["users.id"], name=op.f("fk_rota_swaps_asker_id")),
        sa.ForeignKeyConstraint(["back_team_id"], ["teams.id"], name=op.f("fk_rota_swaps_back_team_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["users.id"], name=op.f("fk_rota_swaps_other_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_rota_swaps_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_swaps")),
    )
    with op.batch_alter_table("rota_swaps", schema=None) as batch_op:
        batch_op.create_index("ix_rota_swaps_asker", ["asker_id", "state"], unique=False)
        batch_op.create_index("ix_rota_swaps_other", ["other_id", "state"], unique=False)

    op.create_table(
        "rota_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["shift_id"], ["rota_shifts.id"], name=op.f("fk_rota_turns_shift_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rota_turns_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_turns")),
        sa.UniqueConstraint("shift_id", "user_id", name=op.f("uq_rota_turns_shift_id_user_id")),
    )
    with op.batch_alter_table("rota_turns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_turns_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("rota_turns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rota_turns_user_id"))

    op.drop_table("rota_turns")
    with op.batch_alter_table("rota_swaps", schema=None) as batch_op:
        batch_op.drop_index("ix_rota_swaps_other")
        batch_op.drop_index("ix_rota_swaps_asker")

    op.drop_table("rota_swaps")
    with op.batch_alter_table("rota_people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rota_people_deputy_id"))

    op.drop_table("rota_people")
    with op.batch_alter_table("rota_overrides", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rota_overrides_user_id"))
        batch_op.drop_index("ix_rota_overrides_team")

    op.drop_table("rota_overrides")
    with op.batch_alter_table("rota_feeds", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_rota_feeds_live", sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL")
        )

    op.drop_table("rota_feeds")
    with op.batch_alter_table("rota_batons", schema=None) as batch_op:
        batch_op.drop_index("ix_rota_batons_to")
        batch_op.drop_index("ix_rota_batons_team")
        batch_op.drop_index(batch_op.f("ix_rota_batons_from_id"))

    op.drop_table("rota_batons")
    with op.batch_alter_table("rota_absences", schema=None) as batch_op:
        batch_op.drop_index("ix_rota_absences_user")
        batch_op.drop_index("ix_rota_absences_ends")
        batch_op.drop_index(batch_op.f("ix_rota_absences_deputy_id"))

    op.drop_table("rota_absences")
    with op.batch_alter_table("rota_shifts", schema=None) as batch_op:
        batch_op.drop_index("ix_rota_shifts_team")

    op.drop_table("rota_shifts")
    op.drop_table("rota_covers")
