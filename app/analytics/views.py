"""What the dashboard shows, in words: cards with change or target, chart geometry, table rows. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.analytics import charts, rules
from app.analytics.queries import Report
from app.lib.times import duration
from app.tickets.rules import CATEGORIES

LEAST_FOR_PERCENT = 20


@dataclass(frozen=True)
class Card:
    """One figure: its value and unit, how it moved, what it is measured against. `share` and `mark` are percentages of a meter."""

    key: str
    title: str
    value: str
    unit: str = ""
    tone: str | None = None
    trend: str = ""
    arrow: str = ""
    note: str = ""
    share: int | None = None
    mark: int | None = None
    meter: str = ""
    figure: str = ""


def cards(report: Report) -> list[Card]:
    """The four cards in their order."""
    return [volume(report), response(report), resolution(report), satisfaction(report)]


def volume(report: Report) -> Card:
    """Tickets opened, against the period before."""
    words, arrow = relative(report.now.opened, report.before.opened)
    return Card(
        "volume",
        "Total tickets",
        f"{report.now.opened:,}",
        trend=words,
        arrow=arrow,
        note=f"Before: {report.before.opened:,}",
        figure="opened",
    )


def response(report: Report) -> Card:
    """Average first response, against the average of the targets that were promised."""
    average, target = report.now.average_response, report.now.average_target
    before = report.before.average_response
    faster = before - average if before is not None and average is not None else None
    words = "" if faster is None else f"{duration(abs(faster))} {'faster' if faster >= 0 else 'slower'}"
    return Card(
        "response",
        "Average response time",
        duration(average),
        tone=rules.tone(average, target, lower_is_better=True),
        trend=words,
        arrow="" if faster is None else "trending-down" if faster >= 0 else "trending-up",
        note=f"Target under {duration(target)}" if target is not None else "Nothing was promised",
        share=share(average, target),
        meter=f"{duration(average)} of {duration(target)}" if target is not None else "",
        figure="unanswered",
    )


def resolution(report: Report) -> Card:
    """The share of the range's tickets that is resolved, against 95 %.

    It is not compared with the period before: those tickets had that much longer, so every range would seem to get worse.
    """
    rate = report.now.resolution_rate
    return Card(
        "resolution",
        "Resolution rate",
        f"{rate * 100:.1f}" if rate is not None else "–",
        "%" if rate is not None else "",
        tone=rules.tone(rate, rules.RESOLUTION_TARGET),
        trend=f"{report.now.opened_resolved} of {report.now.opened} by now" if rate is not None else "",
        note=f"Target {rules.RESOLUTION_TARGET:.0%}".replace("%", " %"),
        share=round(rate * 100) if rate is not None else None,
        mark=round(rules.RESOLUTION_TARGET * 100),
        meter=f"{rate * 100:.1f} percent, target 95 percent" if rate is not None else "",
        figure="unresolved",
    )


def satisfaction(report: Report) -> Card:
    """The average overall score, against 4.5 of 5."""
    average, before = report.now.average_satisfaction, report.before.average_satisfaction
    words, arrow = moved(average - before if average is not None and before is not None else None, "higher", "lower")
    answers = report.now.surveys
    return Card(
        "satisfaction",
        "Customer satisfaction",
        f"{average:.1f}" if average is not None else "–",
        "of 5" if average is not None else "",
        tone=rules.tone(average, rules.SATISFACTION_TARGET),
        trend=words,
        arrow=arrow,
        note=f"Target {rules.SATISFACTION_TARGET}, {answers} answer{'' if answers == 1 else 's'}",
        share=round(average / 5 * 100) if average is not None else None,
        mark=round(rules.SATISFACTION_TARGET / 5 * 100),
        meter=f"{average:.1f} of 5, target {rules.SATISFACTION_TARGET}" if average is not None else "",
    )


def relative(now: int, before: int) -> tuple[str, str]:
    """(words, icon) of a change: in percent, or in numbers where the period before is too small for percent to mean much."""
    if now == before:
        return "No change", ""
    words = f"{abs(now - before) / before * 100:.1f} %" if before >= LEAST_FOR_PERCENT else f"{abs(now - before):,}"
    return f"{words} {'more' if now > before else 'fewer'}", "trending-up" if now > before else "trending-down"


def moved(by: float | None, more: str, less: str) -> tuple[str, str]:
    """(words, icon) of a change in units of its own, nothing where it is unknown; what rounds to nought has not changed."""
    if by is None:
        return "", ""
    if round(abs(by), 1) == 0:
        return "No change", ""
    return f"{abs(by):.1f} {more if by > 0 else less}", "trending-up" if by > 0 else "trending-down"


def share(value: float | None, target: float | None) -> int | None:
    """How much of a target is used, in percent, 100 at most."""
    return min(100, round(value / target * 100)) if value is not None and target else None


@dataclass(frozen=True)
class Volume:
    """The line chart of ticket volume, with the rows of the table behind it: (label, opened, resolved, opened before)."""

    scale: charts.Scale
    opened: str
    area: str
    resolved: str
    before: str
    labels: Sequence[str]
    rows: Sequence[tuple[str, int, int, int]]
    sentence: str


def volume_chart(report: Report) -> Volume:
    """Tickets opened and resolved in each unit of the range, and opened in the period before."""
    opened = [totals.opened for _, totals in report.units]
    resolved = [totals.resolved for _, totals in report.units]
    before = [totals.opened for totals in report.units_before]
    on = charts.scale([*opened, *resolved, *before])
    names = [unit_words(unit) for unit, _ in report.units]
    step = charts.every(len(names), 8)
    return Volume(
        on,
        charts.line(opened, on),
        charts.area(opened, on),
        charts.line(resolved, on),
        charts.line(before, on),
        [name if n % step == 0 else "" for n, name in enumerate(names)],
        list(zip(names, opened, resolved, before, strict=True)),
        volume_sentence(names, opened, resolved),
    )


def volume_sentence(names: Sequence[str], opened: Sequence[int], resolved: Sequence[int]) -> str:
    """The chart in a sentence, for who cannot see it."""
    if not sum(opened):
        return "No tickets were opened in this range."
    most = max(range(len(opened)), key=opened.__getitem__)
    return f"{sum(opened)} tickets were opened and {sum(resolved)} resolved; the most, {opened[most]}, were opened on {names[most]}."


def unit_words(unit: datetime | date) -> str:
    """`14:00` for an hour, `Tue 17 Nov` for a day; UTC."""
    return f"{unit:%H:%M}" if isinstance(unit, datetime) else f"{unit:%a} {unit.day} {unit:%b}"


@dataclass(frozen=True)
class Histogram:
    """First response times by bucket: bars for the chart, rows (key, words, count) for the table."""

    scale: charts.Scale
    bars: Sequence[charts.Bar]
    rows: Sequence[tuple[str, str, int]]
    sentence: str


def response_chart(report: Report) -> Histogram:
    """How soon the tickets of the range were first answered."""
    counts = report.now.buckets
    on = charts.scale(counts)
    words = list(rules.BUCKET_WORDS.values())
    within_hour = sum(counts[:4])
    sentence = (
        f"{within_hour} of {report.now.responses} answered tickets had their first response within one hour."
        if report.now.responses
        else "No ticket of this range has been answered yet."
    )
    return Histogram(on, charts.bars(counts, words, on), list(zip(rules.BUCKETS, words, counts, strict=True)), sentence)


def category_rows(report: Report) -> list[tuple[str, str, int, int, int]]:
    """(key, words, count, percent of all, percent of the largest) for each category with tickets."""
    total = sum(number for _, number in report.categories)
    largest = max([1, *(number for _, number in report.categories)])
    return [
        (key, CATEGORIES.get(key, key), n, round(n / total * 100), max(1, round(n / largest * 100))) for key, n in report.categories if n
    ]


def range_words(report: Report) -> str:
    """`Tue 17 November to Mon 23 November 2026, compared with the 7 days before. Days are UTC.`"""
    span = report.span
    length = "24 hours" if span.unit == "hour" else f"{(span.end - span.start).days} days"
    return f"{span.words}, compared with the {length} before. {span.zone_words}"


CSV_HEAD = ("from (UTC)", "opened", "resolved", "answered", "average first response (s)", "surveys", "average satisfaction")


def csv_of(report: Report) -> str:
    """A line for each hour or day of the range."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(CSV_HEAD)
    for unit, totals in report.units:
        answered = (totals.responses, plain(totals.average_response), totals.surveys, plain(totals.average_satisfaction))
        lines.writerow((unit.isoformat(), totals.opened, totals.resolved, *answered))
    return out.getvalue()


def plain(value: float | None) -> str:
    """A number for a spreadsheet; nothing where there is none."""
    return "" if value is None else f"{value:.2f}"
