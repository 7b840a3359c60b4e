"""Slack: by a bot token with chat.postMessage, or by an incoming webhook's address."""

from typing import Any

from app.alerts.channels.outcome import Outcome, packed, posted, spoken
from app.alerts.messages import Message
from app.config import Config

# Slack's own words for what may pass; any other `error` is about us, and will be the same next time.
PASSING = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
HEADER_LENGTH, SECTION_LENGTH = 150, 2_900


def send(target: str, message: Message, settings: Config) -> Outcome:
    """One message to a channel (`#ops` or its id) or to an incoming webhook. Never raises for what the network does."""
    if target.startswith(("https://", "http://")):
        outcome, _ = posted(target, packed(payload(message)), HEADERS, allow_local=settings.allow_local_addresses)
        return outcome
    if not settings.slack_token:
        return Outcome("failed", "SLACK_TOKEN is not set, so no channel can be written to by name.")
    headers = {**HEADERS, "Authorization": f"Bearer {settings.slack_token}"}
    # The address of the API is the operator's own setting: a server on this machine may stand in for it.
    body = packed({"channel": target, **payload(message)})
    outcome, answer = posted(f"{settings.slack_api_url.rstrip('/')}/chat.postMessage", body, headers, allow_local=True)
    return outcome if outcome.state != "sent" else read(spoken(answer))


HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def read(said: dict[str, Any]) -> Outcome:
    """Slack answers 200 to what it refuses, too."""
    if said.get("ok") is True:
        return Outcome("sent")
    error = str(said.get("error") or "an answer that is none")[:100]
    return Outcome("retry" if error in PASSING else "failed", f"Slack said {error}.")


def payload(message: Message) -> dict[str, Any]:
    """The blocks of a message. Pure. Words of others stand in plain_text or are escaped, so they mention nobody and format nothing."""
    lines = [who(message), escaped(message.why), f"<{escaped(message.url)}|Open it>"]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.heading[:HEADER_LENGTH], "emoji": False}},
        {"type": "section", "text": {"type": "plain_text", "text": message.text[:SECTION_LENGTH] or "–", "emoji": False}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(line for line in lines if line), "verbatim": True}},
    ]
    text = f"{who(message)} {escaped(message.heading)}".strip()
    return {"text": text, "blocks": blocks, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}


def who(message: Message) -> str:
    """The person on call, mentioned where Slack knows them."""
    if message.mention is None:
        return ""
    return f"<@{message.mention.slack_id}>" if message.mention.slack_id else f"On call: {escaped(message.mention.name)}"


def escaped(text: str) -> str:
    """Slack's control characters as entities, so that <!channel> and <@U1> are plain words; its formatting signs made harmless."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "*_~`":
        plain = plain.replace(sign, f"\u200b{sign}\u200b")
    return plain.replace("@", "@\u200b")
