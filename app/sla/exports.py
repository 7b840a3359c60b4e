"""The SLA report as CSV, JSON and a text table: the same rows everywhere. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from app.lib.spreadsheet import cell
from app.lib.times import duration, local
from app.sla.behind import Behind
from app.sla.reports import Report, Scope
from app.sla.terms import LABELS

COLUMNS = (
    "metric",
    "priority",
    "total",
    "met",
    "breached",
    "running",
    "paused",
    "compliance",
    "average_seconds",
    "median_seconds",
    "p90_seconds",
)
# The columns of a clock; the names of its times say their zone.
PLAIN = ("metric", "priority", "ref", "subject", "organization", "team", "state", "outcome", "target_seconds", "elapsed_seconds")
TIMES = ("started_at", "due_at", "stopped_at", "breached_at")


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its figures rounded to what they are worth."""
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}


def heading(scope: Scope, zone: str, organization: str | None = None, team: str | None = None) -> dict[str, Any]:
    """What a report is about."""
    return {
        "from": local(scope.since, zone).isoformat(),
        "to": local(scope.until, zone).isoformat(),
        "zone": zone,
        "organization": organization,
        "team": team,
        "priority": scope.priority,
        "demo": scope.is_demo,
    }


def as_csv(report: Report, about: dict[str, Any]) -> str:
    """One line for each metric and priority; the range, its zone and what narrows it stand on every line."""
    out = io.StringIO()
    keys = ("from", "to", "zone", "organization", "team", "demo")
    writer = csv.writer(out)
    writer.writerow([*keys, *COLUMNS])
    for row in map(plain, report.rows()):
        writer.writerow([cell(about[key]) for key in keys] + [cell(row[column]) for column in COLUMNS])
    return out.getvalue()


def clocks_csv(rows: Iterable[Behind], zone: str) -> Iterator[str]:
    """The clocks behind a figure as CSV, a line at a time; times in `zone`, which the heading and the last column name."""
    out = io.StringIO()
    writer = csv.writer(out)

    def line(cells: Iterable[Any]) -> str:
        out.seek(0)
        out.truncate()
        writer.writerow(list(cells))
        return out.getvalue()

    yield line([*PLAIN, *(f"{name} ({zone})" for name in TIMES), "zone"])
    for row in rows:
        times = [iso(getattr(row, name), zone) for name in TIMES]
        yield line([*(cell(getattr(row, name)) for name in PLAIN), *times, zone])


def iso(at: datetime | None, zone: str) -> str:
    """An instant on the wall clock of a zone, with its offset; nothing for none."""
    return local(at, zone).isoformat(timespec="seconds") if at is not None else ""


def as_json(report: Report, about: dict[str, Any]) -> dict[str, Any]:
    """The same rows under what they are about."""
    return about | {"lines": [plain(row) for row in report.rows()]}


def as_table(report: Report, about: dict[str, Any]) -> str:
    """For a terminal: columns aligned, lengths in words."""
    head = ("Metric", "Priority", "Total", "Met", "Breached", "Running", "Paused", "Kept", "Average", "Median", "90 %")
    body = [table_row(row) for row in report.rows()] or [("No promises in this range.",)]
    widths = [max(len(row[i]) for row in [head, *body] if i < len(row) and len(row) > 1) for i in range(len(head))]
    lines = [
        f"{about['from']} to {about['to']} ({about['zone']})",
        aligned(head, widths),
        aligned(["-" * width for width in widths], widths),
    ]
    return "\n".join(lines + [aligned(row, widths) if len(row) > 1 else row[0] for row in body])


def table_row(row: dict[str, Any]) -> tuple[str, ...]:
    """A row in words."""
    kept = "–" if row["compliance"] is None else f"{row['compliance']:.1f} %"
    lengths = [duration(row[key]) for key in ("average_seconds", "median_seconds", "p90_seconds")]
    counts = [str(row[key]) for key in ("total", "met", "breached", "running", "paused")]
    return (LABELS[row["metric"]], row["priority"], *counts, kept, *lengths)


def aligned(row: Iterable[str], widths: list[int]) -> str:
    """Words to the left, figures to the right."""
    return "  ".join(text.ljust(width) if i < 2 else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths, strict=True)))
