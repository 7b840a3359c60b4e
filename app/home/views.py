"""The portal's home in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.analytics.queries import PORTAL_DAYS, PortalFigures
from app.analytics.rules import PORTAL_RESOLUTION_TARGET, tone
from app.analytics.views import share
from app.lib.times import duration
from app.sla.hours import Calendar
from app.sla.words import length, soon
from app.tickets.rules import rank

ENTERPRISE_TIER = 3
# (icon, title, words, section, slug)
ENTERPRISE = (
    ("layers", "Deployment", "Air-gapped installs, proxies, mirrors", "enterprise", "deployment"),
    ("shield", "Security", "Data handling, access and audit", "enterprise", "security"),
    ("users", "Team management", "Roles, groups and single sign-on", "enterprise", "team-management"),
    ("file-text", "Compliance", "Evidence, retention and reports", "enterprise", "compliance"),
    ("plug", "LSP integration", "Editors, language servers, timeouts", "api-reference", "lsp-integration"),
    ("webhook", "Hooks system", "Checks and gates around each run", "api-reference", "hooks-system"),
)
EVERYBODY = (
    ("terminal", "Installation", "Get Hive onto a machine", "getting-started", "installation"),
    ("book-open", "First steps", "From the first question to a plan", "getting-started", "first-steps"),
    ("list", "CLI commands", "Every command and its options", "user-guide", "cli-commands"),
    ("circle-help", "Common issues", "What others ran into, and the way out", "troubleshooting", "common-issues"),
    ("zap", "Performance tuning", "Faster runs on large repositories", "troubleshooting", "performance-tuning"),
    ("users", "Community", "Where to ask and how to help", "community", "support"),
)


@dataclass(frozen=True)
class Card:
    """One card. `share` and `mark` are percentages of a meter; tone is ok, warn or None."""

    title: str
    value: str
    unit: str = ""
    tone: str | None = None
    note: str = ""
    trend: str = ""
    arrow: str = ""
    share: int | None = None
    mark: int | None = None
    meter: str = ""


def cards(figures: PortalFigures, hours: Calendar | None) -> list[Card]:
    """Open tickets with their trend, average response against the target on its `hours`, resolution rate against 99 %."""
    return [still_open(figures), response(figures, hours), resolution(figures)]


def still_open(figures: PortalFigures) -> Card:
    """How many are open, and whether that is more than a week ago."""
    if figures.trend == 0:
        words, arrow = "As many as last week", ""
    else:
        words = f"{abs(figures.trend)} {'more' if figures.trend > 0 else 'fewer'} than last week"
        arrow = "trending-up" if figures.trend > 0 else "trending-down"
    waits = f"{figures.needs_you} need{'s' if figures.needs_you == 1 else ''} your reply" if figures.needs_you else "None waits for you"
    return Card("Open tickets", f"{figures.open:,}", note=waits, trend=words, arrow=arrow, tone="warn" if figures.needs_you else None)


def response(figures: PortalFigures, hours: Calendar | None) -> Card:
    """The average first response of the last 90 days; what is promised in opening hours is counted and told in them."""
    average, target = figures.average_response, figures.target
    good = tone(average, target, lower_is_better=True)
    if average is None:
        return Card("Average response time", duration(None), note="No tickets yet" if figures.resolution_rate is None else "No answer yet")
    if target is None:
        return Card("Average response time", duration(average), note="Best effort on your plan")
    taken, most = (duration(time) if hours is None else length(int(time), hours) for time in (average, target))
    return Card(
        "Average response time",
        taken,
        tone=good,
        note=f"Target: under {most}" + ("" if hours is None or hours.is_round_the_clock else ", in business hours"),
        trend="On target" if good == "ok" else "Over target",
        arrow="check" if good == "ok" else "triangle-alert",
        share=share(average, target),
        meter=f"{taken} of {most} used",
    )


def resolution(figures: PortalFigures) -> Card:
    """The share of the tickets of the last 90 days that is resolved."""
    rate = figures.resolution_rate
    if rate is None:
        return Card("Resolution rate", "–", note="No tickets yet")
    missing = (PORTAL_RESOLUTION_TARGET - rate) * 100
    return Card(
        "Resolution rate",
        f"{rate * 100:.1f}",
        "%",
        tone=tone(rate, PORTAL_RESOLUTION_TARGET),
        note=f"Target: 99 %, last {PORTAL_DAYS} days",
        trend="On target" if missing <= 0 else f"{missing:.1f} points below",
        arrow="check" if missing <= 0 else "triangle-alert",
        share=round(rate * 100),
        mark=round(PORTAL_RESOLUTION_TARGET * 100),
        meter=f"{rate * 100:.1f} percent, target 99 percent",
    )


def promises(minutes: Mapping[str, int], hours: Calendar | None) -> list[tuple[str, str]]:
    """(priority, how soon the first response comes) of the contract, most urgent first; `hours` are those that count."""
    if hours is None:
        return []
    return [(priority, soon(minutes[priority] * 60, hours)) for priority in sorted(minutes, key=rank, reverse=True)]


def resources(plan: Any) -> tuple[tuple[str, str, str, str, str], ...]:
    """The pages that fit the plan."""
    return ENTERPRISE if plan is not None and plan.tier == ENTERPRISE_TIER else EVERYBODY
