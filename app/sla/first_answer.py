"""The target of a first response as the automatic answer names it: `within 4 hours`. Pure."""

from app.sla.defaults import POLICIES
from app.sla.hours import Calendar
from app.sla.terms import FIRST, Terms

NO_PROMISE = "as soon as possible"


def within(terms: Terms | None, priority: str, plan_key: str | None) -> str | None:
    """The target that runs under these terms, in words; None where the plan's standard wording tells it.

    That is so where the plan's own policy holds on its own calendar with the figures that a new system begins with, and
    where nothing runs at all: then what is said depends on the plan and on where the ticket came from.
    """
    if terms is None:
        return None
    minutes = terms.minutes.get(FIRST)
    if minutes is None:
        return NO_PROMISE
    is_plans = (terms.words.policy_from, terms.words.calendar_from) == ("plan", "policy")
    if is_plans and minutes == standard(plan_key, priority):
        return None
    return f"within {in_words(minutes, terms.hours)}"


def standard(plan_key: str | None, priority: str) -> int | None:
    """Counted minutes to the first response by the figures of product and plan; None where there are none."""
    _, _, targets = POLICIES.get(plan_key or "", ("", "", {}))
    return targets.get(FIRST, {}).get(priority)


def in_words(minutes: int, hours: Calendar) -> str:
    """`45 minutes`, `24 hours`, `3 days`; where only opening hours count, that is said: `6 business hours`."""
    is_always = hours.is_round_the_clock
    if is_always and minutes > 1440 and minutes % 1440 == 0:
        return count(minutes // 1440, "day")
    whole, rest = divmod(minutes, 60)
    if rest == 0:
        return count(whole, "hour" if is_always else "business hour")
    length = f"{count(whole, 'hour')} {count(rest, 'minute')}" if whole else count(rest, "minute")
    return length if is_always else f"{length}, counted in business hours"


def count(number: int, what: str) -> str:
    """`1 hour`, `4 hours`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
