"""The only readers of levels for the pages that edit them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.accounts.models import Team
from app.extensions import db
from app.lib.errors import NotFound
from app.sla import level_rules as rules
from app.sla.level_models import Level, LevelFiring
from app.sla.terms import LABELS

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class LevelView:
    """A level as the list shows it: where it lies, on which clocks, what it does, and how often it was reached lately."""

    level: Level
    where: str
    clocks: str
    does: list[str]
    reached: int

    @property
    def is_built_in(self) -> bool:
        """Whether every system has it."""
        return self.level.key in rules.BUILT_IN


def levels(now: datetime) -> list[LevelView]:
    """Every level, in the order in which a clock meets them. Three statements."""
    rows = db.session.scalars(select(Level).where(Level.removed_at.is_(None))).all()
    names = dict(teams())
    those = (LevelFiring.level_id.in_([level.id for level in rows]), LevelFiring.told_at >= now - RECENT)
    lately = select(LevelFiring.level_id, func.count()).where(*those).group_by(LevelFiring.level_id)
    counts: dict[int, int] = {row[0]: row[1] for row in db.session.execute(lately)}
    shown = [
        LevelView(
            level,
            rules.where(level.basis, level.amount),
            clocks_of(level.metrics, level.priorities),
            rules.in_words(level.actions, names),
            counts.get(level.id, 0),
        )
        for level in rows
    ]
    return sorted(shown, key=place)


def place(view: LevelView) -> tuple[int, int]:
    """The order on a clock: shares before the due time, minutes before it, at it, and what lies behind."""
    level = view.level
    if level.basis == rules.PERCENT:
        return (0 if level.amount < 100 else 2 if level.amount == 100 else 3, level.amount)
    return (1, -level.amount) if level.basis == rules.BEFORE else (4, level.amount)


def clocks_of(metrics: Sequence[str], priorities: Sequence[str]) -> str:
    """`Every clock`, or which ones."""
    clocks = "Every clock" if len(metrics) == len(LABELS) else ", ".join(LABELS[metric] for metric in metrics if metric in LABELS)
    return f"{clocks}, {', '.join(priorities)} tickets" if priorities else clocks


def level_row(number: int) -> Level:
    """One level; raises NotFound, also for one that was removed."""
    found = db.session.get(Level, number)
    if found is None or found.removed_at is not None:
        raise NotFound()
    return found


def teams() -> list[tuple[int, str]]:
    """Every team's id and name, by name."""
    return [(number, name) for number, name in db.session.execute(select(Team.id, Team.name).order_by(Team.name))]
