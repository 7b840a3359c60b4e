"""The kinds of call, kept by leads: what can be booked, by whom, and on which terms."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Plan, Team, User
from app.accounts.permissions import may
from app.calls import rules
from app.calls.models import CallKind, CallKindTeam
from app.calls.rooms import checked_room
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale
from app.lib.text import many_lines, one_line

# (least, most) of each number, in its unit.
BOUNDS = {
    "minutes": (5, 240),
    "step_minutes": (5, 240),
    "before_minutes": (0, 120),
    "after_minutes": (0, 120),
    "notice_minutes": (0, 20_160),
    "ahead_days": (1, 60),
    "capacity": (1, 50),
}
GRID = int(rules.CELL.total_seconds()) // 60
ON_GRID = ("minutes", "step_minutes", "before_minutes", "after_minutes")


class BadTerms(Invalid):
    """Terms that cannot be: field → what is wrong."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__("; ".join(wrong.values()))
        self.wrong = wrong


@dataclass(frozen=True)
class Terms:
    """What a lead enters; the names are those of CallKind."""

    name: str
    about: str
    is_open: bool
    least_rank: int
    minutes: int
    step_minutes: int
    before_minutes: int
    after_minutes: int
    notice_minutes: int
    ahead_days: int
    capacity: int
    video_url: str
    team_ids: Sequence[int]


def save(kind: CallKind | None, terms: Terms, *, actor: User, now: datetime, seen: int | None = None) -> CallKind:
    """Make a kind, or change one; the same terms change nothing. What is booked stays as it was booked.

    Raises NotAllowed for others than leads, BadTerms with what is wrong by field, Stale where somebody else saved meanwhile.
    """
    if not may(actor.role, "calls.edit"):
        raise NotAllowed("What can be booked is decided by leads.")
    values, team_ids = checked(kind, terms)
    if kind is not None and seen is not None and kind.version != seen:
        raise Stale("Somebody else changed this kind of call meanwhile. Compare your input with it, then save again.")
    before = state_of(kind) if kind is not None else {}
    if kind is None:
        kind = CallKind(key=secrets.token_hex(8), teams=[])
        db.session.add(kind)
    for name, value in values.items():
        setattr(kind, name, value)
    with db.session.no_autoflush:
        kept = [row for row in kind.teams if row.team_id in team_ids]
        fresh = [CallKindTeam(team_id=team_id) for team_id in team_ids if team_id not in {row.team_id for row in kept}]
        if fresh or len(kept) != len(kind.teams):
            kind.teams = [*kept, *fresh]
    db.session.flush()
    after = state_of(kind)
    changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changes:
        record("call.kind_changed", now=now, actor=actor, facts={"kind_id": kind.id, "name": kind.name, "changes": changes})
    return kind


def state_of(kind: CallKind) -> dict[str, Any]:
    """A kind as its event tells it."""
    names = ("name", "about", "is_open", "least_rank", "video_url", *BOUNDS)
    return {**{name: getattr(kind, name) for name in names}, "teams": sorted(row.team_id for row in kind.teams)}


def checked(kind: CallKind | None, terms: Terms) -> tuple[dict[str, Any], list[int]]:
    """(values, teams) that can be stored. Raises BadTerms."""
    values = {**asdict(terms), "name": one_line(terms.name), "about": many_lines(terms.about)}
    team_ids = list(dict.fromkeys(values.pop("team_ids")))
    wrong = {name: f"A number from {least} to {most:,}." for name, (least, most) in BOUNDS.items() if not least <= values[name] <= most}
    wrong |= {name: f"A multiple of {GRID} minutes." for name in ON_GRID if name not in wrong and values[name] % GRID}
    if not values["name"]:
        wrong["name"] = "Give it the name that customers read."
    elif named(values["name"], kind):
        wrong["name"] = "Another kind of call has this name."
    if not db.session.scalar(select(Plan.id).where(Plan.rank == values["least_rank"], Plan.tier >= rules.LEAST_TIER)):
        wrong["least_rank"] = "Choose a plan from the list."
    # Compared here, not there: a number that somebody made up may be larger than any that a database takes.
    if not team_ids or not set(team_ids) <= set(db.session.scalars(select(Team.id))):
        wrong["teams"] = "Choose at least one team: its people on duty take the calls."
    try:
        values["video_url"] = checked_room(values["video_url"])
    except Invalid as bad:
        wrong["video_url"] = bad.message
    if wrong:
        raise BadTerms(wrong)
    return values, team_ids


def named(name: str, kind: CallKind | None) -> bool:
    """Whether another kind has this name."""
    others = select(CallKind.id).where(func.lower(CallKind.name) == name.lower())
    return db.session.scalar(others.where(CallKind.id != kind.id) if kind is not None else others) is not None
