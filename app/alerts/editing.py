"""Leads change where alerts go: routes, their order, and how chat programs know people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import User
from app.alerts import queries, rules
from app.alerts.actions import at_the_desk
from app.alerts.models import AlertChannel, AlertContact, AlertRoute
from app.alerts.planning import Step, plan, shown
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib import webhooks
from app.lib.errors import Invalid, Stale, WrongState

MOST_CHANNELS = 6


@dataclass(frozen=True)
class ChannelTerms:
    """A channel as it was typed in, checked (targets.py)."""

    kind: str
    target: str = ""
    only_instead: bool = False


@dataclass(frozen=True)
class RouteTerms:
    """A route as it was typed in. Of the default route the first four parts are left as they are."""

    name: str
    severities: Sequence[str]
    team_id: int | None
    hours: str
    calendar_id: int | None
    channels: Sequence[ChannelTerms]
    ladder: Sequence[Mapping[str, Any]]
    mode: str = "now"


def add_route(terms: RouteTerms, *, actor: User, now: datetime) -> AlertRoute:
    """A new route, before the default one and after the others. Raises Invalid, NotAllowed. Records alert.route_changed."""
    at_the_desk(actor, "alerts.edit")
    check(terms, None)
    last = db.session.scalar(select(func.max(AlertRoute.position)).where(AlertRoute.is_default.is_(False))) or 0
    route = AlertRoute(position=last + 1, is_default=False, is_demo=False, is_enabled=True, changed_at=now, ladder=[])
    put(route, terms)
    db.session.add(route)
    db.session.flush()
    changed(route, {"added": [None, described(route)]}, actor=actor, now=now)
    return route


def change_route(route: AlertRoute, terms: RouteTerms, *, seen: int | None, actor: User, now: datetime) -> None:
    """Save a route. What it names anew goes there from now on, and channels that were switched off are tried again.

    Saving what stands there records nothing. Raises Stale where somebody saved it since `seen`, Invalid, NotAllowed.
    """
    at_the_desk(actor, "alerts.edit")
    if seen is not None and seen != route.version:
        raise Stale("Somebody else saved this route meanwhile. Compare it with yours, and save again to replace it.")
    check(terms, route)
    before, was_off = described(route), any(channel.off_because for channel in route.channels)
    put(route, terms)
    after = described(route)
    if before == after and not was_off and not route.is_demo:
        return
    route.is_demo, route.changed_at = False, now
    db.session.flush()
    changed(route, {"saved": [before, after]}, actor=actor, now=now)


def check(terms: RouteTerms, route: AlertRoute | None) -> None:
    """Refuse a route that reaches nobody, fits nothing, or is called like another."""
    if terms.mode != "now" and not set(terms.severities) <= set(rules.PATIENT):
        raise Invalid("Only info and warning can be collected or left to the desk; the rest cannot wait.")
    if not terms.channels and terms.mode != "none":
        raise Invalid("A route needs at least one channel, or its alerts would reach nobody.")
    if terms.channels and terms.channels[0].only_instead:
        raise Invalid("The first channel is always told: nothing stands before it that could fail.")
    if not terms.severities and not (route is not None and route.is_default):
        raise Invalid("Choose at least one severity.")
    if terms.hours != "always" and terms.calendar_id is None:
        raise Invalid("Choose the calendar whose hours are meant.")
    same = select(AlertRoute.id).where(func.lower(AlertRoute.name) == terms.name.lower())
    if db.session.scalar(same.where(AlertRoute.id != route.id) if route is not None else same) is not None:
        raise Invalid("Another route has this name.")


def put(route: AlertRoute, terms: RouteTerms) -> None:
    """Write the terms into a route. A channel that stays keeps its row, so its log and its secret stay, too."""
    route.name = terms.name
    route.ladder = rules.checked_ladder(terms.ladder or rules.LADDER)
    if route.is_default:
        route.severities, route.team_id, route.hours, route.calendar_id = list(rules.SEVERITIES), None, "always", None
        route.mode = "now"
    else:
        route.mode = terms.mode
        route.severities = [one for one in rules.SEVERITIES if one in terms.severities]
        route.team_id, route.hours = terms.team_id, terms.hours
        route.calendar_id = terms.calendar_id if terms.hours != "always" else None
    old = {(channel.kind, channel.target): channel for channel in route.channels}
    rows = []
    for position, given in enumerate(terms.channels, 1):
        row = old.pop((given.kind, given.target), None)
        if row is None:
            row = AlertChannel(kind=given.kind, target=given.target, secret=webhooks.new_key() if given.kind == "webhook" else "")
        row.position, row.only_instead, row.off_because = position, given.only_instead, ""
        rows.append(row)
    route.channels = rows


def described(route: AlertRoute) -> dict[str, Any]:
    """A route for the audit log, which many may read: addresses on the web only by their host."""
    return {
        "name": route.name,
        "severities": list(route.severities),
        "team": route.team_id,
        "hours": [route.hours, route.calendar_id],
        "mode": route.mode,
        "ladder": list(route.ladder),
        "channels": [[channel.kind, shown(channel.kind, channel.target), channel.only_instead] for channel in route.channels],
    }


def switch_route(route: AlertRoute, on: bool, *, actor: User, now: datetime) -> None:
    """Put a route in force or out of it; the default stays in force. A repeat records nothing."""
    at_the_desk(actor, "alerts.edit")
    if route.is_default:
        raise WrongState("The default route takes what no other route takes, so it stays in force.")
    if route.is_enabled == on:
        return
    route.is_enabled, route.changed_at = on, now
    db.session.flush()
    changed(route, {"is_enabled": [not on, on]}, actor=actor, now=now)


def move_route(route: AlertRoute, up: bool, *, actor: User, now: datetime) -> None:
    """Change places with the route before or after it; at the end nothing happens."""
    at_the_desk(actor, "alerts.edit")
    if route.is_default:
        raise WrongState("The default route is always tried last.")
    others = [row for row in queries.routes() if not row.is_default]
    at = others.index(route)
    beside = at - 1 if up else at + 1
    if not 0 <= beside < len(others):
        return
    others[at], others[beside] = others[beside], others[at]
    for position, row in enumerate(others, 1):
        row.position = position
    route.changed_at = now
    db.session.flush()
    changed(route, {"place": [at + 1, beside + 1]}, actor=actor, now=now)


def delete_route(route: AlertRoute, *, actor: User, now: datetime) -> None:
    """Remove a route; what it has sent stays in the logs. Raises WrongState for the default."""
    at_the_desk(actor, "alerts.edit")
    if route.is_default:
        raise WrongState("The default route takes what no other route takes, so it cannot be deleted.")
    changed(route, {"deleted": [described(route), None]}, actor=actor, now=now)
    db.session.delete(route)
    db.session.flush()


def send_test(route: AlertRoute, channel_id: int | None, *, actor: User, now: datetime) -> Event:
    """Have a real message sent through one channel of a route, or through all. Records alert.route_tested, which jobs follow."""
    at_the_desk(actor, "alerts.edit")
    ids = [channel.id for channel in route.channels if channel_id in (None, channel.id)]
    if not ids:
        raise Invalid("This route has no such channel any more. Load the page again.")
    event = record("alert.route_tested", now=now, actor=actor, facts={"route_id": route.id, "name": route.name, "channels": ids})
    # Its messages are written at once, so that the page can show them wait.
    plan(Step(event, None, route, now))
    return event


def save_contact(person: User, slack_id: str, discord_id: str, *, actor: User, now: datetime) -> None:
    """How chat programs know somebody. Saving what stands there records nothing."""
    at_the_desk(actor, "alerts.edit")
    row = db.session.get(AlertContact, person.id) or AlertContact(user_id=person.id, slack_id="", discord_id="")
    before = [row.slack_id, row.discord_id]
    after = [slack_id, discord_id]
    if before == after:
        return
    row.slack_id, row.discord_id = slack_id, discord_id
    db.session.add(row)
    db.session.flush()
    facts = {"route_id": None, "name": person.name, "changes": {"contact": [before, after]}}
    record("alert.route_changed", now=now, actor=actor, facts=facts)


def changed(route: AlertRoute, changes: dict[str, Any], *, actor: User, now: datetime) -> None:
    """The audit log's line."""
    record("alert.route_changed", now=now, actor=actor, facts={"route_id": route.id, "name": route.name, "changes": changes})
