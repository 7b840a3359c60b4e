"""Texts that staff and triage write again and again."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Team, User
from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class Macro(Model):
    """A text with placeholders, in Markdown.

    `kind` is `general`, or the kind of ticket (bug, feature, question) whose automatic first response it is. With an
    owner it is theirs alone; with a team it is that team's; with neither it is everybody's. What is not personal is
    used only while a lead approves of it.
    """

    __tablename__ = "macros"
    __table_args__ = (Index("ix_macros_kind", "kind", "is_approved"), NUMBERS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    # What our own macros are known by, so that they are added once; None for those that people write.
    key: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(default="general")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    is_approved: Mapped[bool] = mapped_column(default=False)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uses: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship(lazy="raise_on_sql")
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id], lazy="raise_on_sql")
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}
