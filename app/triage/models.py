"""Triage rules as rows that a lead edits."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class TriageRule(Model):
    """One rule. `group` orders its evaluation (team, words, urgency, trigger); its data is what triage/rules.py reads."""

    __tablename__ = "triage_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    group: Mapped[str] = mapped_column()
    position: Mapped[int] = mapped_column()
    is_enabled: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[dict[str, Any]] = mapped_column()
    outcome: Mapped[dict[str, Any]] = mapped_column()
    explanation: Mapped[str] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
