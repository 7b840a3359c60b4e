"""Translations, what staff have read, and links of knowledge."""

revision = "20261128_knowledge_translations"
down_revision = "20261128_knowledge_versions"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
