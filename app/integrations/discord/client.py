"""What we tell Discord: which commands we have. The only calls that go out from here."""

import json
from typing import Any

from app.config import Config
from app.integrations.discord.interaction import FAQ, QUESTION
from app.knowledge.finding import MAX_QUERY
from app.lib import http
from app.lib.errors import DomainError, Invalid

TEXT_OPTION, SLASH_COMMAND = 3, 1
OPTION = {"type": TEXT_OPTION, "name": QUESTION, "description": "In your own words, or an error code", "max_length": MAX_QUERY}
COMMAND = {
    "type": SLASH_COMMAND,
    "name": FAQ,
    "description": "Look into the HiveTechs help centre",
    "options": [{**OPTION, "required": True, "autocomplete": True}],
}
WHY = {
    401: "Discord refuses DISCORD_TOKEN: copy the bot token again.",
    403: "The bot may not do this: invite it with the scope applications.commands.",
    404: "Discord does not know DISCORD_APPLICATION_ID or DISCORD_GUILD: compare both numbers.",
    429: "Discord asks us to wait. Try again in a minute.",
}


class NotRegistered(DomainError):
    """Discord did not take the command; the message says what to do."""

    status = 502
    title = "Discord did not take it"


def register(settings: Config) -> str:
    """Make `/faq` known, or bring it up to date, in DISCORD_GUILD or everywhere; returns where. A repeat changes nothing.

    Raises Invalid where a setting is missing, NotRegistered where Discord refuses or does not answer.
    """
    for name, value in (("DISCORD_APPLICATION_ID", settings.discord_application_id), ("DISCORD_TOKEN", settings.discord_token)):
        if not value:
            raise Invalid(f"{name} is not set. Both it and the other settings of Discord stand in docs/configuration.md.")
    home = f"/guilds/{settings.discord_guild}" if settings.discord_guild else ""
    url = f"{settings.discord_api_url.rstrip('/')}/applications/{settings.discord_application_id}{home}/commands"
    headers = {"Content-Type": "application/json", "Authorization": f"Bot {settings.discord_token}"}
    try:
        # The address is the operator's own setting: a server on this machine may stand in for it.
        answer = http.post(url, json.dumps(COMMAND).encode(), headers, allow_local=True)
    except (http.Refused, http.Away) as failed:
        raise NotRegistered(f"Discord could not be asked. {failed}") from failed
    if answer.status not in {200, 201}:
        raise NotRegistered(WHY.get(answer.status) or f"Discord answered {answer.status}: {reason(answer.body)}")
    return f"the server {settings.discord_guild}" if settings.discord_guild else "every server that has the bot"


def reason(body: bytes) -> str:
    """What Discord says is wrong, in a line."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "nothing more"
    said = told.get("message") if isinstance(told, dict) else None
    return " ".join(str(said).split())[:200] if said else "nothing more"
