"""Which messages a step of an alert sends, and to whom. A step is an event: raised, climbed, resolved, or a test of a route.

Each message is a row, once for its step; sending them is deliveries.py. Nothing here calls anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import User
from app.alerts import people, rules
from app.alerts.models import Alert, AlertChannel, AlertDelivery, AlertRoute
from app.events.models import Event
from app.extensions import db
from app.lib.times import zone
from app.rota import queries as rota

DEMO = "Demo: nothing was sent."
TOLD = "They are told of the same thing by another mail."
NO_HOURS = "No working time of theirs was found in the weeks ahead."


@dataclass(frozen=True)
class Step:
    """What is being told: the event, its alert (None for a test), the route, and the moment."""

    event: Event
    alert: Alert | None
    route: AlertRoute | None
    now: datetime

    @property
    def team_id(self) -> int | None:
        """Whose rota is asked."""
        return self.alert.team_id if self.alert is not None else self.route.team_id if self.route is not None else None

    @property
    def is_demo(self) -> bool:
        """Whether only demo people may be reached."""
        return self.alert.is_demo if self.alert is not None else self.route.is_demo if self.route is not None else False


def plan(step: Step) -> list[int]:
    """Write the rows of a step that are not there yet; their ids. A repeat writes none."""
    if step.event.kind == "alert.climbed":
        return planned_climb(step)
    found: list[int] = []
    for channel in channels_of(step):
        found += added(step, rows(step, channel))
    for who in besides(step):
        found += added(step, [mail_row(person, who) for person in persons(people.people_on(who, step.alert, step.now))])  # type: ignore[arg-type]
    if not found and is_lost(step):
        found += added(step, [mail_row(person, "leads") for person in persons(people.leads(step.team_id, is_demo=step.is_demo))])
    return found


def besides(step: Step) -> Sequence[str]:
    """Who is told besides the route, in the words of ladders."""
    alert = step.alert
    loud = alert is not None and step.event.kind == "alert.raised" and alert.state == "open" and alert.silenced_until is None
    return alert.also if alert is not None and loud else ()


def is_lost(step: Step) -> bool:
    """Whether an alert that goes by no route has found nobody at all."""
    alert = step.alert
    if alert is None or alert.by_route or step.event.kind != "alert.raised" or alert.state != "open" or alert.silenced_until is not None:
        return False
    return db.session.scalar(select(AlertDelivery.id).where(AlertDelivery.event_id == step.event.id).limit(1)) is None


def waiting(event_id: int, now: datetime) -> Sequence[int]:
    """The messages of a step that can be sent now. One statement."""
    due = (AlertDelivery.state == "queued", AlertDelivery.next_try_at <= now)
    return db.session.scalars(select(AlertDelivery.id).where(AlertDelivery.event_id == event_id, *due).order_by(AlertDelivery.id)).all()


def channels_of(step: Step) -> Sequence[AlertChannel]:
    """The channels that have their turn at once; the others wait for one to fail."""
    alert, own = step.alert, step.route.channels if step.route is not None else []
    if alert is not None and step.route is not None and step.route.mode == "none":
        return []
    if alert is None:
        return [channel for channel in own if channel.id in step.event.facts["channels"]]
    if step.event.kind == "alert.resolved":
        heard = heard_by(alert)
        return [channel for channel in own if channel.kind in rules.OUTSIDE and channel.id in heard]
    if alert.state != "open" or alert.silenced_until is not None:
        return []
    # Where the ladder of a page begins with whoever is on call, their channel would only say it twice.
    climbs = alert.severity == rules.PAGE and alert.ladder[0] == {"who": "on_call", "after_minutes": 0}
    return [channel for channel in own if not channel.only_instead and not (climbs and channel.kind == "on_call")]


def planned_climb(step: Step) -> list[int]:
    """A step up: the people themselves, and from the second on the route's chats, with the new person mentioned."""
    alert, facts = step.alert, step.event.facts
    if alert is None or alert.state != "open":
        return []
    why = {"on_call": "on_call", "next_on_call": "on_call", "team_leads": "leads"}.get(facts["who"], facts["who"])
    found = added(step, [mail_row(person, why) for person in persons(facts["people"])])
    if facts["rung"] > 0 and step.route is not None:
        mention = facts["people"][0] if facts["people"] else None
        for channel in step.route.channels:
            if channel.kind in rules.OUTSIDE and not channel.only_instead:
                found += added(step, [outside_row(channel, mention)])
    return found


def rows(step: Step, channel: AlertChannel) -> list[dict[str, Any]]:
    """The messages of one channel. Where it means people and there are none, one that fails, so that the next has its turn."""
    if channel.kind in rules.OUTSIDE:
        return [outside_row(channel, people.on_call(step.team_id, step.now) if step.event.kind != "alert.resolved" else None)]
    if channel.kind == "email":
        person = db.session.scalar(select(User).where(User.email == channel.target.lower()))
        row = mail_row(person, "email") if person is not None else {"shown": channel.target, "address": channel.target, "kind": "email"}
        return [{**row, "channel": f"mail-{channel.target.lower()}", "channel_id": channel.id}]
    if channel.kind == "leads":
        ids = people.leads(step.team_id, is_demo=step.is_demo)
    else:
        one = people.on_call(step.team_id, step.now)
        ids = people.enabled([one] if one is not None else [], only_demo=step.is_demo)
    found = [{**mail_row(person, channel.kind), "channel_id": channel.id} for person in persons(ids)]
    nobody = {"kind": channel.kind, "shown": "nobody", "channel": f"channel-{channel.id}", "channel_id": channel.id}
    return found or [nobody]


def outside_row(channel: AlertChannel, mention: int | None) -> dict[str, Any]:
    """A message that leaves for a chat program or a webhook."""
    return {
        "kind": channel.kind,
        "shown": shown(channel.kind, channel.target),
        "channel": f"channel-{channel.id}",
        "channel_id": channel.id,
        "user_id": mention,
    }


def mail_row(person: User, why: str) -> dict[str, Any]:
    """A mail to a person. `why` is the kind of channel or step that means them."""
    return {"kind": why, "shown": person.name, "address": person.email, "user_id": person.id, "channel": f"mail-{person.email}"}


def shown(kind: str, target: str) -> str:
    """Where a channel leads, for everybody at the desk: of an address on the web its host only, since the rest is a secret."""
    if target.startswith(("https://", "http://")):
        return urlsplit(target).hostname or "an address"
    return target


def persons(ids: Iterable[int]) -> Sequence[User]:
    """People by id."""
    wanted = list(ids)
    return db.session.scalars(select(User).where(User.id.in_(wanted)).order_by(User.id)).all() if wanted else []


def heard_by(alert: Alert) -> set[int]:
    """The channels that an alert has reached."""
    reached = select(AlertDelivery.channel_id).where(AlertDelivery.alert_id == alert.id, AlertDelivery.state == "sent")
    return {number for number in db.session.scalars(reached) if number is not None}


def added(step: Step, wanted: Iterable[dict[str, Any]], *, instead_of: int | None = None) -> list[int]:
    """Insert rows as far as their step does not have them; the ids of the new ones. One statement a row, and the hours of its person."""
    found = []
    for row in wanted:
        values = {"event_id": step.event.id, "route_id": step.route.id if step.route else None, "created_at": step.now, **row}
        values |= {"alert_id": step.alert.id if step.alert else None, "instead_of_id": instead_of, "attempts": 0, "settled_at": None}
        values |= {"in_digest": False, "error": "", "address": row.get("address", ""), **beginning(step, row)}
        dialect = db.session.get_bind().dialect.name
        insert: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(AlertDelivery).values(values)
        fresh = insert.on_conflict_do_nothing(index_elements=["event_id", "channel"]).returning(AlertDelivery.id)
        number = db.session.scalar(fresh)
        if number is not None:
            found.append(number)
    return found


def beginning(step: Step, row: dict[str, Any]) -> dict[str, Any]:
    """The state in which a message begins."""
    address, alert = row.get("address", "").lower(), step.alert
    if alert is not None and step.event.kind == "alert.raised" and alert.severity != rules.PAGE and address and address in alert.told:
        return {"state": "dropped", "next_try_at": None, "error": TOLD, "settled_at": step.now}
    if is_kept(step, row["kind"]):
        return {"state": "kept", "next_try_at": None, "error": DEMO, "settled_at": step.now}
    if address and has_left(row.get("user_id")):
        # It is tried at once and fails, so that the next channel has its turn.
        return {"state": "queued", "next_try_at": step.now}
    if address and alert is not None and is_collected(step.route, alert):
        at = later(row.get("user_id"), alert.severity, rules.digest_at(step.route.mode, step.now, zone_of(row)))  # type: ignore[union-attr]
        return {"state": "deferred", "in_digest": True, "next_try_at": at or step.now}
    at = later(row.get("user_id") if address else None, alert.severity if alert is not None else "info", step.now)
    return {"state": "queued" if at == step.now else "deferred", "next_try_at": at if at is not None else step.now}


def has_left(user_id: int | None) -> str:
    """The name of somebody who no longer works at the desk: alerts tell of tickets that they may not see. Empty for all others."""
    person = db.session.get(User, user_id) if user_id is not None else None
    return person.name if person is not None and not person.is_at_desk else ""


def is_collected(route: AlertRoute | None, alert: Alert) -> bool:
    """Whether the mails of a route wait for others. One that has become graver since does not."""
    return route is not None and route.mode in ("hourly", "daily") and alert.severity in rules.PATIENT


def zone_of(row: dict[str, Any]) -> ZoneInfo:
    """The zone on whose clock a daily mail is due: the person's own, UTC for a plain address."""
    person = db.session.get(User, row["user_id"]) if row.get("user_id") is not None else None
    return zone(person.time_zone if person is not None else "UTC")


def is_kept(step: Step, kind: str) -> bool:
    """Whether a message is only written down: demo routes call nobody outside, and in production demo alerts reach nobody at all."""
    if step.alert is not None and step.alert.is_demo and current_app.config["SETTINGS"].env == "production":
        return True
    return kind in rules.OUTSIDE and step.route is not None and step.route.is_demo


def later(user_id: int | None, severity: str, now: datetime) -> datetime | None:
    """When somebody may be mailed: now within their hours, for pages always; else when their hours begin, None if they never do."""
    if user_id is None or severity == rules.PAGE or rota.works_at(user_id, now):
        return now
    return rota.next_working_time(user_id, now)
