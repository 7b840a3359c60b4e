"""The file of a monthly statement: canonical JSON whose lines are chained by SHA-256, and figures that follow from its lines. Pure.

    {"format": "hive-sla-statement/1", "lines": […], "seal": …, "signature": {"algorithm", "key", "value"}}

Canonical is as in RFC 8785 for what we use: UTF-8, keys sorted, no whitespace, no floating point. A line is an object with
its number `line`, a `type` (statement, terms, event, clock, figure) and its `hash`: SHA-256 over the hash of the line
before (64 zeros before the first), a line feed, and the canonical line without its hash. The seal is the hash of the last
line. `bin/verify-statement` reads the same file without any code of ours.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMAT = "hive-sla-statement/1"
ALGORITHM = "HMAC-SHA256"
NOTHING = "0" * 64
ALL = "all"
COUNTS = ("met", "breached", "running", "paused")

Line = dict[str, Any]


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value. Raises ValueError for floating point, which has several."""
    refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def refuse_floats(value: Any) -> None:
    """Raise ValueError where a value holds a floating-point number."""
    if isinstance(value, float):
        raise ValueError("a statement holds no floating point; write it as text")
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        refuse_floats(inner)


def hash_of(before: str, line: Mapping[str, Any]) -> str:
    """The hash of a line after the one whose hash is `before`."""
    plain = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(before.encode() + b"\n" + canonical(plain)).hexdigest()


def chained(lines: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines with their numbers, from 1, and their hashes."""
    found: list[Line] = []
    before = NOTHING
    for number, line in enumerate(lines, start=1):
        numbered = {**line, "line": number}
        before = hash_of(before, numbered)
        found.append(numbered | {"hash": before})
    return found


def first_broken(lines: Sequence[Mapping[str, Any]]) -> int | None:
    """The number of the first line that is not where or what it was; None if the chain holds."""
    before = NOTHING
    for number, line in enumerate(lines, start=1):
        if line.get("line") != number or line.get("hash") != hash_of(before, line):
            return number
        before = str(line["hash"])
    return None


def signature_of(seal: str, secret: str) -> str:
    """Our signature of a seal. The key is derived, so that it is of no use for anything else that the secret signs."""
    return hmac.new(key_of(secret), seal.encode(), hashlib.sha256).hexdigest()


def key_of(secret: str) -> bytes:
    """The key of statements."""
    return hmac.new(secret.encode(), b"hive sla statements", hashlib.sha256).digest()


def key_name(secret: str) -> str:
    """What tells keys apart without giving them away."""
    return hashlib.sha256(b"name of " + key_of(secret)).hexdigest()[:16]


def file_of(lines: Sequence[Line], secret: str) -> dict[str, Any]:
    """The whole file of chained lines."""
    seal = str(lines[-1]["hash"])
    signature = {"algorithm": ALGORITHM, "key": key_name(secret), "value": signature_of(seal, secret)}
    return {"format": FORMAT, "lines": list(lines), "seal": seal, "signature": signature}


def problems(content: bytes, secret: str) -> list[str]:
    """What is wrong with a file that claims to be ours, in words; nothing where it is as we made it."""
    try:
        given = json.loads(content)
        lines, seal, signature = given["lines"], given["seal"], given["signature"]["value"]
        if canonical(given) != content.rstrip(b"\n"):
            return ["The file is not spelt as we spell it: it was edited or formatted."]
        broken = first_broken(lines)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ["This is no statement of ours."]
    if broken is not None:
        return [f"Line {broken} is not what it was."]
    if not lines or lines[-1]["hash"] != seal:
        return ["The seal is not that of the last line."]
    if not hmac.compare_digest(str(signature), signature_of(str(seal), secret)):
        return ["The signature is not ours."]
    return []


def seal_of(content: bytes) -> str:
    """The seal that a file says it has; call `problems` first."""
    return str(json.loads(content)["seal"])


def figures(clocks: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The figure lines of clock lines: by metric and priority, and one over all priorities, in the order of their names."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for clock in clocks:
        for priority in (clock["priority"], ALL):
            groups.setdefault((clock["metric"], priority), []).append(clock)
    return [figure(metric, priority, groups[metric, priority]) for metric, priority in sorted(groups)]


def figure(metric: str, priority: str, clocks: Sequence[Mapping[str, Any]]) -> Line:
    """One of them. Shares and lengths are text with two decimals, or null where there is nothing to tell."""
    counts = {name: sum(clock["outcome"] == name for clock in clocks) for name in COUNTS}
    judged = counts["met"] + counts["breached"]
    lengths = sorted(clock["elapsed_seconds"] for clock in clocks if clock["state"] == "stopped" and clock["elapsed_seconds"] is not None)
    size = len(lengths)
    return {
        "type": "figure",
        "metric": metric,
        "priority": priority,
        "total": len(clocks),
        **counts,
        "compliance": decimal(100 * counts["met"], judged),
        "average_seconds": decimal(sum(lengths), size),
        "median_seconds": decimal(lengths[(size - 1) // 2] + lengths[size // 2], 2) if size else None,
        "p90_seconds": lengths[(size * 9 + 9) // 10 - 1] if size else None,
    }


def decimal(dividend: int, divisor: int) -> str | None:
    """A quotient with two decimals, halves up; None without a divisor."""
    if not divisor:
        return None
    hundredths = (200 * dividend + divisor) // (2 * divisor)
    return f"{hundredths // 100}.{hundredths % 100:02}"
