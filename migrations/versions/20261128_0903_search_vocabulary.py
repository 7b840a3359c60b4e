"""Synonyms and product words that an editor keeps."""

revision = "20261128_search_vocabulary"
down_revision = "20261128_knowledge_learning"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
