"""What alerts decide by: which route fits, how a ladder climbs, when a message is tried again. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol, TypeVar

from app.lib.errors import Invalid

SEVERITIES = ("info", "warning", "critical", "page")
PAGE = "page"
HOURS = ("always", "inside", "outside")
MODES = ("now", "hourly", "daily", "none")
# What may be collected or left to the desk; the rest cannot wait.
PATIENT = ("info", "warning")
DIGEST_HOUR = 9
# Channels that reach people by mail, and those that leave for other systems.
PEOPLE = ("on_call", "leads", "email")
OUTSIDE = ("slack", "discord", "webhook")
KINDS = (*PEOPLE, *OUTSIDE)
WHO = ("on_call", "next_on_call", "team_leads", "assignee", "executive")
USER = re.compile(r"user:([1-9]\d{0,8})")
# An unacknowledged page goes on after these minutes, where a route says nothing else.
LADDER: tuple[dict[str, Any], ...] = (
    {"who": "on_call", "after_minutes": 0},
    {"who": "next_on_call", "after_minutes": 5},
    {"who": "team_leads", "after_minutes": 10},
    {"who": "executive", "after_minutes": 15},
)
LAST_RUNG: dict[str, Any] = {"who": "executive", "after_minutes": 15}
MOST_RUNGS = 8
MOST_MINUTES = 7 * 1440
# Minutes between tries, by severity: the more urgent, the sooner the next channel has its turn.
WAITS: Mapping[str, tuple[int, ...]] = {"page": (1, 2), "critical": (1, 2, 5), "warning": (1, 5, 15, 60), "info": (1, 5, 15, 60)}
# What a server asks for by Retry-After is obeyed up to this.
LONGEST_WAIT = timedelta(hours=1)
LONGEST_SILENCE = timedelta(days=30)


class TicketFacts(Protocol):
    """A ticket, as far as an alert needs to know it; a row of tickets will do."""

    id: int
    organization_id: int | None
    ref: str
    assignee_id: int | None
    is_demo: bool


class RouteTerms(Protocol):
    """What of a route decides whether it fits."""

    severities: list[Any]
    team_id: int | None
    hours: str
    is_enabled: bool
    is_default: bool


Fitting = TypeVar("Fitting", bound=RouteTerms)


def rank(severity: str) -> int:
    """How grave a severity is, from 0. Raises ValueError for a word that is none."""
    return SEVERITIES.index(severity)


def milder(severity: str) -> tuple[str, ...]:
    """The severities below one."""
    return SEVERITIES[: rank(severity)]


def first_fit(routes: Iterable[Fitting], *, severity: str, team_id: int | None, is_open: Mapping[int, bool]) -> Fitting | None:
    """The first route, in the order given, that takes an alert; None only where there is no default.

    `is_open` tells for the id() of a route whether its calendar is open now.
    """
    return next((route for route in routes if fits(route, severity, team_id, is_open.get(id(route), True))), None)


def fits(route: RouteTerms, severity: str, team_id: int | None, is_open: bool) -> bool:
    """Whether one route takes an alert; the default takes all."""
    if route.is_default:
        return True
    if not route.is_enabled or severity not in route.severities or route.team_id not in (None, team_id):
        return False
    return route.hours == "always" or is_open == (route.hours == "inside")


def checked_ladder(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A ladder as it is stored: its steps, and an executive at its end where it ends with nobody in particular.

    `after_minutes` counts from the step before, from the raising for the first. Raises Invalid.
    """
    rungs = [checked_step(step) for step in steps]
    if not rungs:
        raise Invalid("A ladder has at least one step.")
    if len(rungs) > MOST_RUNGS:
        raise Invalid(f"A ladder has at most {MOST_RUNGS} steps.")
    last = rungs[-1]["who"]
    if last != "executive" and not USER.fullmatch(last):
        rungs.append(dict(LAST_RUNG))
    return rungs


def checked_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """One step. Raises Invalid for nobody or a time that is none."""
    who, minutes = step.get("who"), step.get("after_minutes")
    if not isinstance(who, str) or (who not in WHO and not USER.fullmatch(who)):
        raise Invalid("A step of a ladder names on_call, next_on_call, team_leads, assignee, executive or user:<id>.")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= MOST_MINUTES:
        raise Invalid(f"A step of a ladder comes 0 to {MOST_MINUTES} minutes after the one before.")
    return {"who": who, "after_minutes": minutes}


def due_after(ladder: Sequence[Mapping[str, Any]], rung: int, at: datetime) -> datetime | None:
    """When the step `rung` is due, if the one before was taken at `at`; None beyond the end."""
    return at + timedelta(minutes=ladder[rung]["after_minutes"]) if rung < len(ladder) else None


def next_try(severity: str, attempts: int, now: datetime, asked: timedelta | None = None) -> datetime | None:
    """When a message that could not be sent is tried again, after so many tries; None when it is given up.

    `asked` is what the other side wants us to wait: never less, up to LONGEST_WAIT.
    """
    waits = WAITS[severity]
    if attempts > len(waits):
        return None
    wait = timedelta(minutes=waits[max(attempts, 1) - 1])
    return now + max(wait, min(asked or wait, LONGEST_WAIT))


def digest_at(mode: str, now: datetime, zone: tzinfo) -> datetime:
    """When the mail that collects alerts goes out next: at the full hour, or at DIGEST_HOUR on the reader's own clock. Aware UTC."""
    if mode == "hourly":
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    local = now.astimezone(zone)
    at = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0, fold=0)
    return (at if at > local else at + timedelta(days=1)).astimezone(now.tzinfo)


def covers(silence: Any, *, key: str, source: str, team_id: int | None) -> bool:
    """Whether a silence speaks of an alert: every part that it names is the alert's own, and it names at least one."""
    named = [(silence.key, key), (silence.source, source), (silence.team_id, team_id)]
    wanted = [(want, have) for want, have in named if want is not None]
    return bool(wanted) and all(want == have for want, have in wanted)


def quiet_until(silences: Iterable[Any], *, key: str, source: str, team_id: int | None) -> datetime | None:
    """The latest end of the silences that speak of an alert; None where none does."""
    return max((s.until for s in silences if covers(s, key=key, source=source, team_id=team_id)), default=None)


def channel_after(channels: Sequence[Any], failed_position: int, used: Collection[int]) -> Any | None:
    """The channel that stands in for a failed one: the next of its route that has not had its turn in this step."""
    return next((c for c in channels if c.position > failed_position and c.id not in used and not c.off_because), None)
