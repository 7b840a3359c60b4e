"""Booked calls and office hours."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_calls"
down_revision = "20261127_triage_corrections"


def upgrade() -> None:
    make_kinds()
    make_sessions()
    make_calls()
    op.add_column("outbound_mail", sa.Column("calendar", sa.Text(), nullable=True))


def make_kinds() -> None:
    numbers = ("least_rank", "minutes", "step_minutes", "before_minutes", "after_minutes", "notice_minutes", "ahead_days", "capacity")
    op.create_table(
        "call_kinds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.Column("video_url", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0 AND step_minutes > 0 AND capacity > 0", name=op.f("ck_call_kinds_terms")),
        sa.CheckConstraint(
            "before_minutes >= 0 AND after_minutes >= 0 AND notice_minutes >= 0 AND ahead_days > 0", name=op.f("ck_call_kinds_bounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_kinds")),
        sa.UniqueConstraint("key", name=op.f("uq_call_kinds_key")),
        sa.UniqueConstraint("name", name=op.f("uq_call_kinds_name")),
    )
    op.create_table(
        "call_kind_teams",
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kind_id"], ["call_kinds.id"], name=op.f("fk_call_kind_teams_kind_id_call_kinds"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_call_kind_teams_team_id_teams"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind_id", "team_id", name=op.f("pk_call_kind_teams")),
    )
    op.create_index(op.f("ix_call_kind_teams_team_id"), "call_kind_teams", ["team_id"])


def make_sessions() -> None:
    op.create_table(
        "call_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("engineer_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("starts_at", "ends_at", "held_from", "held_to")),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.CheckConstraint("held_from <= starts_at AND starts_at < ends_at AND ends_at <= held_to", name=op.f("ck_call_sessions_order")),
        sa.ForeignKeyConstraint(["kind_id"], ["call_kinds.id"], name=op.f("fk_call_sessions_kind_id_call_kinds")),
        sa.ForeignKeyConstraint(["engineer_id"], ["users.id"], name=op.f("fk_call_sessions_engineer_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_sessions")),
        sa.UniqueConstraint("engineer_id", "starts_at", name=op.f("uq_call_sessions_engineer_id_starts_at")),
    )
    op.create_index(op.f("ix_call_sessions_kind_id"), "call_sessions", ["kind_id"])
    op.create_index("ix_call_sessions_held", "call_sessions", ["engineer_id", "held_to"])
    op.create_table(
        "call_cells",
        sa.Column("engineer_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["engineer_id"], ["users.id"], name=op.f("fk_call_cells_engineer_id_users")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["call_sessions.id"], name=op.f("fk_call_cells_session_id_call_sessions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "at", name=op.f("pk_call_cells")),
    )
    op.create_index(op.f("ix_call_cells_session_id"), "call_cells", ["session_id"])


def make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("seat", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("engineer_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(length=255), nullable=False) for name in ("time_zone", "topic", "how")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("contact", "video_url")),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=255), nullable=False),
        sa.Column("form_key", sa.String(length=255), nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("is_demo", "is_off_rota")),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("booked_at", "placed_at", "changed_at")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("day_reminded_at", "hour_reminded_at", "closed_at")),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_note_public", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state <> 'booked' OR session_id IS NOT NULL", name=op.f("ck_calls_has_its_time")),
        sa.CheckConstraint("seat IS NULL OR (seat >= 0 AND seat < seats)", name=op.f("ck_calls_has_a_seat")),
        sa.ForeignKeyConstraint(["kind_id"], ["call_kinds.id"], name=op.f("fk_calls_kind_id_call_kinds")),
        sa.ForeignKeyConstraint(["session_id"], ["call_sessions.id"], name=op.f("fk_calls_session_id_call_sessions")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_calls_organization_id_organizations")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_calls_ticket_id_tickets")),
        *(
            sa.ForeignKeyConstraint([name], ["users.id"], name=op.f(f"fk_calls_{name}_users"))
            for name in ("customer_id", "engineer_id", "closed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_calls_{name}")) for name in ("ref", "nonce", "form_key")),
        sa.UniqueConstraint("session_id", "seat", name=op.f("uq_calls_session_id_seat")),
    )
    op.create_index(op.f("ix_calls_kind_id"), "calls", ["kind_id"])
    op.create_index("ix_calls_starts", "calls", ["starts_at", "state"])
    for who in ("engineer", "customer", "organization"):
        op.create_index(f"ix_calls_{who}", "calls", [f"{who}_id", "starts_at"])
    op.create_index("ix_calls_ticket", "calls", ["ticket_id"])
    lost = sa.text("lost_at IS NOT NULL")
    op.create_index("ix_calls_lost", "calls", ["starts_at"], sqlite_where=lost, postgresql_where=lost)


def downgrade() -> None:
    op.drop_column("outbound_mail", "calendar")
    for table in ("calls", "call_cells", "call_sessions", "call_kind_teams", "call_kinds"):
        op.drop_table(table)
