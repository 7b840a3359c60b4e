"""Triage rules as rows that a lead edits, and what leads corrected."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class TriageRule(Model):
    """One rule. `group` and `position` order its evaluation; its data is what triage/rules.py reads.

    conditions: {"field": labels|title|text, "words": [word or phrase…]}. outcome: {"to": team, priority, subject,
    trigger or category, "weight": points, "trigger": trigger or ""}.
    """

    __tablename__ = "triage_rules"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    # Rules that a lead added begin with `own.`; only those can be deleted.
    key: Mapped[str] = mapped_column(unique=True)
    group: Mapped[str] = mapped_column()
    position: Mapped[int] = mapped_column()
    is_enabled: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[dict[str, Any]] = mapped_column()
    outcome: Mapped[dict[str, Any]] = mapped_column()
    explanation: Mapped[str] = mapped_column()
    # A new random number at each change: the sum over all rows tells every process whether the rules it has are still so.
    stamp: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class TriageCorrection(Model):
    """A decision of triage that a lead called wrong: what it was, what it should have been, and what had decided it.

    seen: {"rules": [every rule behind it], "words": [[word, points]…], "ticket": the ticket as triage read it (title, body,
    labels, kind, plan)}. There is one for each ticket and value; a second opinion replaces the first.
    """

    __tablename__ = "triage_corrections"
    __table_args__ = (UniqueConstraint("ticket_id", "decision", "was"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    # priority, team, category or escalate.
    decision: Mapped[str] = mapped_column()
    rule: Mapped[str] = mapped_column()
    was: Mapped[str] = mapped_column()
    should_be: Mapped[str] = mapped_column()
    seen: Mapped[dict[str, Any]] = mapped_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    corrected_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[User] = relationship(lazy="raise")
