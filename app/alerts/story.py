"""What an event says on an alert's timeline. Pure: facts in, a picture, a tone and a sentence out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.alerts.messages import KIND_WORDS, SEVERITY_WORDS, who_words
from app.lib.times import in_words

Facts = Mapping[str, Any]
Names = Mapping[int, str]
Line = tuple[str, str, str]


def told(kind: str, facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """(icon, tone, sentence) of one event. `actor` is a name, or None where the system acted or a plain address did."""
    writer = WRITERS.get(kind)
    return writer(facts, actor, names, zone) if writer is not None else ("info", "", kind.replace(".", " ").replace("_", " ").capitalize())


def raised(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """It began, became graver, or speaks again."""
    severity = SEVERITY_WORDS[facts["severity"]].lower()
    words = {
        "new": f"Raised as {severity}",
        "severity": f"Became {severity}, and was told again",
        "news": "There was news, so it was told again",
    }
    return "triangle-alert", "bad", words.get(facts["why"], "Its silence has ended, so it was told again")


def climbed(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """It went to the next people."""
    people = ", ".join(names.get(number, "somebody who has left") for number in facts["people"])
    step = f"Step {facts['rung'] + 1} of the ladder, {who_words(facts['who'], names)}: "
    return "arrow-up", "warn" if people else "bad", step + (people or "nobody, so the next step came at once")


def acknowledged(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """Somebody takes care of it."""
    way = " by the link in a mail" if facts["how"] == "link" else ""
    return "check", "ok", f"Acknowledged by {actor or 'somebody'}{way}"


def silenced(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """It is quiet for a while."""
    until = in_words(datetime.fromisoformat(facts["until"]), zone)
    return "pause", "", f"Silenced by {actor or 'somebody'} until {until}: {facts['reason']}"


def silence_ended(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """Somebody ended that early."""
    return "activity", "", f"The silence was ended by {actor or 'somebody'}"


def resolved(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """It is over."""
    return "circle-check", "ok", f"Resolved by {actor}" if actor else "Resolved, because its condition has ended"


def failed(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """A message did not arrive."""
    instead = KIND_WORDS.get(facts["instead"])
    then = f" Instead: {instead}." if instead else ""
    kind, _, whom = str(facts["channel"]).partition(": ")
    return "circle-alert", "bad", f"{KIND_WORDS.get(kind, kind)}, {whom}, failed. {facts['reason']}{then}".removesuffix(".")


def level_reached(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """The level of an SLA clock that brought it about."""
    return "hourglass", "", f"The {facts['metric'].replace('_', ' ')} clock of {facts['ref']} reached the level “{facts['level']}”"


def answered(facts: Facts, actor: str | None, names: Names, zone: str) -> Line:
    """The survey that brought it about."""
    return "star", "", f"{actor or 'A customer'} answered a survey with {facts['overall_satisfaction']} of 5 overall"


WRITERS: dict[str, Callable[[Facts, str | None, Names, str], Line]] = {
    "alert.raised": raised,
    "alert.climbed": climbed,
    "alert.acknowledged": acknowledged,
    "alert.silenced": silenced,
    "alert.silence_ended": silence_ended,
    "alert.resolved": resolved,
    "alert.delivery_failed": failed,
    "sla.level_reached": level_reached,
    "survey.answered": answered,
}
