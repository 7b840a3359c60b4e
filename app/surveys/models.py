"""Satisfaction surveys: one for each ticket and resolution."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class Survey(Model):
    """Four questions, the first three from 1 to 5. The answer can change until `expires_at`.

    One that was withheld never has `sent_at`, so no figure counts it; its event `survey.withheld` says why.
    """

    __tablename__ = "surveys"
    __table_args__ = (
        UniqueConstraint("ticket_id", "round"),
        Index("ix_surveys_answered", "answered_at", "is_demo", "overall_satisfaction"),
        Index("ix_surveys_sent", "sent_at", "is_demo"),
        Index("ix_surveys_recipient", "recipient_id", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    round: Mapped[int] = mapped_column()
    nonce: Mapped[str] = mapped_column(unique=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # Whom and what the answer is about, as it was at the resolution.
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    category: Mapped[str] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    overall_satisfaction: Mapped[int | None] = mapped_column()
    response_time: Mapped[int | None] = mapped_column()
    resolution_quality: Mapped[int | None] = mapped_column()
    additional_feedback: Mapped[str] = mapped_column(Text, default="")
