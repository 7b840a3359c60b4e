"""The target of a first response as the automatic answer names it: `within 4 hours`. Pure."""

from app.sla.defaults import POLICIES
from app.sla.terms import FIRST, Terms
from app.sla.words import written_out

NO_PROMISE = "as soon as possible"


def within(terms: Terms | None, priority: str, plan_key: str | None) -> str | None:
    """The target that runs under these terms, in words; None where the plan's standard wording tells it.

    That is so where the plan's own policy holds around the clock with the figures that a new system begins with, and
    where nothing runs at all: then what is said depends on the plan and on where the ticket came from. Where only opening
    hours count, that is said: "within 24 hours" on a Friday would promise what Monday keeps.
    """
    if terms is None:
        return None
    minutes = terms.minutes.get(FIRST)
    if minutes is None:
        return NO_PROMISE
    is_plans = (terms.words.policy_from, terms.words.calendar_from) == ("plan", "policy")
    if is_plans and terms.hours.is_round_the_clock and minutes == standard(plan_key, priority):
        return None
    return f"within {written_out(minutes, terms.hours)}"


def standard(plan_key: str | None, priority: str) -> int | None:
    """Counted minutes to the first response by the figures of product and plan; None where there are none."""
    _, _, targets = POLICIES.get(plan_key or "", ("", "", {}))
    return targets.get(FIRST, {}).get(priority)
