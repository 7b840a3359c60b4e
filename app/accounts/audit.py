"""The event log in words. Pure: a kind and its facts in, short texts out."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.events.kinds import KINDS
from app.lib.times import in_words

# What stands in columns of its own, or says nothing to a reader.
LEFT_OUT = frozenset({"ref", "email_hash", "message_id", "clock_id", "assignee_name", "old_name"})
PEOPLE = frozenset({"user_id", "reviewer_id", "planned_by_id", "assignee_id", "old_id", "recipient_id"})
# What changed from one id to another: from a person to another, from an organization to another.
CHANGED_PEOPLE, CHANGED_ORGANIZATIONS = frozenset({"engineer_id"}), frozenset({"organization_id"})
MAX_TEXT = 160
# Facts that hold a moment under another name: the old and the new time of a promise.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def kinds() -> list[tuple[str, str]]:
    """What the log can be filtered by: each noun, and below it each kind."""
    nouns = sorted({kind.partition(".")[0] for kind in KINDS})
    return [
        choice
        for noun in nouns
        for choice in [(f"{noun}.", f"{noun}: everything"), *((k, words(k)) for k in KINDS if k.startswith(f"{noun}."))]
    ]


def words(kind: str) -> str:
    """`account.signed_in` → `account: signed in`."""
    noun, _, verb = kind.partition(".")
    return f"{noun}: {verb.replace('_', ' ')}"


def people_in(facts: Iterable[Mapping[str, Any]]) -> set[int]:
    """The ids of people that these facts name."""
    each = list(facts)
    plain_ids = {value for one in each for name, value in one.items() if name in PEOPLE and isinstance(value, int)}
    return plain_ids | changed_in(each, CHANGED_PEOPLE)


def organizations_in(facts: Iterable[Mapping[str, Any]]) -> set[int]:
    """The ids of organizations that these facts name."""
    return changed_in(facts, CHANGED_ORGANIZATIONS)


def changed_in(facts: Iterable[Mapping[str, Any]], fields: frozenset[str]) -> set[int]:
    """The ids, old and new, of what changed in some fields."""
    changes = [one["changes"] for one in facts if isinstance(one.get("changes"), Mapping)]
    pairs = [one[field] for one in changes for field in fields & one.keys()]
    return {value for pair in pairs if isinstance(pair, list) for value in pair if isinstance(value, int)}


def told(
    facts: Mapping[str, Any], names: Mapping[int, str], zone: str = "UTC", organizations: Mapping[int, str] | None = None
) -> list[tuple[str, str]]:
    """The facts of one event as (label, text), without what is empty; moments are on the clock of `zone`.

    `names` are those of people by id, `organizations` of organizations.
    """
    known = dict.fromkeys(CHANGED_PEOPLE, names) | dict.fromkeys(CHANGED_ORGANIZATIONS, organizations or {})
    pairs = []
    for name, value in facts.items():
        if name == "assignee_id" and value is None and facts.get("old_id") is not None:
            pairs.append(("assignee", "nobody"))
        if name in LEFT_OUT or value in (None, "", [], {}):
            continue
        if name in PEOPLE and isinstance(value, int):
            pairs.append((name.removesuffix("_id").replace("_", " "), names.get(value, f"person {value}")))
        elif name == "decisions" and isinstance(value, list):
            pairs.append(("decisions", plain([decision(part) for part in value])))
        elif isinstance(value, str) and (name.endswith("_at") or MOMENT.match(value)):
            pairs.append((name.removesuffix("_at").replace("_", " "), moment(value, zone)))
        elif name == "changes" and isinstance(value, Mapping):
            pairs.extend(changed(field, pair, known.get(field)) for field, pair in value.items())
        else:
            pairs.append((name.replace("_", " "), plain(value)))
    return pairs


def decision(part: Any) -> str:
    """`team engineering`, out of what triage wrote of one of its decisions."""
    return f"{part.get('what', '')} {part.get('to', '')}".strip() if isinstance(part, Mapping) else plain(part)


def moment(text: str, zone: str) -> str:
    """A moment that stands in a fact, in words."""
    try:
        return in_words(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        return plain(text)


def changed(field: str, pair: Any, known: Mapping[int, str] | None) -> tuple[str, str]:
    """What a field changed from and to, by name where it holds the ids of what is known."""
    if known is None or not isinstance(pair, list):
        return field.replace("_", " "), change(pair)
    return field.removesuffix("_id").replace("_", " "), change([known.get(one, one) if isinstance(one, int) else one for one in pair])


def change(pair: Any) -> str:
    """`old → new`."""
    if isinstance(pair, list) and len(pair) == 2:
        return f"{plain(pair[0]) or 'none'} → {plain(pair[1]) or 'none'}"
    return plain(pair)


def plain(value: Any) -> str:
    """A fact as one short text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        text = ", ".join(plain(part) for part in value)
    elif isinstance(value, Mapping):
        text = ", ".join(f"{key} {plain(part)}" for key, part in value.items())
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def days(first: str, last: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The moments at which two days (`2026-11-23`) begin and end on the viewer's clock. Raises ValueError for what is no date."""
    since = datetime.combine(date.fromisoformat(first), time(), zone) if first else None
    until = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), zone) if last else None
    return since, until
