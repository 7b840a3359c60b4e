"""The only readers of the rota. Whoever asks who is on call, who works, or who comes next asks here; rules.py decides.

Every answer is made of the same few statements, however many shifts there are: see `plan_for`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.accounts.models import Team, TeamMember, User
from app.accounts.permissions import LEADS
from app.extensions import db
from app.lib.times import monday_of, zone
from app.rota import cover, rules
from app.rota.models import RotaAbsence, RotaOverride, RotaPerson, RotaShift
from app.rota.wall import instant, known_zone

FIRST, BACKUP = 1, 2
# How far ahead is looked for the end of a duty, and for whoever comes next.
AHEAD = timedelta(days=8)
# No occurrence of a shift is longer.
WHOLE = timedelta(days=2)
# How far ahead somebody's next working time is looked for, and in which steps.
WORK_AHEAD, WORK_STEP = timedelta(weeks=9), timedelta(weeks=3)
# The hours of whoever has no shift: Monday to Friday, in their own zone.
OFFICE_DAYS, OFFICE_STARTS, OFFICE_ENDS = frozenset(range(5)), 9 * 60, 18 * 60


@dataclass(frozen=True)
class OnCall:
    """Somebody to turn to: until when, and why it is them."""

    user_id: int
    name: str
    email: str
    time_zone: str
    until: datetime
    via: str


@dataclass(frozen=True)
class DutySpan:
    """A span (aware UTC, the end not included) that somebody has."""

    start: datetime
    end: datetime
    user_id: int
    team_id: int
    level: int = FIRST


@dataclass(frozen=True)
class Staff:
    """Somebody at the desk."""

    id: int
    name: str
    email: str
    time_zone: str
    role: str


def on_call(team_id: int, at: datetime) -> OnCall | None:
    """Who is on call for a team; None in a hole. `until` is the end of their duty, eight days from now at most. Five statements."""
    plan, people = plan_for([team_id], at, at + AHEAD)
    duties = rules.duties(plan, team_id, FIRST, at, at + AHEAD)
    if not duties or duties[0].start > at or duties[0].user_id is None:
        return None
    return told(people[duties[0].user_id], by_person(duties)[0].end, duties[0].why)


def ladder(team_id: int | None, at: datetime, *, limit: int = 5) -> list[OnCall]:
    """Whom to turn to, in order: who is on call, the backup, the next on the rota, the team's leads; nobody twice.

    Without a team, or in one without leads, everybody's leads. Leads who are away come last. Seven statements at most.
    """
    wanted = [team_id] if team_id is not None else []
    plan, people = plan_for(wanted, at, at + AHEAD)
    found: dict[int, OnCall] = {}
    if team_id is not None:
        lanes = [rules.duties(plan, team_id, level, at, at + AHEAD) for level in (FIRST, BACKUP)]
        now = [duty for lane in lanes for duty in lane[:1] if duty.start <= at]
        later = sorted((duty for lane in lanes for duty in lane if duty.start > at), key=lambda duty: (duty.start, duty.level))
        for duty in [*now, *later]:
            if duty.user_id is not None and duty.user_id not in found and rules.is_there(plan, duty.user_id, at, on_holidays=True):
                via = duty.why if duty.start <= at else "next on the rota"
                found[duty.user_id] = told(people[duty.user_id], duty.end, via)
    leads = leads_of(team_id, people)
    for one in sorted(leads, key=lambda lead: (not rules.is_there(plan, lead.id, at), lead.name, lead.id)):
        found.setdefault(one.id, told(one, at + AHEAD, "lead"))
    return list(found.values())[:limit]


def leads_of(team_id: int | None, people: dict[int, Staff]) -> list[Staff]:
    """The leads of a team, or everybody's where it has none. One statement."""
    leads = [one for one in people.values() if one.role in LEADS]
    if team_id is None:
        return leads
    members = set(db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id)))
    return [one for one in leads if one.id in members] or leads


def told(one: Staff, until: datetime, via: str) -> OnCall:
    """What is told of somebody."""
    return OnCall(one.id, one.name, one.email, one.time_zone, until, via)


def duty_spans(team_ids: Sequence[int], start: datetime, end: datetime, *, level: int = FIRST) -> list[DutySpan]:
    """Who has which span of these teams, in order: overrides and absences applied, neighbours of one person joined. Five statements."""
    plan, _ = plan_for(team_ids, start, end)
    found = [span for team_id in set(team_ids) for span in by_person(rules.duties(plan, team_id, level, start, end))]
    return sorted(found, key=lambda span: (span.start, span.team_id))


def by_person(duties: Iterable[rules.Duty]) -> list[DutySpan]:
    """The duties of one team's level as spans of people, holes left out."""
    found: list[DutySpan] = []
    for duty in duties:
        if duty.user_id is None:
            continue
        last = found[-1] if found else None
        if last is not None and (last.end, last.user_id) == (duty.start, duty.user_id):
            found[-1] = DutySpan(last.start, duty.end, last.user_id, last.team_id, last.level)
        else:
            found.append(DutySpan(duty.start, duty.end, duty.user_id, duty.team_id, duty.level))
    return found


def works_at(user_id: int, at: datetime) -> bool:
    """Whether somebody works: on duty, or in office hours of a week in which no turn of a shift is theirs; never while away."""
    return any(start <= at < end for start, end in working_spans(user_id, at, at + timedelta(seconds=1)))


def next_working_time(user_id: int, at: datetime) -> datetime | None:
    """The first instant not before `at` at which somebody works; None if there is none in the next nine weeks."""
    start = at
    while start < at + WORK_AHEAD:
        spans = working_spans(user_id, start, start + WORK_STEP)
        if spans:
            return spans[0][0]
        start += WORK_STEP
    return None


def working_spans(user_id: int, start: datetime, end: datetime) -> list[cover.Span]:
    """When somebody works in [start, end), in order and apart; nothing for who is not on the staff. Five statements."""
    plan, people = plan_for(None, start - timedelta(days=8), end + timedelta(days=8))
    if user_id not in people:
        return []
    return working_in(plan, user_id, start, end)


def working_in(plan: rules.Plan, user_id: int, start: datetime, end: datetime) -> list[cover.Span]:
    """The same for somebody of the staff, from a plan of all teams that reaches a week further on either side."""
    mine = [(duty.start, duty.end) for duty in all_duties(plan, start, end) if duty.user_id == user_id]
    return cover.united([*mine, *office_hours(plan, user_id, start, end)])


def all_duties(plan: rules.Plan, start: datetime, end: datetime, *, joined: bool = True) -> list[rules.Duty]:
    """The duties of every team and level in a plan, in order of time; each day of a shift for itself unless `joined`."""
    lanes = {(one.team_id, one.level) for one in plan.shifts} | {(one.team_id, one.level) for one in plan.overrides}
    found = [duty for team_id, level in lanes for duty in rules.duties(plan, team_id, level, start, end, joined=joined)]
    return sorted(found, key=lambda duty: (duty.start, duty.team_id, duty.level))


def whole_duties(start: datetime, end: datetime) -> tuple[list[rules.Duty], dict[int, Staff]]:
    """The duties that touch [start, end), of every team and level, in order of time, and the staff by id. Seven statements.

    Each is whole, a day of a shift for itself: two looks a moment apart give the same bounds.
    """
    first, last = reach(None, start, end)
    plan, people = plan_for(None, first, last)
    found = all_duties(plan, first, last, joined=False)
    return [duty for duty in found if duty.end > start and duty.start < end], people


def reach(team_ids: Sequence[int] | None, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """[start, end) so much wider that it cuts no day of a shift and no override of some teams (None: of all) that touches it.

    One statement.
    """
    touching = overrides_of(team_ids, start, end)
    first = min([start, *(one.start for one in touching)])
    return first - WHOLE, max([end, *(one.end for one in touching)]) + WHOLE


def covered_for(user_id: int, start: datetime, end: datetime) -> list[rules.Duty]:
    """The duties in [start, end) that somebody should have had by the rota, and others had in their stead. Six statements."""
    plan, _ = plan_for(None, start, end)
    found = all_duties(plan, start, end, joined=False)
    return [duty for duty in found if duty.planned_id == user_id and duty.user_id != user_id]


def held_now(user_id: int, at: datetime) -> set[int]:
    """The teams for which somebody is first on call. Six statements."""
    plan, _ = plan_for(None, at, at + timedelta(seconds=1))
    found = all_duties(plan, at, at + timedelta(seconds=1))
    return {duty.team_id for duty in found if duty.user_id == user_id and duty.level == FIRST}


def office_hours(plan: rules.Plan, user_id: int, start: datetime, end: datetime) -> list[cover.Span]:
    """The usual hours of somebody in the weeks (Monday to Sunday, theirs) in which no turn is theirs, without absences and holidays."""
    person = plan.people[user_id]
    mine = [shift for shift in plan.shifts if user_id in shift.people]
    turns = {
        monday_of(duty.start, person.time_zone)
        for shift in mine
        for duty in rules.occurrences(shift, start - timedelta(days=8), end + timedelta(days=8))
        if duty.planned_id == user_id
    }
    first = start.astimezone(zone(person.time_zone)).date() - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((end - start).days + 4)]
    open_days = [
        day
        for day in days
        if day.weekday() in OFFICE_DAYS and day - timedelta(days=day.weekday()) not in turns and day not in person.holidays
    ]
    usual = [(instant(person.time_zone, day, OFFICE_STARTS), instant(person.time_zone, day, OFFICE_ENDS)) for day in open_days]
    away = cover.united((one.start, one.end) for one in plan.absences.get(user_id, ()))
    return cover.minus(cover.clipped(usual, start, end), away)


def plan_for(team_ids: Sequence[int] | None, start: datetime, end: datetime) -> tuple[rules.Plan, dict[int, Staff]]:
    """All that decides in [start, end) for some teams (None: for all), and the staff by id. Five statements; six if there are shifts."""
    everybody = staff()
    settings = {row.user_id: row for row in db.session.scalars(select(RotaPerson))}
    people = {one.id: person_of(one, settings.get(one.id)) for one in everybody.values()}
    absences: dict[int, list[rules.Absence]] = {}
    wanted = (RotaAbsence.withdrawn_at.is_(None), RotaAbsence.ends_at > start, RotaAbsence.starts_at < end)
    for row in db.session.scalars(select(RotaAbsence).where(*wanted).order_by(RotaAbsence.starts_at)):
        absences.setdefault(row.user_id, []).append(rules.Absence(row.user_id, row.starts_at, row.ends_at, row.deputy_id))
    return rules.Plan(shifts_of(team_ids), overrides_of(team_ids, start, end), absences, people), everybody


def staff() -> dict[int, Staff]:
    """Everybody who works at the desk, by id, in order of their names. One statement."""
    columns = (User.id, User.name, User.email, User.time_zone, User.role)
    rows = db.session.execute(select(*columns).where(User.is_at_desk).order_by(User.name, User.id))
    return {row.id: Staff(*row) for row in rows}


def person_of(one: Staff, settings: RotaPerson | None) -> rules.Person:
    """Somebody as the rules know them."""
    zone_name = one.time_zone if known_zone(one.time_zone) else "UTC"
    if settings is None:
        return rules.Person(one.id, one.name, zone_name)
    days = frozenset(date.fromisoformat(day) for day in settings.holidays)
    return rules.Person(one.id, one.name, zone_name, settings.deputy_id, days)


def shifts_of(team_ids: Sequence[int] | None) -> list[rules.Shift]:
    """The shifts of some teams, or of all, with their rotations. Two statements."""
    query = select(RotaShift).options(selectinload(RotaShift.turns)).order_by(RotaShift.id)
    if team_ids is not None:
        query = query.where(RotaShift.team_id.in_(team_ids))
    return [shift_of(row) for row in db.session.scalars(query)]


def shift_of(row: RotaShift) -> rules.Shift:
    """A shift as the rules know it; its turns are loaded."""
    days, people = frozenset(int(day) for day in row.weekdays), tuple(turn.user_id for turn in row.turns)
    zone_name = row.time_zone if known_zone(row.time_zone) else "UTC"
    return rules.Shift(
        *(row.id, row.team_id, row.level, row.name, zone_name, days, row.starts_minute, row.ends_minute, people),
        *(row.anchor_on, row.turn_weeks, row.begins_on, row.ends_on),
    )


def overrides_of(team_ids: Sequence[int] | None, start: datetime, end: datetime) -> list[rules.Override]:
    """The overrides of some teams, or of all, that touch a span. One statement."""
    wanted = [RotaOverride.withdrawn_at.is_(None), RotaOverride.ends_at > start, RotaOverride.starts_at < end]
    if team_ids is not None:
        wanted.append(RotaOverride.team_id.in_(team_ids))
    rows = db.session.scalars(select(RotaOverride).where(*wanted).order_by(RotaOverride.id))
    return [rules.Override(row.id, row.team_id, row.level, row.user_id, row.starts_at, row.ends_at) for row in rows]


def teams() -> list[Team]:
    """Every team, by name. One statement."""
    return list(db.session.scalars(select(Team).order_by(Team.name)))
