"""`POST /webhooks/discord`: the interactions of our application. `/faq` is answered from the index, from what is public."""

from typing import Any

from flask import Response, abort, current_app, jsonify, request

from app.audiences import api
from app.extensions import csrf
from app.integrations.discord import interaction, payload
from app.integrations.discord.interaction import Interaction, NotJson
from app.integrations.discord.signature import is_fresh, is_genuine
from app.knowledge import finding, readers
from app.knowledge.rules import path_of
from app.lib.clock import utcnow
from app.lib.database import write_intent
from app.lib.text import one_line

bp = api("discord", __name__)
csrf.exempt(bp)
MOST_BYTES = 65_536
# As long as the search field of the help centre; Discord tells it to whoever types.
MOST_CHARACTERS = finding.MAX_QUERY


@bp.post("/webhooks/discord")
def interact() -> tuple[Response, int]:
    """Answer an interaction: 401 unless Discord has signed it just now, 400 for what is no JSON, 202 for a kind we do not know.

    A delivery that comes twice is answered twice: nothing here changes anything.
    """
    body = signed_body()
    try:
        asked = interaction.read(body)
    except NotJson as wrong:
        abort(400, str(wrong))
    told = answer_to(asked)
    return (jsonify(told), 200) if told is not None else (jsonify({}), 202)


def signed_body() -> bytes:
    """The body, once it is certain who sent it. 404 where no key is set, 413 for one that is too large."""
    key = current_app.config["SETTINGS"].discord_public_key
    if not key:
        abort(404)
    # Nothing is written, though it is a POST.
    write_intent.set(False)
    request.max_content_length = MOST_BYTES
    body, timestamp = request.get_data(), request.headers.get("X-Signature-Timestamp", "")
    if not is_fresh(timestamp, utcnow()) or not is_genuine(key, request.headers.get("X-Signature-Ed25519", ""), timestamp, body):
        abort(401, "The signature does not fit, or its time has passed.")
    return body


def answer_to(asked: Interaction) -> dict[str, Any] | None:
    """What to say; None for a kind of interaction that we do not know."""
    if asked.kind == interaction.PING:
        return payload.pong()
    if asked.kind == interaction.AUTOCOMPLETE:
        return payload.choices(result.heading for result in finding.search(None, asked.text[:MOST_CHARACTERS]).results)
    if asked.kind == interaction.COMMAND:
        return faq(asked) if asked.command == interaction.FAQ else payload.unknown()
    return None


def faq(asked: Interaction) -> dict[str, Any]:
    """`/faq`: up to three answers, or where to look on."""
    settings, question = current_app.config["SETTINGS"], one_line(asked.text)[:MOST_CHARACTERS]
    more = payload.search(settings.base_url, question)
    found = finding.search(None, question + " ")
    hits = [] if found.is_popular else found.results[: payload.ANSWERS]
    if question and not found.is_popular:
        key, who = str(current_app.config["SECRET_KEY"]), f"discord {asked.user}"
        readers.searched_elsewhere(key, who, question, found.total, utcnow(), poor=found.is_poor)
    if not hits:
        return payload.nothing(question, more)
    lines = [payload.Line(hit.heading, hit.snippet.striptags(), settings.base_url + path_of(*hit.address)) for hit in hits]
    return payload.answers(question, lines, more, fits=not found.is_weak)
