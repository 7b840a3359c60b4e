"""Files that somebody sent at the desk, until they are taken in or forgotten."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class KnowledgeUpload(Model):
    """A file (Markdown, JSON or a zip of them) whose changes are shown before they are made. Forgotten after a day."""

    __tablename__ = "knowledge_uploads"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column()
    # In the database, since the worker that takes it in may be on another machine.
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    # shown, taking or taken
    state: Mapped[str] = mapped_column(default="shown")
    # How many entries it has, and how many of them are done: the next piece begins there, and this moves only with what it wrote.
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    # When a piece was last done, or it was confirmed; one that is silent for long is gone on with by hand.
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # What it would change, what cannot be read, and what came of it so far.
    outcome: Mapped[dict[str, Any]] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
