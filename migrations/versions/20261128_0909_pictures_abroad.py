"""Pictures that only a translation shows are shown to its readers, also where it was published before."""

import re

import sqlalchemy as sa
from alembic import op

revision = "20261128_pictures_abroad"
down_revision = "20261128_numbers_once"

ADDRESS = re.compile(r"/help/pictures/([\w-]{22})")
PICTURES = sa.table("knowledge_pictures", sa.column("id"), sa.column("ref"))
USES = sa.table("knowledge_picture_uses", sa.column("kind"), sa.column("entry_id"), sa.column("picture_id"))
TEXTS = sa.table("knowledge_translations", sa.column("kind"), sa.column("entry_id"), sa.column("status"), sa.column("body", sa.Text()))


def upgrade() -> None:
    connection = op.get_bind()
    numbers = {ref: number for number, ref in connection.execute(sa.select(PICTURES.c.id, PICTURES.c.ref))}
    known = {tuple(row) for row in connection.execute(sa.select(USES))}
    having = (TEXTS.c.status == "published", TEXTS.c.body.contains("/help/pictures/"))
    texts = connection.execute(sa.select(TEXTS.c.kind, TEXTS.c.entry_id, TEXTS.c.body).where(*having))
    shown = {(kind, entry_id, numbers[ref]) for kind, entry_id, body in texts for ref in ADDRESS.findall(body) if ref in numbers}
    op.bulk_insert(USES, [dict(zip(("kind", "entry_id", "picture_id"), use, strict=True)) for use in sorted(shown - known)])


def downgrade() -> None:
    """What readers see they may go on seeing."""
