"""What an invitation makes of whoever accepts it stands with its link: nobody is a member before."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_invited_to"
down_revision = "20261128_words_added"

LINKS = sa.table("one_time_links", *map(sa.column, ("purpose", "user_id", "used_at", "role", "organization_id")))
USERS = sa.table("users", *map(sa.column, ("id", "role", "organization_id")))


def upgrade() -> None:
    with op.batch_alter_table("one_time_links") as table:
        table.add_column(sa.Column("role", sa.String(), nullable=True))
        table.add_column(sa.Column("organization_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_one_time_links_organization_id", "organizations", ["organization_id"], ["id"])
    theirs = {name: sa.select(USERS.c[name]).where(USERS.c.id == LINKS.c.user_id).scalar_subquery() for name in ("role", "organization_id")}
    op.execute(sa.update(LINKS).where(LINKS.c.purpose == "invite", LINKS.c.used_at.is_(None)).values(**theirs))


def downgrade() -> None:
    with op.batch_alter_table("one_time_links") as table:
        table.drop_constraint("fk_one_time_links_organization_id", type_="foreignkey")
        table.drop_column("organization_id")
        table.drop_column("role")
