"""Levels of a clock: when each is reached, and which of them a sweep has to tell. Pure: instants are microseconds.

A level lies at a share of the target, or some minutes before or after the due time. Both are counted time: pauses and
closed hours move it as they move the due time. It is reached after its instant, as a clock is late after its due time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.sla.clock import Case, reached
from app.sla.hours import MINUTE

PERCENT, BEFORE, AFTER = "percent", "before", "after"
BASES = {PERCENT: "percent of the target", BEFORE: "minutes before the due time", AFTER: "minutes after the due time"}
# The levels that every system has: they can be given other actions, and neither moved nor removed.
WARNING, AT_RISK, BREACHED = "warning", "at_risk", "breached"
BUILT_IN = (WARNING, AT_RISK, BREACHED)
MOST_PERCENT = 1000
MOST_MINUTES = 60 * 24 * 30
MOST_LEVELS = 20

NOTIFY = {
    "assignee": "The assignee",
    "route": "The team's alert route",
    "on_call": "Whoever is on call",
    "next_on_call": "The next on the rota, when nobody took the ticket",
}
SEVERITIES = {"info": "Info", "warning": "Warning", "critical": "Critical", "page": "Page now"}
UNASSIGN, ON_CALL, TO_TEAM = "unassign", "on_call", "team:"


@dataclass(frozen=True)
class Point:
    """Where a level lies, for which clocks, and since when it does so; what lay behind then is never told."""

    id: int
    basis: str
    amount: int
    since: int
    metrics: frozenset[str]
    # None of them: every priority.
    priorities: frozenset[str] = frozenset()

    def concerns(self, metric: str, priority: str) -> bool:
        """Whether clocks like this have the level."""
        return metric in self.metrics and (not self.priorities or priority in self.priorities)

    def counted(self, target: int) -> int:
        """How much time is counted when the level is reached; 0 or less where the target is too short to have it."""
        if self.basis == PERCENT:
            return target * self.amount // 100
        return target + (self.amount if self.basis == AFTER else -self.amount) * MINUTE


@dataclass(frozen=True)
class Standing:
    """A clock as a sweep meets it: since when it is aimed where it is, its end where it has stopped or is paused."""

    metric: str
    priority: str
    aimed: int
    now: int
    ended: int | None = None


@dataclass(frozen=True)
class Plan:
    """What a sweep does with a clock: the levels to tell and to arm again, by id, and when to look again."""

    tell: tuple[int, ...]
    rearm: tuple[int, ...]
    next_at: int | None


def instant_of(point: Point, case: Case) -> int | None:
    """When a level is reached; None if it never is, as things stand, or the target is too short for it."""
    amount = point.counted(case.last_target)
    return reached(case, amount) if amount > 0 else None


def plan(points: Sequence[Point], case: Case, told: Mapping[int, int], at: Standing) -> Plan:
    """Which levels of a clock to tell now; `told` are those that were, with when.

    A level that was told is armed again where a change has moved it ahead of us since. One before the due time is left
    out once the due time has passed or the clock has ended; one behind it is told even then, since a miss stays a miss.
    """
    due = reached(case, case.last_target)
    tell: list[tuple[int, int]] = []
    rearm: list[int] = []
    ahead: list[int] = []
    for point in points:
        reached_at = instant_of(point, case) if point.concerns(at.metric, at.priority) else None
        if reached_at is None:
            continue
        was = told.get(point.id)
        if was is not None:
            if reached_at <= max(at.aimed, was):
                continue
            rearm.append(point.id)
        if reached_at >= at.now:
            ahead.append(reached_at)
        elif is_told(point, reached_at, due, case, at):
            tell.append((reached_at, point.id))
    next_at = min(ahead, default=None) if at.ended is None else None
    return Plan(tuple(number for _, number in sorted(tell)), tuple(rearm), next_at)


def is_told(point: Point, reached_at: int, due: int | None, case: Case, at: Standing) -> bool:
    """Whether a level whose instant has passed is told now, and not left out."""
    if max(reached_at, at.aimed) < point.since:
        return False
    is_early = point.counted(case.last_target) < case.last_target
    if at.ended is not None:
        return not is_early and reached_at < at.ended
    return not (is_early and due is not None and due < at.now)


def where(basis: str, amount: int) -> str:
    """Where a level lies, in words: `75 % of the target used`, `30 min before it is due`."""
    if basis == PERCENT:
        return f"{amount} % of the target used"
    hours, minutes = divmod(amount, 60)
    length = " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
    return f"{length} {'before it is due' if basis == BEFORE else 'after it was due'}"


def problem(basis: str, amount: int) -> str | None:
    """Why a level cannot lie there; None if it can."""
    if basis not in BASES:
        return "Choose what the number means."
    most = MOST_PERCENT if basis == PERCENT else MOST_MINUTES
    if 0 < amount <= most:
        return None
    return f"Between 1 and {MOST_PERCENT} percent." if basis == PERCENT else f"Between 1 minute and 30 days ({MOST_MINUTES} minutes)."


def in_words(actions: Mapping[str, object], teams: Mapping[int, str]) -> list[str]:
    """What a level does, a sentence each."""
    notify = actions.get("notify")
    told = [NOTIFY[who] for who in notify if who in NOTIFY] if isinstance(notify, list) else []
    severity = SEVERITIES.get(str(actions.get("severity")), "").lower()
    words = [f"Tells {'; '.join(name[0].lower() + name[1:] for name in told)} (severity: {severity})"] if told else []
    if actions.get("raise_priority"):
        words.append("Raises the priority by one")
    if actions.get("reassign"):
        words.append(reassigns(str(actions["reassign"]), teams))
    if actions.get("escalate"):
        words.append("Escalates by a tier")
    return words


def reassigns(reassign: str, teams: Mapping[int, str]) -> str:
    """To whom, in words."""
    if reassign == ON_CALL:
        return "Gives it to whoever is on call"
    if reassign == UNASSIGN:
        return "Takes it off its assignee"
    return f"Moves it to {teams.get(team_of(reassign) or 0, 'a team that is gone')}"


def team_of(reassign: str | None) -> int | None:
    """The team's id in `team:7`."""
    number = (reassign or "").removeprefix(TO_TEAM)
    return int(number) if (reassign or "").startswith(TO_TEAM) and number.isascii() and number.isdecimal() and len(number) < 10 else None
