"""What the pages of the rota show: who is on call, the day around the world, holes, and what waits for the viewer.

Each page loads the plan of its span once (see `queries.plan_for`) and reckons from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Team, TeamMember, User
from app.extensions import db
from app.lib.errors import NotFound
from app.lib.times import local
from app.rota import clashes, cover, queries, rules
from app.rota.models import RotaAbsence, RotaCover, RotaOverride, RotaPerson, RotaShift, RotaSwap
from app.rota.queries import FIRST, DutySpan

HOLES_AHEAD = timedelta(weeks=8)
DUTIES_AHEAD = timedelta(weeks=4)
LIST_AHEAD = timedelta(weeks=2)
STRIP = timedelta(hours=24)
# The strip begins so long before now.
STRIP_BEFORE = timedelta(hours=2)
MOST_DAYS_AHEAD = 56
TICK = timedelta(hours=3)
LISTED = 100
HUES = 6


@dataclass(frozen=True)
class Block:
    """A duty in the strip: where it lies (percent) and whose it is; None: a hole."""

    left: str
    width: str
    start: datetime
    end: datetime
    name: str | None
    why: str
    hue: int


@dataclass(frozen=True)
class Lane:
    """A team in the strip."""

    team: Team
    blocks: list[Block]


@dataclass(frozen=True)
class Tick:
    """An hour line of the strip: where it lies (percent), and what the clocks show."""

    left: str
    utc: str
    local: str


@dataclass(frozen=True)
class Strip:
    """Twenty-four hours, all teams."""

    start: datetime
    end: datetime
    lanes: list[Lane]
    ticks: list[Tick]
    now: str | None


@dataclass(frozen=True)
class Now:
    """A team's present: who has it until when, and who comes next."""

    team: Team
    person: queries.Staff | None
    until: datetime | None
    why: str
    next_name: str | None
    next_at: datetime | None
    hole: bool


@dataclass(frozen=True)
class Overview:
    """The first page."""

    present: list[Now]
    strip: Strip
    holes: list[tuple[Team, cover.Hole]]
    hole_total: timedelta
    watched: list[Team]
    is_empty: bool
    teams: list[Team]


def overview(now: datetime, zone_name: str, days_ahead: int) -> Overview:
    """Everything on the first page. Eight statements, however many teams; the duties of each are reckoned once."""
    end = now + HOLES_AHEAD
    start = (now - STRIP_BEFORE).replace(minute=0, second=0, microsecond=0) + timedelta(days=days_ahead)
    first, last = min(start, now), max(end, start + STRIP)
    plan, staff = queries.plan_for(None, first, last)
    teams, covers = queries.teams(), covers_by_team()
    active = [team for team in teams if has_rota(plan, team.id) or needs_cover(covers, team.id)]
    lanes = {team.id: rules.duties(plan, team.id, FIRST, first, last) for team in active}
    holes = [(team, hole) for team in active for hole in holes_of(lanes[team.id], covers.get(team.id), now, end)]
    holes.sort(key=lambda one: (one[1].start, one[0].name))
    return Overview(
        [present_of(lanes[team.id], staff, team, needs_cover(covers, team.id), now) for team in active],
        strip_of(plan, [(team, lanes[team.id]) for team in active], covers, start, now, zone_name),
        holes[:LISTED],
        sum((hole.length for _, hole in holes), timedelta()),
        [team for team in active if needs_cover(covers, team.id)],
        not active,
        teams,
    )


def covers_by_team() -> dict[int, RotaCover]:
    """What each team needs. One statement."""
    return {row.team_id: row for row in db.session.scalars(select(RotaCover))}


def has_rota(plan: rules.Plan, team_id: int) -> bool:
    """Whether a team has any shift or override."""
    return any(one.team_id == team_id for one in plan.shifts) or any(one.team_id == team_id for one in plan.overrides)


def needs_cover(covers: dict[int, RotaCover], team_id: int) -> bool:
    """Whether holes of a team matter."""
    return team_id in covers and covers[team_id].needs != cover.NONE


def holes_of(duties: list[rules.Duty], row: RotaCover | None, start: datetime, end: datetime) -> list[cover.Hole]:
    """The holes of a team in [start, end), which its duties reach over."""
    wanted = cover.needed(row.needs, row.time_zone, row.hours, start, end) if row is not None else []
    return cover.holes(rules.clipped(duties, start, end), wanted) if wanted else []


def present_of(lane: list[rules.Duty], staff: dict[int, queries.Staff], team: Team, matters: bool, now: datetime) -> Now:
    """Who has a team now and next."""
    duties = rules.clipped(lane, now, now + queries.AHEAD)
    spans = queries.by_person(duties)
    current = spans[0] if spans and spans[0].start <= now else None
    later = next((span for span in spans if span.start > now and (current is None or span.user_id != current.user_id)), None)
    empty = duties[0].why if duties and duties[0].start <= now and current is None else "no shift now"
    return Now(
        team,
        staff[current.user_id] if current else None,
        current.end if current else None,
        duties[0].why if current else empty,
        staff[later.user_id].name if later else None,
        later.start if later else None,
        matters and current is None,
    )


def strip_of(
    plan: rules.Plan,
    lanes: Sequence[tuple[Team, list[rules.Duty]]],
    covers: dict[int, RotaCover],
    start: datetime,
    now: datetime,
    zone_name: str,
) -> Strip:
    """The lanes of a day."""
    end = start + STRIP
    drawn = []
    for team, duties in lanes:
        blocks = [block(plan, duty, start) for duty in rules.clipped(duties, start, end) if duty.user_id is not None]
        for hole in holes_of(duties, covers.get(team.id), start, end):
            blocks.append(Block(percent(hole.start, start), percent(hole.end, hole.start), hole.start, hole.end, None, hole.why, 0))
        drawn.append(Lane(team, sorted(blocks, key=lambda one: one.start)))
    ticks = [start + TICK * n for n in range(int(STRIP / TICK))]
    marks = [Tick(percent(at, start), f"{at:%H:%M}", f"{local(at, zone_name):%H:%M}") for at in ticks]
    return Strip(start, end, drawn, marks, percent(now, start) if start <= now < end else None)


def block(plan: rules.Plan, duty: rules.Duty, start: datetime) -> Block:
    """A duty in the strip."""
    name, hue = plan.name_of(duty.user_id), (duty.user_id or 0) % HUES + 1
    return Block(percent(duty.start, start), percent(duty.end, duty.start), duty.start, duty.end, name, duty.why, hue)


def percent(at: datetime, start: datetime) -> str:
    """How far a moment lies in the strip."""
    return f"{(at - start) / STRIP * 100:.3f}%"


@dataclass(frozen=True)
class TeamView:
    """The page of a team."""

    team: Team
    shifts: list[RotaShift]
    needs: RotaCover | None
    overrides: list[RotaOverride]
    duties: list[rules.Duty]
    names: dict[int, str]
    holes: list[tuple[Team, cover.Hole]]
    clashes: list[tuple[rules.Shift, rules.Shift, clashes.Clash]]


def team_for(number: int) -> Team:
    """A team, or NotFound. One statement."""
    found = db.session.get(Team, number)
    if found is None:
        raise NotFound()
    return found


def cover_of(team: Team) -> RotaCover | None:
    """What a team needs, if anybody has said. One statement."""
    return db.session.scalar(select(RotaCover).where(RotaCover.team_id == team.id))


def team_view(team: Team, now: datetime) -> TeamView:
    """Everything on the page of a team: two weeks of duties, eight of holes. Ten statements.

    Days of a shift that touch are one duty, of which no more is told than eight weeks at most, and two days from before now.
    """
    first, last = queries.reach([team.id], now, now + LIST_AHEAD)
    last = max(last, now + HOLES_AHEAD)
    plan, staff = queries.plan_for([team.id], first, last)
    turns = selectinload(RotaShift.turns)
    shifts = list(
        db.session.scalars(select(RotaShift).options(turns).where(RotaShift.team_id == team.id).order_by(RotaShift.level, RotaShift.id))
    )
    row = cover_of(team)
    mine = (RotaOverride.team_id == team.id, RotaOverride.withdrawn_at.is_(None), RotaOverride.ends_at > now)
    overrides = select(RotaOverride).options(joinedload(RotaOverride.user)).where(*mine).order_by(RotaOverride.starts_at).limit(LISTED)
    lanes = [rules.duties(plan, team.id, level, first, last) for level in (FIRST, queries.BACKUP)]
    # Whole, not cut at now or where the list ends: nobody's duty ends then.
    duties = [duty for lane in lanes for duty in lane if duty.end > now and duty.start < now + LIST_AHEAD]
    return TeamView(
        *(team, shifts, row, list(db.session.scalars(overrides))),
        sorted(duties, key=lambda duty: (duty.start, duty.level))[:LISTED],
        {one.id: one.name for one in staff.values()},
        [(team, hole) for hole in holes_of(lanes[0], row, now, now + HOLES_AHEAD)][:LISTED],
        clashes.among(list(plan.shifts), now),
    )


def shift_for(number: int) -> RotaShift:
    """A shift with its turns and team, or NotFound. Two statements."""
    wanted = (joinedload(RotaShift.team), selectinload(RotaShift.turns))
    row = db.session.scalar(select(RotaShift).options(*wanted).where(RotaShift.id == number))
    if row is None:
        raise NotFound()
    return row


def override_for(number: int) -> RotaOverride:
    """An override, or NotFound."""
    row = db.session.get(RotaOverride, number)
    if row is None:
        raise NotFound()
    return row


def absence_for(number: int) -> RotaAbsence:
    """An absence with its people, or NotFound. One statement."""
    people = (joinedload(RotaAbsence.user), joinedload(RotaAbsence.deputy))
    row = db.session.scalar(select(RotaAbsence).options(*people).where(RotaAbsence.id == number))
    if row is None:
        raise NotFound()
    return row


def swap_for(viewer: User, number: int) -> RotaSwap:
    """A swap that somebody asked or was asked, or NotFound. One statement."""
    mine = or_(RotaSwap.asker_id == viewer.id, RotaSwap.other_id == viewer.id)
    row = db.session.scalar(select(RotaSwap).where(RotaSwap.id == number, mine))
    if row is None:
        raise NotFound()
    return row


def person_for(number: int | None) -> User | None:
    """Somebody at the desk by id, or None. One statement."""
    return db.session.get(User, number) if number is not None else None


def swaps_of(viewer: User) -> list[RotaSwap]:
    """The swaps that somebody asked or was asked, open ones first, then the newest. One statement."""
    people = (joinedload(RotaSwap.asker), joinedload(RotaSwap.other), joinedload(RotaSwap.team), joinedload(RotaSwap.back_team))
    mine = or_(RotaSwap.asker_id == viewer.id, RotaSwap.other_id == viewer.id)
    return list(
        db.session.scalars(select(RotaSwap).options(*people).where(mine).order_by(RotaSwap.state != "asked", RotaSwap.id.desc()).limit(20))
    )


def absences(now: datetime, viewer: User | None = None) -> list[RotaAbsence]:
    """Who is away or will be (for a viewer: their own, and those not yet handed back), by their beginning. One statement."""
    people = (joinedload(RotaAbsence.user), joinedload(RotaAbsence.deputy))
    query = select(RotaAbsence).options(*people).where(RotaAbsence.withdrawn_at.is_(None))
    if viewer is None:
        query = query.where(RotaAbsence.ends_at > now)
    else:
        recent = RotaAbsence.ends_at > now - timedelta(days=31)
        query = query.where(RotaAbsence.user_id == viewer.id, or_(RotaAbsence.ends_at > now, RotaAbsence.handed_back_at.is_(None) & recent))
    return list(db.session.scalars(query.order_by(RotaAbsence.starts_at, RotaAbsence.id).limit(LISTED)))


def settings_of(person: User) -> RotaPerson | None:
    """What the rota knows of somebody. One statement."""
    return db.session.scalar(select(RotaPerson).where(RotaPerson.user_id == person.id))


def coming_holidays(person: User, now: datetime) -> list[tuple[str, str]]:
    """The next five holidays of somebody: ISO date and name. One statement."""
    row, today = settings_of(person), local(now, person.time_zone).date().isoformat()
    return sorted((day, name) for day, name in row.holidays.items() if day >= today)[:5] if row else []


def duties_ahead(now: datetime) -> tuple[list[DutySpan], dict[int, str], dict[int, queries.Staff]]:
    """The duties of everybody that go on or begin in the next four weeks, with the names of teams and the staff. Eight statements.

    They are whole, so that one keeps its name while the page is open, and a choice of it holds.
    """
    found, staff = queries.whole_duties(now, now + DUTIES_AHEAD)
    spans = [DutySpan(one.start, one.end, one.user_id, one.team_id, one.level) for one in found if one.user_id is not None]
    return spans, {team.id: team.name for team in queries.teams()}, staff


def duties_to_come(user_id: int, now: datetime) -> list[rules.Duty]:
    """Somebody's duties that go on or begin in the next two weeks, whole: none is cut at now or where the list ends. Seven statements."""
    return [one for one in queries.whole_duties(now, now + LIST_AHEAD)[0] if one.user_id == user_id]


def spelled(duty: DutySpan) -> str:
    """A duty as the value of a choice."""
    return f"{duty.user_id}.{duty.team_id}.{duty.level}.{int(duty.start.timestamp())}.{int(duty.end.timestamp())}"


def duty_of(text: str) -> DutySpan | None:
    """What a value says; None for nonsense. Whether it holds is for the action to find out."""
    parts = text.split(".")
    if len(parts) != 5 or not all(part.isascii() and part.isdecimal() and len(part) <= 11 for part in parts):
        return None
    user_id, team_id, level, start, end = map(int, parts)
    return DutySpan(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), user_id, team_id, level)


def named_duty(duty: DutySpan, teams: dict[int, str], zone_name: str) -> str:
    """A duty in a line, on the reader's clock."""
    start, end = local(duty.start, zone_name), local(duty.end, zone_name)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %H:%M}"
    if end.date() - start.date() > timedelta(days=6):
        until = f"{end:%a} {end.day} {end:%b}, {end:%H:%M}"
    where = teams.get(duty.team_id, "") + (", backup" if duty.level > FIRST else "")
    return f"{start:%a} {start.day} {start:%b}, {start:%H:%M}–{until}, {where}"


def span_asked(args: Mapping[str, str], zone_name: str) -> dict[str, datetime]:
    """The span that a link to the form names (seconds since 1970), as the viewer's wall clock shows it; nothing for nonsense."""
    found = {}
    for field, key in (("starts_at", "start"), ("ends_at", "end")):
        text = args.get(key, "")
        if text.isascii() and text.isdecimal() and len(text) <= 10:
            found[field] = local(datetime.fromtimestamp(int(text), UTC), zone_name).replace(tzinfo=None)
    return found


def members_first(team: Team, staff: dict[int, queries.Staff]) -> list[queries.Staff]:
    """The staff, the team's own people first. One statement."""
    members = set(db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team.id)))
    return sorted(staff.values(), key=lambda one: (one.id not in members, one.name, one.id))


def waiting_for(viewer: User, now: datetime) -> dict[str, Any]:
    """What waits for the viewer: swaps that they were asked, and absences to take work back from. Two statements."""
    asked = select(RotaSwap).options(joinedload(RotaSwap.asker), joinedload(RotaSwap.team), joinedload(RotaSwap.back_team))
    swaps = list(
        db.session.scalars(asked.where(RotaSwap.other_id == viewer.id, RotaSwap.state == "asked", RotaSwap.ends_at > now).limit(20))
    )
    back = [row for row in absences(now, viewer) if row.ends_at <= now]
    return {"swaps": swaps, "returned": back}
