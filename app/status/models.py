"""What we announce on the portal and the status page."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime

TONES = {"info": "News", "ok": "Good news", "warn": "Degraded", "bad": "Outage"}


class Announcement(Model):
    """A notice to customers from `starts_at` until `ends_at` (None: until withdrawn). tone: info, ok, warn or bad."""

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column(Text)
    tone: Mapped[str] = mapped_column(default="info")
    is_demo: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
