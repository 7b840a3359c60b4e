"""Events, versions and stored clocks of many tickets at once, as rows and not as objects: what replays and dry runs read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from app.accounts.models import Organization, Plan
from app.events.models import Event
from app.extensions import db
from app.sla.book import ALWAYS, Book, CalendarState, PolicyState
from app.sla.hours import to_us
from app.sla.lives import KINDS, Happening, Standing, replay, standing
from app.sla.models import Calendar, CalendarVersion, Clock, OrganizationCalendar, Policy, PolicyVersion, TicketTerms
from app.sla.versions import calendar_snapshot, policy_snapshot


def book_of_all(tickets: Sequence[int], organizations: Iterable[int]) -> Book:
    """Every version there was, with what some tickets and their organizations had of their own. Six statements."""
    book = Book()
    for version in db.session.execute(select(PolicyVersion).order_by(PolicyVersion.policy_id, PolicyVersion.number)).scalars():
        states = book.policies.setdefault(version.policy_id, [])
        # The policy of a plan has always held; that of an organization since it was made.
        is_first = not states and version.snapshot["plan_id"] is not None
        began = ALWAYS if is_first else to_us(version.valid_from)
        states.append(PolicyState(version.policy_id, version.number, began, version.snapshot))
    for row in db.session.execute(select(CalendarVersion).order_by(CalendarVersion.calendar_id, CalendarVersion.number)).scalars():
        counted = book.calendars.setdefault(row.calendar_id, [])
        began = to_us(row.valid_from) if counted else ALWAYS
        counted.append(calendar_state(row.calendar_id, row.number, began, row.snapshot))
    wanted = list(organizations)
    book.plans, book.own_calendars = plans_of(wanted), own_calendars(wanted)
    book.ticket_terms = own_terms(tickets)
    return book


def calendar_state(number: int, version: int, since: int, snapshot: dict[str, Any]) -> CalendarState:
    """A version of a calendar."""
    return CalendarState(number, version, since, snapshot["name"], snapshot["definition"], bool(snapshot.get("is_default")))


def book_of_today() -> Book:
    """What holds now, as if it had always held; five statements. Its parts may be replaced by what is proposed."""
    book = Book()
    for policy in db.session.scalars(select(Policy)):
        book.policies[policy.id] = [PolicyState(policy.id, policy.version, ALWAYS, policy_snapshot(policy))]
    for row in db.session.scalars(select(Calendar)):
        book.calendars[row.id] = [calendar_state(row.id, row.version, ALWAYS, calendar_snapshot(row))]
    book.plans = {number: [(ALWAYS, plan)] for number, plan in db.session.execute(select(Organization.id, Organization.plan_id))}
    last = select(OrganizationCalendar.organization_id, OrganizationCalendar.calendar_id).order_by(OrganizationCalendar.id)
    for number, counted in db.session.execute(last):
        book.own_calendars[number] = [(ALWAYS, counted)]
    return book


def plans_of(organizations: Sequence[int]) -> dict[int, list[tuple[int, Any]]]:
    """The plan of each organization over time: as it is now, and before each change that an event tells. Three statements."""
    plans = {key: number for number, key in db.session.execute(select(Plan.id, Plan.key))}
    query = select(Event.organization_id, Event.at, Event.facts).where(Event.kind == "organization.changed")
    moves: dict[int, list[tuple[int, list[str]]]] = defaultdict(list)
    for number, at, facts in db.session.execute(query.where(Event.organization_id.in_(organizations)).order_by(Event.id)):
        if isinstance(facts["changes"], dict) and "plan" in facts["changes"]:
            moves[number].append((to_us(at), facts["changes"]["plan"]))
    found = {}
    for number, plan in db.session.execute(select(Organization.id, Organization.plan_id).where(Organization.id.in_(organizations))):
        turns = moves.get(number, [])
        first = plans.get(turns[0][1][0]) if turns else plan
        found[number] = [(ALWAYS, first), *((at, plans.get(change[1])) for at, change in turns)]
    return found


def own_calendars(organizations: Sequence[int]) -> dict[int, list[tuple[int, Any]]]:
    """The calendars that organizations had of their own, over time."""
    found: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    rows = select(OrganizationCalendar).where(OrganizationCalendar.organization_id.in_(organizations)).order_by(OrganizationCalendar.id)
    for row in db.session.scalars(rows):
        found[row.organization_id].append((to_us(row.valid_from), row.calendar_id))
    return dict(found)


def own_terms(tickets: Sequence[int]) -> dict[int, list[tuple[int, Any]]]:
    """The policy and calendar that tickets had of their own, over time. One statement."""
    found: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    columns = (TicketTerms.ticket_id, TicketTerms.valid_from, TicketTerms.policy_id, TicketTerms.calendar_id)
    query = select(*columns).where(TicketTerms.ticket_id.in_(tickets)).order_by(TicketTerms.id)
    for ticket, valid_from, policy, counted in db.session.execute(query):
        found[ticket].append((to_us(valid_from), (policy, counted)))
    return dict(found)


def happenings(tickets: Sequence[int]) -> dict[int, list[Happening]]:
    """The events of some tickets that clocks follow, oldest first. One statement."""
    found: dict[int, list[Happening]] = {number: [] for number in tickets}
    query = select(Event.ticket_id, Event.at, Event.kind, Event.facts).where(Event.ticket_id.in_(tickets), Event.kind.in_(KINDS))
    for ticket, at, kind, facts in db.session.execute(query.order_by(Event.ticket_id, Event.id)):
        found[ticket].append(Happening(to_us(at), kind, facts))
    return found


def standings(ticket: int, organization: int | None, events: Sequence[Happening], book: Book, until: int) -> list[Standing]:
    """How every clock of a ticket stands at an instant, from its events alone. Pure."""
    course = replay(ticket, organization, events, book, until)
    return [standing(life, course.changes, until) for life in course.lives]


def replayed(ticket: int, organization: int | None, now: datetime) -> list[Standing]:
    """The clocks of one ticket at a moment, from its events and the versions of then. Eight statements."""
    book = book_of_all([ticket], [organization] if organization is not None else [])
    return standings(ticket, organization, happenings([ticket])[ticket], book, to_us(now))


COLUMNS = (
    Clock.ticket_id,
    Clock.metric,
    Clock.sequence,
    Clock.priority,
    Clock.state,
    Clock.started_at,
    Clock.due_at,
    Clock.breached_at,
    Clock.elapsed_seconds,
)


def stored(tickets: Sequence[int]) -> dict[int, dict[tuple[str, int], Row[Any]]]:
    """The rows of clocks of some tickets, by metric and sequence. One statement."""
    found: dict[int, dict[tuple[str, int], Row[Any]]] = {number: {} for number in tickets}
    query: Any = select(*COLUMNS).where(Clock.ticket_id.in_(tickets))
    for row in db.session.execute(query):
        found[row.ticket_id][row.metric, row.sequence] = row
    return found
