"""Webhooks of others, signed by Standard Webhooks."""

from datetime import datetime
from typing import Any

from app.alerts.channels.outcome import Outcome, packed, posted
from app.alerts.messages import Message
from app.config import Config
from app.lib import webhooks


def send(target: str, key: str, message: Message, settings: Config, *, now: datetime) -> Outcome:
    """One message; its webhook-id is the same at each try. Never raises for what the network does."""
    body = packed(payload(message))
    outcome, _ = posted(target, body, webhooks.headers(key, message.id, now, body), allow_local=settings.allow_local_addresses)
    return outcome


def payload(message: Message) -> dict[str, Any]:
    """`{"type", "timestamp", "data"}`. Pure."""
    return {
        "type": f"alert.{message.kind}",
        "timestamp": message.at.isoformat(),
        "data": {
            "key": message.key,
            "severity": message.severity,
            "source": message.source,
            "team": message.team or None,
            "title": message.title,
            "body": message.text,
            "url": message.url,
            "count": message.count,
            "why": message.why or None,
            "on_call": message.mention.name if message.mention else None,
        },
    }
