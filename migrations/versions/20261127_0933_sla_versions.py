"""Versions of policies and calendars, overrides and dry runs."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_sla_versions"
down_revision = "20261127_escalation"

STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    columns()
    versions("calendar", None)
    versions("policy", ["policies.id"])
    overrides()
    runs()
    first_versions()


def columns() -> None:
    """What policies, calendars and clocks know of their version. Rows that are there begin with the first.

    Columns are added in place, also on SQLite: a table made anew would take with it the rows that hang on it.
    """
    op.add_column("calendars", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("calendars", sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("policies", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("policies", sa.Column("inherits_calendar", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("clocks", sa.Column("policy_version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("clocks", sa.Column("policy_from", sa.String(length=255), nullable=False, server_default="plan"))
    op.add_column("clocks", sa.Column("calendar_id", sa.Integer(), nullable=True))
    op.add_column("clocks", sa.Column("calendar_version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("clocks", sa.Column("calendar_from", sa.String(length=255), nullable=False, server_default="policy"))


def versions(what: str, parent: list[str] | None) -> None:
    """The table of one kind of version."""
    table, column = f"{what}_versions", f"{what}_id"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(column, sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("valid_from", STAMP, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f(f"fk_{table}_actor_id")),
        *([sa.ForeignKeyConstraint([column], parent, name=op.f(f"fk_{table}_{column}"))] if parent else []),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(column, "number", name=op.f(f"uq_{table}_{column}_number")),
    )


def overrides() -> None:
    """What organizations and tickets have of their own."""
    for table, column, parent, own in (
        ("organization_calendars", "organization_id", "organizations.id", ()),
        ("ticket_terms", "ticket_id", "tickets.id", ("policy_id",)),
    ):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column(column, sa.Integer(), nullable=False),
            *(sa.Column(name, sa.Integer(), nullable=True) for name in own),
            sa.Column("calendar_id", sa.Integer(), nullable=True),
            sa.Column("reason", sa.String(length=255), nullable=False),
            sa.Column("valid_from", STAMP, nullable=False),
            sa.Column("actor_id", sa.Integer(), nullable=True),
            sa.ForeignKeyConstraint([column], [parent], name=op.f(f"fk_{table}_{column}")),
            *(sa.ForeignKeyConstraint([name], ["policies.id"], name=op.f(f"fk_{table}_{name}")) for name in own),
            sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f(f"fk_{table}_calendar_id")),
            sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f(f"fk_{table}_actor_id")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(f"ix_{table}_{column.removesuffix('_id')}", [column, "id"], unique=False)


def runs() -> None:
    """Long work and what dry runs find."""
    op.create_table(
        "sla_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("beat_at", STAMP, nullable=False),
        sa.Column("finished_at", STAMP, nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_sla_runs_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_runs")),
    )
    running = {"sqlite_where": sa.text("state = 'running'"), "postgresql_where": sa.text("state = 'running'")}
    with op.batch_alter_table("sla_runs", schema=None) as batch_op:
        batch_op.create_index("ix_sla_runs_running", ["kind", "id"], unique=False, **running)
        batch_op.create_index("ix_sla_runs_kind", ["kind", "id"], unique=False)
    op.create_table(
        "sla_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("ticket_ref", sa.String(length=255), nullable=False),
        sa.Column("metric", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(length=255), nullable=False),
        sa.Column("was", sa.String(length=255), nullable=False),
        sa.Column("would", sa.String(length=255), nullable=False),
        sa.Column("was_due_at", STAMP, nullable=True),
        sa.Column("would_be_due_at", STAMP, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["sla_runs.id"], name=op.f("fk_sla_findings_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_findings")),
    )
    with op.batch_alter_table("sla_findings", schema=None) as batch_op:
        batch_op.create_index("ix_sla_findings_run", ["run_id", "metric", "priority", "id"], unique=False)


def first_versions() -> None:
    """What is there becomes version 1, so that clocks that have ended keep the words that they were judged by."""
    stamp = sa.table(
        "calendars", sa.column("id"), sa.column("key"), sa.column("name"), sa.column("definition", sa.JSON()),
        sa.column("changed_at", STAMP), sa.column("is_default", sa.Boolean()),
    )  # fmt: skip
    policies = sa.table(
        "policies", sa.column("id"), sa.column("name"), sa.column("plan_id"), sa.column("organization_id"), sa.column("calendar_id"),
        sa.column("pause_on_hold", sa.Boolean()), sa.column("changed_at", STAMP),
    )  # fmt: skip
    targets = sa.table("policy_targets", *(sa.column(name) for name in ("policy_id", "metric", "priority", "target_minutes")))
    connection = op.get_bind()
    connection.execute(stamp.update().where(stamp.c.key == "business").values(is_default=True))
    for row in connection.execute(sa.select(stamp)).all():
        snapshot = {"name": row.name, "definition": row.definition, "is_default": row.is_default}
        add(connection, "calendar", row.id, snapshot, row.changed_at)
    promised: dict[int, dict[str, dict[str, int]]] = {}
    for row in connection.execute(sa.select(targets)).all():
        promised.setdefault(row.policy_id, {}).setdefault(row.metric, {})[row.priority] = row.target_minutes
    for row in connection.execute(sa.select(policies)).all():
        names = ("name", "plan_id", "organization_id", "calendar_id")
        snapshot = {name: getattr(row, name) for name in names}
        snapshot |= {"inherits_calendar": False, "pause_on_hold": row.pause_on_hold, "targets": promised.get(row.id, {})}
        add(connection, "policy", row.id, snapshot, row.changed_at)
    op.execute("UPDATE clocks SET calendar_id = (SELECT calendar_id FROM policies WHERE policies.id = clocks.policy_id)")
    op.execute(
        "UPDATE clocks SET policy_from = 'organization' WHERE policy_id IN (SELECT id FROM policies WHERE organization_id IS NOT NULL)"
    )


def add(connection: sa.Connection, what: str, number: int, snapshot: dict[str, object], since: object) -> None:
    """One version's row."""
    names = (f"{what}_id", "number")
    table = sa.table(f"{what}_versions", *map(sa.column, names), sa.column("snapshot", sa.JSON()), sa.column("valid_from", STAMP))
    connection.execute(table.insert().values(**dict(zip(names, (number, 1), strict=True)), snapshot=snapshot, valid_from=since))


def downgrade() -> None:
    for table in ("sla_findings", "sla_runs", "ticket_terms", "organization_calendars", "policy_versions", "calendar_versions"):
        op.drop_table(table)
    for table, names in (
        ("clocks", ("calendar_from", "calendar_version", "calendar_id", "policy_from", "policy_version")),
        ("policies", ("inherits_calendar", "version")),
        ("calendars", ("is_default", "version")),
    ):
        for name in names:
            op.drop_column(table, name)
