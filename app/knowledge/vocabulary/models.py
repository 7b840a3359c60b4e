"""The words that mean the same to who searches."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class WordGroup(Model):
    """A line of the vocabulary: `a, b, two words` (each for each) or `a => b` (only that way)."""

    __tablename__ = "search_words"
    __table_args__ = (Index("ix_search_words_position", "position", "id"), NUMBERS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Of one that ships: its first words. Of an editor's own: `own.` and chance.
    key: Mapped[str] = mapped_column(unique=True)
    line: Mapped[str] = mapped_column(Text)
    # The heading under which it stands.
    topic: Mapped[str] = mapped_column()
    # As it last came with the product; empty for an editor's own.
    shipped: Mapped[str] = mapped_column(Text, default="")
    is_enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_own(self) -> bool:
        """Whether an editor added it."""
        return not self.shipped

    @property
    def is_edited(self) -> bool:
        """Whether it shipped otherwise."""
        return bool(self.shipped) and self.shipped != self.line
