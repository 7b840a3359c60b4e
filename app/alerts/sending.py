"""One message on its way: its words, and the channel that takes it."""

from datetime import datetime
from typing import Any

from flask import current_app

from app.accounts.models import Team, User
from app.alerts import links
from app.alerts.channels import discord, slack, webhook
from app.alerts.channels.outcome import Outcome
from app.alerts.messages import KIND_WORDS, Mention, Message, why_words
from app.alerts.models import AlertChannel, AlertContact, AlertDelivery
from app.alerts.planning import Step
from app.config import Config
from app.extensions import db
from app.mail.actions import Recipient, queue_mail
from app.mail.models import OutboundMail

NOBODY = {"on_call": "Nobody is on call.", "leads": "There is no lead."}
ALERT = "/desk/alerts/{}"
ROUTE = "/admin/alert-routes/{}"
ACKNOWLEDGE = "/alerts/acknowledge/{}"


def message_of(delivery: AlertDelivery, step: Step) -> Message:
    """The words of a message. Two statements at most."""
    settings: Config = current_app.config["SETTINGS"]
    mention = mention_of(delivery)
    alert, event = step.alert, step.event
    if alert is None:
        name = event.facts["name"]
        who = db.session.get(User, event.actor_id).name if event.actor_id else "Somebody"  # type: ignore[union-attr]
        return Message(
            f"alert_{delivery.id}", "test", "info", f"the alert route “{name}” works",
            f"{who} sends this to see whether messages arrive. Nothing is wrong.",
            settings.base_url + ROUTE.format(event.facts["route_id"]), event.at, source="test", mention=mention,
        )  # fmt: skip
    team = db.session.get(Team, alert.team_id) if alert.team_id is not None else None
    return Message(
        f"alert_{delivery.id}",
        event.kind.removeprefix("alert."),
        alert.severity,
        alert.title,
        alert.body,
        settings.base_url + ALERT.format(alert.id),
        event.at,
        key=alert.key,
        source=alert.source,
        team=team.name if team is not None else "",
        count=alert.count,
        why=why_words(event.kind, event.facts),
        mention=mention,
    )


def mention_of(delivery: AlertDelivery) -> Mention | None:
    """The person that a chat message calls; None for mail and where nobody is on call."""
    person = db.session.get(User, delivery.user_id) if delivery.user_id is not None and not delivery.address else None
    if person is None:
        return None
    contact = db.session.get(AlertContact, person.id)
    return Mention(person.name, contact.slack_id, contact.discord_id) if contact is not None else Mention(person.name)


def sent_outside(delivery: AlertDelivery, message: Message, channel: AlertChannel | None, *, now: datetime) -> Outcome:
    """One try over the wire; it holds no transaction."""
    settings: Config = current_app.config["SETTINGS"]
    if delivery.kind in NOBODY and not delivery.address:
        return Outcome("failed", NOBODY[delivery.kind])
    if channel is None:
        return Outcome("failed", "This channel has been taken out of its route.")
    if channel.off_because:
        return Outcome("failed", f"This channel is switched off: {channel.off_because}")
    if channel.kind == "slack":
        return slack.send(channel.target, message, settings)
    if channel.kind == "discord":
        return discord.send(channel.target, message, settings)
    return webhook.send(channel.target, channel.secret, message, settings, now=now)


def mailed(delivery: AlertDelivery, message: Message, step: Step, *, now: datetime) -> OutboundMail | None:
    """The mail of a message, written for our own mail to send; None where it stands there already."""
    person = db.session.get(User, delivery.user_id) if delivery.user_id is not None else None
    to = Recipient(delivery.address, person.name, person.time_zone) if person is not None else Recipient(delivery.address)
    return queue_mail(step.event, "alert", to, facts_of(delivery, message, step), now=now)


def mailed_together(delivery: AlertDelivery, found: list[tuple[AlertDelivery, Step]], *, now: datetime) -> OutboundMail | None:
    """One mail for several alerts, of the step of the first."""
    person = db.session.get(User, delivery.user_id) if delivery.user_id is not None else None
    to = Recipient(delivery.address, person.name, person.time_zone) if person is not None else Recipient(delivery.address)
    messages = [message_of(one, step) for one, step in found]
    settings: Config = current_app.config["SETTINGS"]
    facts = {"messages": messages, "alerts_url": f"{settings.base_url}/desk/alerts", "why": reason(*found[0])}
    return queue_mail(found[0][1].event, "alert_digest", to, facts, now=now)


def facts_of(delivery: AlertDelivery, message: Message, step: Step) -> dict[str, Any]:
    """What the template of the mail is given."""
    key = current_app.config["SECRET_KEY"]
    base: str = current_app.config["SETTINGS"].base_url
    alert = step.alert
    matter = base + alert.path if alert is not None else message.url
    return {
        "heading": message.heading,
        "lines": message.text.splitlines() or ["–"],
        "because": message.why,
        "at": message.at,
        "count": message.count,
        "team": message.team,
        "matter_url": matter,
        "alert_url": message.url,
        "acknowledge_url": base + ACKNOWLEDGE.format(links.token_of(key, delivery.id)) if alert is not None else "",
        "why": reason(delivery, step),
    }


def reason(delivery: AlertDelivery, step: Step) -> str:
    """Why this mail came, as a clause after "because"."""
    route = f"the alert route “{step.route.name}”" if step.route is not None else "an alert route"
    clauses = {
        "on_call": "you are on call, or next to be",
        "next_on_call": "nobody has taken its ticket, and you are on call, or next to be",
        "leads": "you lead support",
        "email": f"your address stands on {route}",
        "assignee": "you are the assignee of its ticket",
        "executive": "you are the last to be asked when nobody acknowledges",
    }
    return clauses.get(delivery.kind, f"{route} names you as {KIND_WORDS.get(delivery.kind, 'its last resort')}")
