"""Making, judging and reading forecasts: the queue, the past and the rota as app.analytics.forecasting wants them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from app.accounts.models import Organization, TeamMember, User
from app.analytics.forecast_models import Forecast, ForecastRow
from app.analytics.forecasting import Expected, Past, People, Score, Waiting, judged
from app.analytics.forecasting import forecast as simulated
from app.events.models import Event
from app.extensions import db
from app.rota import cover
from app.rota import queries as rota
from app.sla.calendars import calendar
from app.sla.clock import tone
from app.sla.hours import SECOND, to_us
from app.sla.models import Clock
from app.sla.stating import COLUMNS, key_of, versions_of
from app.sla.terms import METRICS
from app.tickets.models import Ticket

HORIZON = timedelta(hours=8)
# The past that is looked at, and so many clocks of each metric at most, the newest first.
DAYS, MOST_PAST = timedelta(days=90), 4000
# So many clocks are forecast at most, those due first.
MOST = 300
# How long forecasts are kept, and over how much time their score is told.
KEPT, SCORED = timedelta(days=90), timedelta(days=30)
# A sweep may tell a breach a little late; a forecast is judged after this.
SETTLED = timedelta(minutes=10)
RECENT, MOST_BREACHES = 12, 2000


@dataclass(frozen=True)
class Made:
    """A forecast that was worked out, and what it expects of each clock; `keep` stores it."""

    forecast: Forecast
    expected: Sequence[Expected]


def make(now: datetime, *, is_demo: bool) -> Forecast | None:
    """Work out and store the forecast of this hour; None if it is there. Flushes."""
    found = worked_out(now, is_demo=is_demo)
    return keep(found) if found is not None else None


def worked_out(now: datetime, *, is_demo: bool) -> Made | None:
    """The forecast of this hour; None if it is there. Reads only: thirteen statements, whatever the number of tickets, and seconds of
    simulation."""
    slot = now.replace(minute=0, second=0, microsecond=0)
    if db.session.scalar(select(Forecast.id).where(Forecast.is_demo == is_demo, Forecast.slot == slot)) is not None:
        return None
    until, past = now + HORIZON, past_of(now, is_demo)
    rows, due = queue(now, until, is_demo)
    expected = simulated([waiting_of(row, now) for row in with_hours(rows)], past, people(now, until, is_demo), now, seed=to_us(slot))
    found = Forecast(is_demo=is_demo, slot=slot, made_at=now, until=until, rests_on=past.size, left_out=due - len(rows))
    found.already_late = late_now(now, is_demo)
    return Made(found, expected)


def keep(made: Made) -> Forecast:
    """Store a forecast with its rows. Flushes; raises IntegrityError where another has been stored for its hour meanwhile."""
    db.session.add(made.forecast)
    db.session.flush()
    db.session.add_all(row_of(made.forecast, one) for one in made.expected)
    db.session.flush()
    return made.forecast


def row_of(found: Forecast, one: Expected) -> ForecastRow:
    """What is kept of one clock."""
    moves = [asdict(move) | {"finish_at": move.finish_at.isoformat()} for move in one.moves]
    return ForecastRow(
        forecast_id=found.id,
        clock_id=one.waiting.clock_id,
        due_at=one.waiting.due_at,
        probability=one.probability,
        pace=one.pace,
        crowd=one.crowd,
        rests_on=one.rests_on,
        suggestion={"moves": moves},
    )


def past_of(now: datetime, is_demo: bool) -> Past:
    """How long clocks took in the last DAYS, from MOST_PAST of each metric. Three statements on the report's index."""
    past = Past()
    for metric in METRICS:
        mine = (Clock.metric == metric, Clock.started_at >= now - DAYS, Clock.started_at < now, Clock.is_demo == is_demo)
        query = (
            select(Clock.priority, Ticket.category, Clock.team_id, Clock.elapsed_seconds)
            .join(Ticket, Ticket.id == Clock.ticket_id)
            .where(*mine, Clock.state == "stopped", Clock.elapsed_seconds.is_not(None))
            .order_by(Clock.started_at.desc())
            .limit(MOST_PAST)
        )
        for priority, category, team_id, seconds in db.session.execute(query):
            past.add(metric, priority, category, team_id, seconds or 0)
    return past


def queue(now: datetime, until: datetime, is_demo: bool) -> tuple[Sequence[Any], int]:
    """(the clocks that are due first, how many are due at all) from now until then. Two statements on ix_clocks_to_breach."""
    wanted = (
        Clock.state == "running", Clock.breached_at.is_(None), Clock.due_at > now, Clock.due_at <= until, Clock.is_demo == is_demo,
    )  # fmt: skip
    columns = [getattr(Clock, name) for name in (*COLUMNS, "team_id")]
    query = select(*columns, Ticket.category, Ticket.assignee_id).join(Ticket, Ticket.id == Clock.ticket_id)
    rows = db.session.execute(query.where(*wanted).order_by(Clock.due_at, Clock.id).limit(MOST)).all()
    due = db.session.scalar(select(func.count()).select_from(Clock).where(*wanted)) if len(rows) == MOST else len(rows)
    return rows, int(due or 0)


@dataclass(frozen=True)
class Timed:
    """A clock with the calendar that it counts by."""

    row: Any
    hours: Any


def with_hours(rows: Sequence[Any]) -> list[Timed]:
    """Clocks with their calendars. Two statements."""
    terms = versions_of(rows)
    return [Timed(row, calendar(terms[key_of(row)].counted["definition"])) for row in rows]


def waiting_of(one: Timed, now: datetime) -> Waiting:
    """A clock as the simulation takes it: what it has counted is its target less what is left of open time."""
    row = one.row
    left = one.hours.counted(to_us(now), to_us(row.due_at)) // SECOND
    counted = max(0, row.target_seconds - left)
    return Waiting(
        row.id, row.metric, row.priority, row.category, row.team_id, row.assignee_id, row.due_at, row.target_seconds, counted
    )  # fmt: skip


def people(now: datetime, until: datetime, is_demo: bool) -> People:
    """Who works when, by rota or in office hours, and on which team. Eight statements; real people for real work."""
    plan, staff = rota.plan_for(None, now - timedelta(days=8), until + timedelta(days=8))
    mine = set(db.session.scalars(select(User.id).where(User.id.in_(list(staff)), User.is_demo == is_demo)))
    duties: dict[int, list[cover.Span]] = {user: [] for user in mine}
    teams: dict[int, list[int]] = {}
    for duty in rota.all_duties(plan, now, until):
        if duty.user_id in duties:
            duties[duty.user_id].append((duty.start, duty.end))
    for team_id, user_id in db.session.execute(select(TeamMember.team_id, TeamMember.user_id).order_by(TeamMember.id)):
        if user_id in mine:
            teams.setdefault(team_id, []).append(user_id)
    spans = {user: cover.united([*found, *rota.office_hours(plan, user, now, until)]) for user, found in duties.items()}
    return People(spans, teams)


def late_now(now: datetime, is_demo: bool) -> int:
    """How many open tickets have a deadline behind them. One statement on the queue's index."""
    late = (Ticket.is_open, Ticket.queue_at <= now, Ticket.is_demo == is_demo)
    return db.session.scalar(select(func.count()).select_from(Ticket).where(*late)) or 0


def waiting_for_judgement(now: datetime, limit: int) -> list[int]:
    """Forecasts whose time is over and that nobody has judged."""
    query = select(Forecast.id).where(Forecast.judged_at.is_(None), Forecast.until < now - SETTLED).order_by(Forecast.id).limit(limit)
    return list(db.session.scalars(query))


def judge(forecast_id: int, now: datetime) -> bool:
    """Compare a forecast with what happened until its end; False where it was judged before. A promise was missed if its target
    was used up in that time, however late it was answered. Flushes."""
    found = db.session.get(Forecast, forecast_id)
    claim = update(Forecast).where(Forecast.id == forecast_id, Forecast.judged_at.is_(None)).values(judged_at=now).returning(Forecast.id)
    if found is None or db.session.execute(claim, execution_options={"synchronize_session": False}).first() is None:
        return False
    query = select(ForecastRow, Clock.breached_at).join(Clock, Clock.id == ForecastRow.clock_id).where(ForecastRow.forecast_id == found.id)
    seen: list[tuple[float, bool]] = []
    known: set[int] = set()
    for row, breached_at in db.session.execute(query):
        row.missed = breached_at is not None and found.made_at < breached_at <= found.until
        seen.append((row.probability, row.missed))
        known.add(row.clock_id)
    for name, value in judged(seen).items():
        setattr(found, name, value)
    found.judged_at, found.unforeseen = now, unforeseen(found, known)
    db.session.flush()
    return True


def unforeseen(found: Forecast, known: set[int]) -> int:
    """How many clocks were missed in its time that were not in the queue when it was made. Two statements."""
    told = (Event.kind == "sla.breached", Event.at > found.made_at, Event.at <= found.until + SETTLED)
    query = select(Event.facts).where(*told).order_by(Event.id.desc()).limit(MOST_BREACHES)
    others = {facts["clock_id"] for facts in db.session.scalars(query)} - known
    mine = (Clock.is_demo == found.is_demo, Clock.breached_at > found.made_at, Clock.breached_at <= found.until)
    return db.session.scalar(select(func.count()).select_from(Clock).where(Clock.id.in_(sorted(others)), *mine)) or 0


def forget(now: datetime) -> int:
    """Drop forecasts that are older than KEPT; returns how many."""
    old = select(Forecast.id).where(Forecast.made_at < now - KEPT)
    db.session.execute(delete(ForecastRow).where(ForecastRow.forecast_id.in_(old)))
    return int(db.session.execute(delete(Forecast).where(Forecast.made_at < now - KEPT)).rowcount)  # type: ignore[attr-defined]


def score(now: datetime, *, is_demo: bool) -> Score:
    """How the forecasts of the last SCORED came out. One statement."""
    names = ("judged", "hits", "false_alarms", "misses", "unforeseen", "brier_sum")
    sums = [func.coalesce(func.sum(getattr(Forecast, name)), 0) for name in names]
    mine = (Forecast.is_demo == is_demo, Forecast.made_at >= now - SCORED, Forecast.judged_at.is_not(None))
    count, *values, brier_sum = db.session.execute(select(func.count(), *sums).where(*mine)).one()
    return Score(forecasts=int(count), brier_sum=float(brier_sum), **dict(zip(names, map(int, values), strict=False)))


@dataclass(frozen=True)
class Shown:
    """A clock of a forecast as the page shows it; `now` is its tone at this moment (clock.tone)."""

    row: ForecastRow
    ref: str
    subject: str
    organization: str | None
    metric: str
    priority: str
    assignee: str | None
    now: str
    is_moved: bool
    # (user id, name, finish, whether they are on the ticket's team)
    moves: list[tuple[int, str, datetime, bool]]


def latest(*, is_demo: bool) -> Forecast | None:
    """The newest forecast. One statement."""
    return db.session.scalar(select(Forecast).where(Forecast.is_demo == is_demo).order_by(Forecast.made_at.desc()).limit(1))


def recent(*, is_demo: bool) -> Sequence[Forecast]:
    """The last RECENT forecasts that were judged, the newest first."""
    mine = (Forecast.is_demo == is_demo, Forecast.judged_at.is_not(None))
    return db.session.scalars(select(Forecast).where(*mine).order_by(Forecast.made_at.desc()).limit(RECENT)).all()


def rows_of(found: Forecast, now: datetime) -> list[Shown]:
    """Its clocks, the likeliest to be missed first, as they stand now. Two statements."""
    query = (
        select(ForecastRow, Clock, Ticket.ref, Ticket.subject, Organization.name, User.name)
        .join(Clock, Clock.id == ForecastRow.clock_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .where(ForecastRow.forecast_id == found.id)
        .order_by(ForecastRow.probability.desc(), ForecastRow.due_at, ForecastRow.id)
    )
    rows = db.session.execute(query).all()
    helpers = {move["user_id"] for row, *_ in rows for move in row.suggestion["moves"]}
    helping = db.session.execute(select(User.id, User.name).where(User.id.in_(sorted(helpers)))).all()
    names = {row.id: row.name for row in helping}
    return [shown(row, clock, told, names, now) for row, clock, *told in rows]


def shown(row: ForecastRow, clock: Clock, told: Sequence[Any], names: dict[int, str], now: datetime) -> Shown:
    """One of them."""
    ref, subject, organization, assignee = told
    stands = tone(clock.state, due_at=clock.due_at, warn_at=clock.warn_at, breached_at=clock.breached_at, now=now)
    moves = [
        (move["user_id"], names[move["user_id"]], datetime.fromisoformat(move["finish_at"]), move["own_team"])
        for move in row.suggestion["moves"]
        if move["user_id"] in names
    ]
    is_moved = clock.state == "running" and clock.due_at != row.due_at
    return Shown(row, ref, subject, organization, clock.metric, clock.priority, assignee, stands, is_moved, moves)
