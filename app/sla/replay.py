"""`sla replay`: one JSON line in, one JSON line out, as interfaces.md says. Pure."""

import json
import math
from datetime import datetime
from typing import Any

from app.sla import clock
from app.sla.calendars import calendar
from app.sla.clock import PAUSED, Case, Change
from app.sla.hours import DAY, SECOND, Piece, from_us, to_us

FIRST_YEAR, LAST_YEAR = 1970, 2200
LONGEST = 36_600 * DAY
KINDS = ("due", "elapsed", "alert")


class BadCase(ValueError):
    """A case that cannot be answered; the message says why."""


def answer(line: str | bytes) -> dict[str, Any]:
    """The answer to one line. A line that cannot be read, or asks for nothing sensible, is answered by `error`."""
    case_id = None
    try:
        given = read(line)
        if not isinstance(given, dict):
            raise BadCase("A case is a JSON object.")
        case_id = given.get("id")
        return {"id": case_id} | ANSWERS[kind_of(given)](given, case_of(given))
    except (ValueError, RecursionError) as wrong:
        return {"id": case_id, "error": str(wrong) or "The line cannot be read."}


def read(line: str | bytes) -> Any:
    """The JSON of a line. Raises BadCase."""
    try:
        return json.loads(line, parse_constant=refuse_constant)
    except json.JSONDecodeError as wrong:
        raise BadCase(f"This line is not JSON: {wrong}") from wrong


def answer_due(given: dict[str, Any], case: Case) -> dict[str, Any]:
    """When it is due, or why there is no such time."""
    as_of = instant(given, "as_of") if given.get("as_of") is not None else None
    due_at = clock.due(case, as_of=as_of)
    found = {"due": None if due_at is None else iso(due_at), "explain": lines(clock.explain_due(case, as_of=as_of))}
    return found if due_at is not None else found | {"reason": clock.no_due_reason(case)}


def answer_elapsed(given: dict[str, Any], case: Case) -> dict[str, Any]:
    """What was counted from the start to the end."""
    end = instant(given, "end" if given.get("end") is not None or given.get("now") is None else "now")
    return {"elapsed_seconds": seconds(clock.elapsed(case, end)), "explain": lines(clock.explain(case, end))}


def answer_alert(given: dict[str, Any], case: Case) -> dict[str, Any]:
    """How it stands now."""
    now = instant(given, "now")
    found = clock.alert(case, now)
    return {
        "alert": found.alert,
        "breached": found.breached,
        "remaining_seconds": seconds(found.remaining),
        "explain": lines(clock.explain(case.until(now), now)),
    }


ANSWERS = {"due": answer_due, "elapsed": answer_elapsed, "alert": answer_alert}


def kind_of(given: dict[str, Any]) -> str:
    """What is asked."""
    kind = given.get("kind")
    if kind not in KINDS:
        raise BadCase(f"“kind” is one of {', '.join(KINDS)}.")
    return str(kind)


def case_of(given: dict[str, Any]) -> Case:
    """The case of a line. Only `elapsed` can do without a target."""
    if "calendar" not in given:
        raise BadCase("“calendar” is missing.")
    target = span(given, "target_seconds") if given["kind"] != "elapsed" or given.get("target_seconds") is not None else LONGEST
    changes = [change_of(event) for event in listed(given, "events")]
    paused = given.get("paused_statuses")
    return Case(
        calendar=calendar(given["calendar"]),
        start=instant(given, "start"),
        target=target,
        changes=sorted(changes, key=lambda change: change.at),
        initial_status=word(given.get("initial_status", "new"), "initial_status"),
        paused=PAUSED if paused is None else frozenset(word(status, "paused_statuses") for status in listed(given, "paused_statuses")),
    )


def change_of(event: Any) -> Change:
    """One event: a status, or a priority with its target. A priority without a target leaves the target as it was."""
    if not isinstance(event, dict):
        raise BadCase("An event is a JSON object.")
    if not event.keys() & {"status", "priority", "target_seconds"}:
        raise BadCase("An event has a “status”, or a “priority” with its “target_seconds”.")
    status = word(event["status"], "status") if event.get("status") is not None else None
    target = span(event, "target_seconds") if event.get("target_seconds") is not None else None
    return Change(instant(event, "at"), status, target)


def instant(given: dict[str, Any], name: str) -> int:
    """A point in time, with its offset from UTC."""
    text = given.get(name)
    if text is None:
        raise BadCase(f"“{name}” is missing.")
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as wrong:
        raise BadCase(f"“{name}” is no time in ISO 8601: {str(text)[:40]}") from wrong
    if at.tzinfo is None:
        raise BadCase(f"“{name}” needs its offset from UTC, such as Z or +01:00.")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadCase(f"“{name}” lies outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return to_us(at)


def span(given: dict[str, Any], name: str) -> int:
    """A length of time above zero, given in seconds."""
    length = given.get(name)
    if length is None:
        raise BadCase(f"“{name}” is missing.")
    if isinstance(length, bool) or not isinstance(length, int | float) or (isinstance(length, float) and not math.isfinite(length)):
        raise BadCase(f"“{name}” is a number of seconds.")
    micros = round(length * SECOND) if 0 < length <= LONGEST // SECOND else 0
    if micros == 0:
        raise BadCase(f"“{name}” is more than 0 seconds, and at most a hundred years.")
    return micros


def word(given: Any, name: str) -> str:
    """A status as text."""
    if not isinstance(given, str):
        raise BadCase(f"“{name}” is a word.")
    return given


def listed(given: dict[str, Any], name: str) -> list[Any]:
    """A list, or an empty one where nothing is given."""
    found = given.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadCase(f"“{name}” is a list.")
    return found


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise BadCase(f"{name} is not JSON.")


def seconds(micros: int) -> int | float:
    """Whole seconds as they are, and fractions to the microsecond."""
    return micros // SECOND if micros % SECOND == 0 else micros / SECOND


def iso(at: int) -> str:
    """An instant in UTC."""
    return from_us(at).isoformat()


def lines(pieces: list[Piece]) -> list[dict[str, Any]]:
    """The explanation, as it is printed."""
    return [{"from": iso(piece.start), "to": iso(piece.end), "counted": piece.counted, "why": piece.why} for piece in pieces]
