"""The only writers of alerts: raise, climb, acknowledge, silence, resolve. What is sent follows from their events (jobs.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.accounts.permissions import may
from app.alerts import queries, rules
from app.alerts.models import Alert, AlertEntry, AlertSilence
from app.alerts.people import people_on
from app.alerts.rules import TicketFacts
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState

TITLE_LENGTH = 200


@dataclass(frozen=True)
class Audience:
    """Who hears of an alert besides, or without, its route.

    `also` are words of ladders (`assignee`, `next_on_call`). Whoever is in `told` hears of the same thing by another mail
    and is not mailed a second time.
    """

    also: tuple[str, ...] = ()
    by_route: bool = True
    told: tuple[str, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """`told` as it is stored."""
        return sorted({address.lower() for address in self.told})


def raise_alert(
    *,
    key: str,
    severity: str,
    source: str,
    title: str,
    body: str,
    path: str,
    team_id: int | None = None,
    ticket: TicketFacts | None = None,
    ladder: Sequence[Mapping[str, Any]] | None = None,
    audience: Audience = Audience(),
    cause: Event | None = None,
    is_news: bool = False,
    now: datetime,
) -> Alert:
    """Raise an alert, or count it where one with this key is not resolved yet.

    A repeat sends nothing unless the severity rises (then the alert is open again, whoever had acknowledged it), or it
    `is_news` and nobody has acknowledged yet. severity: info, warning, critical or page. `path` is a path of ours.
    `ladder` holds steps `{"who", "after_minutes"}`, minutes from the step before; it is climbed by pages only, and is
    the route's own by default. `cause` is the event that brought it about: the same event again changes nothing.
    Raises Invalid for a severity, path or ladder that is none. Records alert.raised when something is sent; a mere
    repeat is counted and recorded nowhere else. Seven statements at most.
    """
    check(key, severity, path)
    steps = rules.checked_ladder(ladder) if ladder is not None else None
    done = queries.brought_about(cause.id) if cause is not None else None
    if done is not None:
        return done
    given = {"title": title[:TITLE_LENGTH], "body": body, "path": path}
    alert, is_new = counted(key, given, now), False
    if alert is None:
        fresh = new_alert(key, severity, source, team_id, ticket, steps, audience, now)
        is_new = inserted(fresh, given)
        alert = fresh if is_new else counted(key, given, now)
    if alert is None:
        raise WrongState("This alert was resolved in the same moment. Raise it again.")
    if cause is not None:
        db.session.add(AlertEntry(alert_id=alert.id, event_id=cause.id))
    if is_new:
        noted(alert, "new", now=now)
    elif rules.rank(severity) > rules.rank(alert.severity):
        rise(alert, severity, steps, audience, now=now)
    elif is_news and alert.state == "open":
        alert.told, alert.also = audience.addresses, list(audience.also)
        noted(alert, "news", now=now)
    return alert


def check(key: str, severity: str, path: str) -> None:
    """Refuse what could not be kept or followed."""
    if not key or len(key) > 255:
        raise Invalid("The key of an alert has 1 to 255 characters.")
    if severity not in rules.SEVERITIES:
        raise Invalid(f"The severity of an alert is one of {', '.join(rules.SEVERITIES)}.")
    if not path.startswith("/") or path.startswith("//") or len(path) > 255:
        raise Invalid("An alert leads to a path of ours, such as /desk/tickets/HT-4F7K2M9.")


def counted(key: str, given: Mapping[str, str], now: datetime) -> Alert | None:
    """The unresolved alert of a key, with one more counted on it; None where there is none. One statement or two."""
    again = update(Alert).where(Alert.key == key, Alert.resolved_at.is_(None)).values(count=Alert.count + 1, last_at=now, **given)
    found = db.session.scalar(again.returning(Alert.id).execution_options(synchronize_session=False))
    return db.session.get(Alert, found, populate_existing=True) if found is not None else None


def new_alert(
    key: str,
    severity: str,
    source: str,
    team_id: int | None,
    ticket: TicketFacts | None,
    steps: list[dict[str, Any]] | None,
    audience: Audience,
    now: datetime,
) -> Alert:
    """An alert as it begins: with the route that takes it, the silence that it falls under, and its ladder."""
    route = queries.route_for(severity, team_id, now) if audience.by_route else None
    ladder = steps if steps is not None else [dict(step) for step in (route.ladder if route and route.ladder else rules.LADDER)]
    until = rules.quiet_until(queries.silences(now), key=key, source=source, team_id=team_id)
    return Alert(
        key=key,
        severity=severity,
        source=source,
        team_id=team_id,
        ticket_id=ticket.id if ticket else None,
        organization_id=ticket.organization_id if ticket else None,
        assignee_id=ticket.assignee_id if ticket else None,
        is_demo=ticket.is_demo if ticket else False,
        route_id=route.id if route else None,
        ladder=ladder,
        also=list(audience.also),
        by_route=audience.by_route,
        told=audience.addresses,
        raised_at=now,
        last_at=now,
        silenced_until=until,
        climb_at=rules.due_after(ladder, 0, now) if severity == rules.PAGE else None,
    )


def inserted(alert: Alert, given: Mapping[str, str]) -> bool:
    """Put the alert into its table; False where somebody has just raised the same."""
    alert.title, alert.body, alert.path = given["title"], given["body"], given["path"]
    try:
        with db.session.begin_nested():
            db.session.add(alert)
    except IntegrityError:
        return False
    return True


def rise(alert: Alert, severity: str, steps: list[dict[str, Any]] | None, audience: Audience, *, now: datetime) -> None:
    """Make it graver, open it again, and choose its route anew; only one of several who try does."""
    route = queries.route_for(severity, alert.team_id, now) if audience.by_route else None
    ladder = steps if steps is not None else (route.ladder if route and route.ladder else alert.ladder)
    values = {
        "severity": severity,
        "state": "open",
        "acknowledged_at": None,
        "acknowledged_by_id": None,
        "route_id": route.id if route else None,
        "also": list(audience.also),
        "by_route": audience.by_route,
        "told": audience.addresses,
        "ladder": ladder,
        "rung": 0,
        "climb_at": rules.due_after(ladder, 0, now) if severity == rules.PAGE else None,
    }
    if taken(alert, Alert.severity.in_(rules.milder(severity)), values=values):
        noted(alert, "severity", now=now)


def climb(alert: Alert, *, now: datetime) -> Event | None:
    """Take the step that is due; None where none is, or another worker has taken it. Records alert.climbed.

    The claim is one conditional UPDATE, so each step is taken once, however many try. A step that finds nobody is
    followed by the next at once.
    """
    rung, ladder = alert.rung, alert.ladder
    if rung >= len(ladder):
        return None
    people = people_on(ladder[rung]["who"], alert, now)
    after = rules.due_after(ladder, rung + 1, now) if people else (now if rung + 1 < len(ladder) else None)
    due = (Alert.state == "open", Alert.rung == rung, Alert.climb_at <= now, Alert.silenced_until.is_(None))
    if not taken(alert, *due, values={"rung": rung + 1, "climb_at": after}):
        return None
    facts = {"alert_id": alert.id, "rung": rung, "who": ladder[rung]["who"], "people": people}
    return written(alert, "alert.climbed", facts, now=now)


def acknowledge(alert: Alert, *, actor: User | None, now: datetime, how: str = "desk") -> None:
    """Somebody has seen it: it climbs no further, and what still waits is not sent. Records alert.acknowledged.

    `actor` is None where a link was followed that went to a plain address. A repeat changes nothing. Raises WrongState
    once it is resolved, NotAllowed at the desk for who does not work there.
    """
    if how == "desk":
        at_the_desk(actor, "alerts.work")
    if alert.state == "acknowledged":
        return
    values = {"state": "acknowledged", "acknowledged_at": now, "acknowledged_by_id": actor.id if actor else None, "climb_at": None}
    if taken(alert, Alert.state == "open", values=values):
        facts = {"alert_id": alert.id, "title": alert.title, "how": how}
        written(alert, "alert.acknowledged", facts, now=now, actor=actor)
        return
    db.session.refresh(alert)
    if alert.state == "resolved":
        raise WrongState("This alert is resolved already. There is nothing left to acknowledge.")


def resolve_alert(key: str, *, now: datetime, actor: User | None = None) -> Alert | None:
    """End the alert of a key, because its condition has ended or a person says so; None where none is open. Records alert.resolved."""
    alert = db.session.scalar(select(Alert).where(Alert.key == key, Alert.resolved_at.is_(None)))
    return alert if alert is not None and ended(alert, actor=actor, now=now) else None


def resolve(alert: Alert, *, actor: User, now: datetime) -> None:
    """Somebody at the desk says that it is over. A repeat changes nothing. Raises NotAllowed. Records alert.resolved."""
    at_the_desk(actor, "alerts.work")
    ended(alert, actor=actor, now=now)


def ended(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """End one alert; False where it has ended already."""
    values = {"state": "resolved", "resolved_at": now, "resolved_by_id": actor.id if actor else None, "climb_at": None}
    if not taken(alert, Alert.resolved_at.is_(None), values=values):
        return False
    facts = {"alert_id": alert.id, "title": alert.title, "how": "by hand" if actor else "condition"}
    written(alert, "alert.resolved", facts, now=now, actor=actor)
    return True


def silence(
    *,
    key: str | None = None,
    source: str | None = None,
    team_id: int | None = None,
    until: datetime,
    reason: str,
    actor: User,
    now: datetime,
) -> AlertSilence:
    """Keep alerts quiet until `until`: those of a key, or of a source, a team, or a source of a team. Records alert.silenced.

    What is open falls silent at once, and what is raised meanwhile is kept without being sent. Anybody at the desk may
    silence a key; a source or team only leads. Raises Invalid, NotAllowed.
    """
    at_the_desk(actor, "alerts.work" if key else "alerts.edit")
    if not (key or source or team_id):
        raise Invalid("Say what is to be quiet: an alert, a source or a team.")
    if not reason.strip():
        raise Invalid("Say why: whoever wonders later reads it.")
    if not now < until <= now + rules.LONGEST_SILENCE:
        raise Invalid(f"A silence ends within {rules.LONGEST_SILENCE.days} days, and not before now.")
    made = AlertSilence(key=key, source=source, team_id=team_id, until=until, reason=reason, created_by_id=actor.id, created_at=now)
    db.session.add(made)
    db.session.flush()
    quieten(made, now)
    facts = {"silence_id": made.id, "scope": scope(made), "until": until.isoformat(), "reason": reason[:500]}
    event = record("alert.silenced", now=now, actor=actor, facts=facts)
    db.session.add_all(AlertEntry(alert_id=alert.id, event_id=event.id) for alert in queries.unresolved(made))
    return made


def end_silence(made: AlertSilence, *, actor: User, now: datetime) -> None:
    """End a silence before its time; what is still open speaks again with the next sweep. A repeat changes nothing. Records alert.silence_ended."""
    at_the_desk(actor, "alerts.work" if made.key else "alerts.edit")
    if made.ended_at is not None or made.until <= now:
        return
    made.ended_at = now
    db.session.flush()
    quieten(made, now)
    event = record("alert.silence_ended", now=now, actor=actor, facts={"silence_id": made.id, "scope": scope(made)})
    db.session.add_all(AlertEntry(alert_id=alert.id, event_id=event.id) for alert in queries.unresolved(made))


def quieten(about: AlertSilence, now: datetime) -> None:
    """Set until when the unresolved alerts that a silence speaks of are quiet, by all silences in force."""
    active = queries.silences(now)
    for alert in queries.unresolved(about):
        until = rules.quiet_until(active, key=alert.key, source=alert.source, team_id=alert.team_id)
        if until is not None or alert.silenced_until is not None:
            alert.silenced_until = until or now
    db.session.flush()


def scope(made: AlertSilence) -> str:
    """What a silence speaks of, in words for the audit log."""
    parts = [f"alert {made.key}" if made.key else "", f"source {made.source}" if made.source else ""]
    return ", ".join(part for part in [*parts, f"team {made.team_id}" if made.team_id else ""] if part)


def at_the_desk(actor: User | None, action: str) -> None:
    """Refuse whoever may not do this."""
    if actor is None or not may(actor.role, action):
        raise NotAllowed("Your role does not allow this. Ask a lead.")


def wake(alert: Alert, *, now: datetime) -> bool:
    """A silence has ended: an alert that is still open tells of itself as if it were new. Records alert.raised."""
    mine = (Alert.silenced_until <= now, Alert.resolved_at.is_(None))
    after = rules.due_after(alert.ladder, alert.rung, now) if alert.severity == rules.PAGE else None
    if not taken(alert, *mine, values={"silenced_until": None, "climb_at": after if alert.state == "open" else None}):
        return False
    if alert.state == "open":
        noted(alert, "silence_ended", now=now)
    return True


def taken(alert: Alert, *conditions: Any, values: Mapping[str, Any]) -> bool:
    """Change an alert if the database still has it as said; the row in the session follows. Two statements at most."""
    mine = update(Alert).where(Alert.id == alert.id, *conditions).values(**values)
    done = db.session.scalar(mine.returning(Alert.id).execution_options(synchronize_session=False)) is not None
    if done:
        db.session.refresh(alert)
    return done


def noted(alert: Alert, why: str, *, now: datetime) -> Event:
    """alert.raised. why: new, severity, news, silence_ended."""
    names = ("key", "severity", "source", "title")
    return written(alert, "alert.raised", {"alert_id": alert.id, "why": why} | {name: getattr(alert, name) for name in names}, now=now)


def written(alert: Alert, kind: str, facts: dict[str, Any], *, now: datetime, actor: User | None = None) -> Event:
    """Record an event of an alert and put it on its timeline; a ticket's alert is on the ticket's, too."""
    event = record(kind, now=now, actor=actor, ticket=queries.concerned(alert), facts=facts)
    db.session.add(AlertEntry(alert_id=alert.id, event_id=event.id))
    db.session.flush()
    return event
