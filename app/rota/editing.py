"""Leads edit the week: shifts with their rotations, and what cover a team needs. Each person keeps their own settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Team, User
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, Stale
from app.lib.times import in_words
from app.rota import clashes, queries
from app.rota.actions import lead
from app.rota.models import RotaCover, RotaPerson, RotaShift, RotaTurn
from app.rota.rules import Shift

# Holidays are looked up for this year and so many after it.
YEARS_AHEAD = 2
STATES = {"available": "Available for work", "busy": "Busy: give me nothing new"}


@dataclass(frozen=True)
class ShiftContent:
    """What the form of a shift holds; checked for itself, not yet against other shifts. `people` in the order of their turns."""

    name: str
    level: int
    time_zone: str
    weekdays: tuple[int, ...]
    starts_minute: int
    ends_minute: int
    people: tuple[int, ...]
    anchor_on: date
    turn_weeks: int = 1
    begins_on: date | None = None
    ends_on: date | None = None

    def as_rule(self, number: int, team_id: int) -> Shift:
        """The shift as the rules know it."""
        days = frozenset(self.weekdays)
        times = (self.starts_minute, self.ends_minute, self.people, self.anchor_on, self.turn_weeks, self.begins_on, self.ends_on)
        return Shift(number, team_id, self.level, self.name, self.time_zone, days, *times)


def add_shift(team: Team, content: ShiftContent, *, actor: User, now: datetime) -> RotaShift:
    """A new shift of a team. Raises NotAllowed, and Invalid if it meets another one of its level in every week."""
    lead(actor)
    fits(team, 0, content, now)
    row = RotaShift(team_id=team.id)
    put(row, content)
    db.session.add(row)
    db.session.flush()
    record(
        "rota.shift_changed",
        now=now,
        actor=actor,
        facts={"shift_id": row.id, "name": row.name, "team": team.name, "changes": {"added": True}},
    )
    return row


def change_shift(row: RotaShift, content: ShiftContent, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Change one; its turns are loaded. The same content changes nothing. Raises Stale if it changed since version `seen`."""
    lead(actor)
    if seen is not None and row.version != seen:
        raise Stale("Somebody else changed this shift while you were at it. What you entered is kept: compare, then save again.")
    team = db.session.get_one(Team, row.team_id)
    fits(team, row.id, content, now)
    before = state(row)
    put(row, content)
    after = state(row)
    if after == before:
        return
    changes = {name: [before[name], after[name]] for name in after if after[name] != before[name]}
    if set(changes) == {"people"}:
        # The turns are rows of their own; the version must move with them.
        flag_modified(row, "name")
    db.session.flush()
    record("rota.shift_changed", now=now, actor=actor, facts={"shift_id": row.id, "name": row.name, "team": team.name, "changes": changes})


def remove_shift(row: RotaShift, *, actor: User, now: datetime) -> None:
    """Delete one; who was on call by it in the past can no longer be told, so an end date is the better way."""
    lead(actor)
    team = db.session.get_one(Team, row.team_id)
    facts = {"shift_id": row.id, "name": row.name, "team": team.name, "changes": {"removed": True}}
    db.session.delete(row)
    db.session.flush()
    record("rota.shift_changed", now=now, actor=actor, facts=facts)


def fits(team: Team, number: int, content: ShiftContent, now: datetime) -> None:
    """Raise Invalid for people who are not at the desk, or where another shift of the level has the same time in every week."""
    staff = queries.staff()
    if any(user_id not in staff for user_id in content.people):
        raise Invalid("Somebody in this rotation no longer works at the desk. Choose again.")
    serialize_on(db.session, f"rota-team-{team.id}")
    wanted = content.as_rule(number, team.id)
    for other in queries.shifts_of([team.id]):
        if other.id == number or other.level != wanted.level:
            continue
        clash = clashes.clash(wanted, other, now)
        if clash is not None and clash.is_always:
            when = f"{in_words(clash.start, wanted.time_zone)} to {in_words(clash.end, wanted.time_zone)}"
            raise Invalid(
                f"This meets the shift “{other.name}”, such as from {when}. Let one end where the other begins, or change the level."
            )


def put(row: RotaShift, content: ShiftContent) -> None:
    """Write the content into the row."""
    row.name, row.level, row.time_zone, row.weekdays = content.name, content.level, content.time_zone, list(content.weekdays)
    row.starts_minute, row.ends_minute = content.starts_minute, content.ends_minute
    row.anchor_on, row.turn_weeks, row.begins_on, row.ends_on = content.anchor_on, content.turn_weeks, content.begins_on, content.ends_on
    have = {turn.user_id: turn for turn in row.turns}
    row.turns = [have.get(user_id) or RotaTurn(user_id=user_id) for user_id in content.people]
    for position, turn in enumerate(row.turns):
        turn.position = position


def state(row: RotaShift) -> dict[str, Any]:
    """What counts as a change, as JSON."""
    names = ("name", "level", "time_zone", "weekdays", "starts_minute", "ends_minute", "turn_weeks")
    days = {name: str(getattr(row, name)) for name in ("anchor_on", "begins_on", "ends_on")}
    return {name: getattr(row, name) for name in names} | days | {"people": [turn.user_id for turn in row.turns]}


def set_cover(team: Team, needs: str, time_zone: str, hours: Mapping[str, Sequence[Sequence[int]]], *, actor: User, now: datetime) -> None:
    """Say what cover a team needs. The same again changes nothing."""
    lead(actor)
    serialize_on(db.session, f"rota-team-{team.id}")
    row = db.session.scalar(select(RotaCover).where(RotaCover.team_id == team.id))
    wanted = {day: [list(span) for span in spans] for day, spans in hours.items()} if needs == "hours" else {}
    if row is not None and (row.needs, row.time_zone, row.hours) == (needs, time_zone, wanted):
        return
    if row is None:
        row = RotaCover(team_id=team.id)
        db.session.add(row)
    row.needs, row.time_zone, row.hours = needs, time_zone, wanted
    db.session.flush()
    record("rota.cover_changed", now=now, actor=actor, facts={"team": team.name, "needs": needs})


@dataclass(frozen=True)
class PersonContent:
    """What somebody says of themselves. `holidays` is ISO date → name, filled to the end of `filled_to`."""

    deputy_id: int | None = None
    country: str = ""
    region: str = ""
    holidays: dict[str, str] | None = None
    filled_to: int = 0
    capacity: int | None = None
    state: str = "available"


def set_person(person: User, content: PersonContent, *, actor: User, now: datetime) -> None:
    """Keep what somebody says: their own, or anybody's for a lead. The same again changes nothing.

    Raises Invalid for a deputy who cannot be one.
    """
    if actor.id != person.id:
        lead(actor)
    if content.deputy_id is not None and (content.deputy_id == person.id or content.deputy_id not in queries.staff()):
        raise Invalid("The deputy must be somebody else who works at the desk.")
    serialize_on(db.session, f"rota-person-{person.id}")
    row = db.session.scalar(select(RotaPerson).where(RotaPerson.user_id == person.id))
    if row is None:
        row = RotaPerson(
            user_id=person.id, deputy_id=None, country="", region="", holidays={}, filled_to=0, capacity=None, state="available"
        )
        db.session.add(row)
    given = {name: getattr(content, name) for name in ("deputy_id", "country", "region", "filled_to", "capacity", "state")}
    changes = {name: [getattr(row, name), value] for name, value in given.items() if getattr(row, name) != value}
    if content.holidays is not None and content.holidays != row.holidays:
        row.holidays = content.holidays
        changes["holidays"] = [None, len(content.holidays)]
    if not changes:
        return
    for name, value in given.items():
        setattr(row, name, value)
    db.session.flush()
    record("rota.person_changed", now=now, actor=actor, facts={"user_id": person.id, "changes": changes})
