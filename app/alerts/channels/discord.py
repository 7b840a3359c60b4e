"""Discord: by a bot token into a channel, or by a webhook's address."""

import re
from datetime import timedelta
from typing import Any

from app.alerts.channels.outcome import Outcome, packed, posted, spoken
from app.alerts.messages import Message
from app.config import Config

HEADERS = {"Content-Type": "application/json"}
CONTENT_LENGTH = 2_000
SUPPRESS_EMBEDS = 4
MARKUP = re.compile(r"([\\*_~`>|#\-\[\]()<:])")


def send(target: str, message: Message, settings: Config) -> Outcome:
    """One message to a channel (its number) or to a webhook. Never raises for what the network does."""
    if target.startswith(("https://", "http://")):
        outcome, answer = posted(target, packed(payload(message)), HEADERS, allow_local=settings.allow_local_addresses)
    elif not settings.discord_token:
        return Outcome("failed", "DISCORD_TOKEN is not set, so no channel can be written to by its number.")
    else:
        headers = {**HEADERS, "Authorization": f"Bot {settings.discord_token}"}
        url = f"{settings.discord_api_url.rstrip('/')}/channels/{target}/messages"
        outcome, answer = posted(url, packed(payload(message)), headers, allow_local=True)
    if outcome.state == "retry" and outcome.wait is None:
        return Outcome("retry", outcome.detail, asked(spoken(answer)))
    return outcome


def asked(said: dict[str, Any]) -> timedelta | None:
    """Discord tells in its body how many seconds to wait."""
    seconds = said.get("retry_after")
    return timedelta(seconds=min(float(seconds), 86_400)) if isinstance(seconds, int | float) and 0 <= seconds < 1e9 else None


def payload(message: Message) -> dict[str, Any]:
    """The message. Pure. Nobody is mentioned except the person on call, whatever the words say."""
    told = message.mention
    parts = [f"**{escaped(message.heading)}**", escaped(message.text), who(message), escaped(message.why), f"<{message.url}>"]
    content = "\n".join(part for part in parts if part)
    if len(content) > CONTENT_LENGTH:
        room = CONTENT_LENGTH - sum(len(part) + 1 for part in (parts[0], *parts[2:])) - 2
        parts[1] = parts[1][: max(room, 0)].rstrip("\\") + " …"
        content = "\n".join(part for part in parts if part)[:CONTENT_LENGTH]
    mentioned = [told.discord_id] if told is not None and told.discord_id else []
    return {"content": content, "allowed_mentions": {"parse": [], "users": mentioned}, "flags": SUPPRESS_EMBEDS}


def who(message: Message) -> str:
    """The person on call, mentioned where Discord knows them."""
    if message.mention is None:
        return ""
    return f"<@{message.mention.discord_id}>" if message.mention.discord_id else f"On call: {escaped(message.mention.name)}"


def escaped(text: str) -> str:
    """Discord's formatting as plain signs; @everyone, <@1> and the like as words."""
    return MARKUP.sub(r"\\\1", text).replace("@", "@\u200b")
