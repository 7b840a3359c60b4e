"""What leads have corrected in triage."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_triage_corrections"
down_revision = "20261127_sla_statements"


def upgrade() -> None:
    op.create_table(
        "triage_corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=255), nullable=False),
        sa.Column("rule", sa.String(length=255), nullable=False),
        sa.Column("was", sa.String(length=255), nullable=False),
        sa.Column("should_be", sa.String(length=255), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_triage_corrections_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_triage_corrections_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triage_corrections")),
        sa.UniqueConstraint("ticket_id", "decision", "was", name=op.f("uq_triage_corrections_ticket_id_decision_was")),
    )
    with op.batch_alter_table("triage_corrections") as table:
        table.create_index(op.f("ix_triage_corrections_person_id"), ["person_id"])


def downgrade() -> None:
    op.drop_table("triage_corrections")
