"""SQLite gives the number of a deleted row no second time, where it stands in the addresses of pages. PostgreSQL never did."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_numbers_once"
down_revision = "20261128_surveys_withheld"

TABLES = (
    "alert_routes", "calendars", "escalation_executives", "knowledge_links", "knowledge_redirects", "knowledge_uploads", "macros",
    "product_releases", "rota_shifts", "search_misses", "search_words", "sla_runs", "triage_rules",
)  # fmt: skip


def upgrade() -> None:
    """Versions of removed calendars are kept, so a new calendar counts on behind these, too."""
    made_anew(once=True)
    if op.get_context().dialect.name == "sqlite":
        latest = "(SELECT coalesce(max(calendar_id), 0) FROM calendar_versions)"
        op.execute(f"UPDATE sqlite_sequence SET seq = max(seq, {latest}) WHERE name = 'calendars'")


def downgrade() -> None:
    made_anew(once=False)


def made_anew(*, once: bool) -> None:
    """Make the tables again with their rows: SQLite cannot change in place how a table numbers."""
    if op.get_context().dialect.name != "sqlite":
        return
    for name in TABLES:
        table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
        with op.batch_alter_table(name, copy_from=table, recreate="always", table_kwargs={"sqlite_autoincrement": once}):
            pass
