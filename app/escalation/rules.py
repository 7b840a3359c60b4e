"""The decisions of escalation: what a path may look like, and what becomes of a trigger. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.triage.vocabulary import TRIGGER_NAMES

TIERS = (1, 2, 3)
# What escalates a ticket. The first six act by themselves where the matrix says so; the others are a person, and a level of a clock.
TRIGGERS = TRIGGER_NAMES
BY_HAND, BY_LEVEL = "by_hand", "sla_level"
REASONS = {BY_HAND: "A person’s decision", **TRIGGERS}
# Who a step of a path can call; besides, anybody at the desk by name: `user:<id>`.
WHO = {
    "on_call": "Who is on call for the team",
    "next_on_call": "The next on the team’s rota",
    "assignee": "The ticket’s assignee",
    "team_leads": "The team’s leads",
    "executive": "The executive on duty",
}
EXECUTIVE = "executive"
MOST_STEPS = 6
LATEST_MINUTES = 24 * 60
REASON_LENGTH = 1_000
URGENT = ("critical", "emergency")
# How long a critical ticket may be unresolved before it escalates.
UNRESOLVED = timedelta(hours=24)


@dataclass(frozen=True)
class Step:
    """One step of a path: who, and how many minutes after the escalation."""

    who: str
    after_minutes: int


@dataclass(frozen=True)
class Trigger:
    """What the matrix says of a trigger."""

    key: str
    tier: int
    pages: bool
    any_plan: bool


def steps_of(path: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The steps of a stored path."""
    return [Step(str(step["who"]), int(step["after_minutes"])) for step in path]


def refusals(steps: Sequence[Step], *, people: Collection[int], executives: Collection[int]) -> dict[int, str]:
    """What is wrong with a path: step (from 0) → a sentence; empty if it can be used.

    `people` are the ids of everybody at the desk, `executives` of those whom the matrix names as such.
    """
    if not steps:
        return {0: "Give the path at least one step: somebody has to be told."}
    wrong = {number: problem for number, step in enumerate(steps) if (problem := wrong_with(step, people))}
    for number in range(1, len(steps)):
        if steps[number].after_minutes <= steps[number - 1].after_minutes:
            wrong.setdefault(number, "Each step comes later than the one before it.")
    last = steps[-1].who
    if last != EXECUTIVE and person_of(last) not in executives:
        wrong.setdefault(len(steps) - 1, "A path ends with an executive: the one on duty, or one of those named below.")
    return wrong


def wrong_with(step: Step, people: Collection[int]) -> str | None:
    """What is wrong with one step by itself."""
    if not step.who:
        return "Say who is told at this step."
    if step.who not in WHO and person_of(step.who) not in people:
        return "Choose somebody who works at the desk."
    if not 0 <= step.after_minutes <= LATEST_MINUTES:
        return f"Minutes are a number from 0 to {LATEST_MINUTES}."
    return None


def person_of(who: str) -> int | None:
    """The id of the person that a step names, or None where it names a role."""
    kind, _, number = who.partition(":")
    return int(number) if kind == "user" and number.isascii() and number.isdigit() and len(number) < 11 else None


def ladder(path: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The path as alerts climb it: their minutes count from the step before, not from the beginning."""
    steps, before = [], 0
    for step in steps_of(path):
        steps.append({"who": step.who, "after_minutes": step.after_minutes - before})
        before = step.after_minutes
    return steps


def strongest(pulled: Sequence[Trigger]) -> Trigger | None:
    """Which of several triggers counts: the highest tier, then one that pages, then the first."""
    return max(pulled, key=lambda trigger: (trigger.tier, trigger.pages), default=None)


def waits(trigger: Trigger, plan_tier: int) -> bool:
    """Whether a trigger leads beyond what the plan allows, so that somebody at the desk confirms it first."""
    return not trigger.any_plan and trigger.tier > plan_tier


def is_news(open_tier: int | None, open_pages: bool, to_tier: int, pages: bool) -> bool:
    """Whether an escalation goes beyond the one that is open (`open_tier` None: there is none)."""
    return open_tier is None or to_tier > open_tier or (to_tier == open_tier and pages and not open_pages)


def can_ask(role: str, escalated_response_minutes: int | None) -> bool:
    """Whether a customer of a plan may escalate by themselves: plans with a promise for it do."""
    return role in ("customer", "customer_admin") and escalated_response_minutes is not None
