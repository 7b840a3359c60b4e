"""What readers say and what came of an answer."""

revision = "20261128_knowledge_learning"
down_revision = "20261128_knowledge_translations"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
