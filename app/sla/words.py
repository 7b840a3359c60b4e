"""Clocks in words: for the "why" panel and for the customer's promise. Pure."""

from datetime import datetime
from typing import TYPE_CHECKING

from app.lib.times import duration, in_words, local
from app.sla import clock as pure
from app.sla.hours import SECOND, Calendar, from_us, to_us
from app.sla.terms import FIRST, LABELS, NEXT, RESOLUTION

if TYPE_CHECKING:
    from app.sla.held import Held

PROMISES = {FIRST: "a first response", NEXT: "an answer", RESOLUTION: "a solution"}
BEGINNINGS = {FIRST: "We answer by", NEXT: "Our next answer comes by", RESOLUTION: "We aim to solve this by"}
ENDED = {FIRST: "answered", NEXT: "answered", RESOLUTION: "resolved"}


# Whose policy it is, and who chose its calendar where that was not the policy.
OWNERS = {"ticket": "the policy set for this ticket", "organization": "the organization's own policy", "plan": "the plan's policy"}
CHOSEN = {
    "ticket": " (set for this ticket)",
    "organization": " (the organization's own)",
    "policy": "",
    "plan": " (the plan's)",
    "default": " (the default one)",
}


def length(seconds: int, hours: Calendar) -> str:
    """A counted length: `3 d` around the clock, but `24 h` where a day has only its opening hours."""
    if hours.is_round_the_clock or seconds < 86_400:
        return duration(seconds)
    whole, rest = divmod(seconds // 60, 60)
    return f"{whole} h {rest} min" if rest else f"{whole} h"


def written_out(minutes: int, hours: Calendar) -> str:
    """A target in the customer's words: `45 minutes`, `24 hours`, `3 days`; where only opening hours count, that is said.

    `6 business hours`; and whole days, where all are open for as long: `3 business days`.
    """
    is_always = hours.is_round_the_clock
    if is_always and minutes > 1440 and minutes % 1440 == 0:
        return count(minutes // 1440, "day")
    day = None if is_always else hours.business_day
    if day and minutes % day == 0:
        return count(minutes // day, "business day")
    whole, rest = divmod(minutes, 60)
    if rest == 0:
        return count(whole, "hour" if is_always else "business hour")
    written = f"{count(whole, 'hour')} {count(rest, 'minute')}" if whole else count(rest, "minute")
    return written if is_always else f"{written}, counted in business hours"


def count(number: int, what: str) -> str:
    """`1 hour`, `4 hours`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def left(tone: str, state: str, remaining: int, counted: int, hours: Calendar) -> str:
    """The figure at the right of a clock: what is left, how far over it is, or how long it took."""
    if state == "stopped":
        return length(counted, hours)
    if remaining < 0:
        return f"{length(-remaining, hours)} over"
    return "now due" if tone == "breach" else length(remaining, hours)


# Which one won, of those that could hold.
POLICY_WON = {
    "ticket": "set for this ticket, before its organization's and its plan's",
    "organization": "the organization's own, before its plan's",
    "plan": "the plan's; neither ticket nor organization has one of its own",
}
CALENDAR_WON = {
    "ticket": "set for this ticket, before all others",
    "organization": "the organization's own, before that of the policy",
    "policy": "the policy's; neither ticket nor organization has one of its own",
    "plan": "the plan's, as the organization's policy names none",
    "default": "the default one, as nothing else names one",
}


def won(one: "Held", zone: str) -> list[tuple[str, str]]:
    """Which policy and which calendar hold, in which version, and why these: (what, words)."""
    clock, source = one.clock, one.source
    policy = f"{source.policy}, {version(clock.policy_version, source.policy_changed_at, zone)}"
    calendar = f"{source.calendar}, {version(clock.calendar_version, source.calendar_changed_at, zone)}"
    return [
        ("Policy", f"{policy}: {POLICY_WON[clock.policy_from]}"),
        ("Calendar", f"{calendar}: {CALENDAR_WON[clock.calendar_from]}"),
    ]


def version(number: int, since: datetime, zone: str) -> str:
    """`version 3 of Tue 24 Nov, 14:30 CET`; the first has no date that says anything."""
    return f"version {number} of {in_words(since, zone)}" if number > 1 else "version 1"


def counted_on(one: "Held") -> str:
    """How time is counted."""
    if one.hours.is_round_the_clock:
        return f"counted around the clock{CHOSEN[one.source.calendar_from]}"
    return f"counted on the calendar “{one.source.calendar}”{CHOSEN[one.source.calendar_from]}"


def basis(one: "Held", zone: str) -> str:
    """The rule, with where it comes from."""
    clock, owner = one.clock, OWNERS[one.source.policy_from]
    target = length(clock.target_seconds, one.hours)
    if clock.capped_at is not None:
        return (
            f"the ticket was escalated {in_words(clock.capped_at, zone)}, and its plan promises {PROMISES[clock.metric]} within "
            f"{length(cap_seconds(one, clock.capped_at), one.hours)} of that, sooner than “{one.source.policy}” does; {counted_on(one)}"
        )
    return (
        f"“{one.source.policy}”, {owner}, promises {PROMISES[clock.metric]} to {clock.priority} tickets within {target}, "
        f"{counted_on(one)} from {in_words(clock.started_at, zone)}"
    )


def cap_seconds(one: "Held", capped_at: datetime) -> int:
    """How long after an escalation, or after its own start if that is later, a capped clock is due."""
    start, since = to_us(one.clock.started_at), to_us(capped_at)
    return one.clock.target_seconds - (one.hours.counted(start, since) // SECOND if since > start else 0)


def stood_still(case: pure.Case, end: int) -> str:
    """How long the clock was paused, and why."""
    total, reasons = 0, []
    for stretch in pure.stretches(case):
        until = end if stretch.end is None else min(stretch.end, end)
        if not stretch.runs and until > stretch.start:
            total += until - stretch.start
            reasons.append(pure.standing(stretch.status))
    if not total:
        return ""
    return f" It stood still for {duration(total // SECOND)}: {', '.join(dict.fromkeys(reasons))}."


def changed_at(one: "Held") -> datetime | None:
    """When the policy or the calendar of a clock was changed while it ran; a plan's first version has always held."""
    clock, source = one.clock, one.source
    policy = source.policy_changed_at if clock.policy_version > 1 or clock.policy_from != "plan" else None
    calendar = source.calendar_changed_at if clock.calendar_version > 1 else None
    return max((at for at in (policy, calendar) if at is not None and at > clock.started_at), default=None)


def edited(one: "Held", zone: str) -> str:
    """That the policy or its calendar was edited while the clock ran."""
    changed = changed_at(one)
    if changed is None:
        return ""
    return f" The policy changed on {in_words(changed, zone)}; the time is computed by the new one, from the beginning."


def sentence(one: "Held", case: pure.Case, tone: str, *, now: datetime, zone: str) -> str:
    """The whole reason: when it is due, by which policy and calendar, and what was skipped."""
    clock, label = one.clock, LABELS[one.clock.metric]
    end = to_us(clock.stopped_at or now)
    because = f" because {basis(one, zone)}."
    tail = stood_still(case, end) + edited(one, zone)
    if clock.state == "cancelled":
        return f"{label} is not promised any more: its priority or plan has no target for it." + tail
    if clock.state == "stopped":
        used = length(pure.elapsed(case, end) // SECOND, one.hours)
        kept = "Missed" if tone == "missed" else "Kept"
        when = f", where it was due {in_words(clock.breached_at, zone)}," if clock.breached_at else ""
        return f"{kept}: {ENDED[clock.metric]} {in_words(clock.stopped_at or now, zone)} after {used}{when}{because}" + tail
    if case.stands_still:
        return f"{label} has no due time while it stands still,{because[:-1]}.{tail}{if_resumed(one, case, now, zone)}"
    due = pure.due(case)
    if due is None:
        return f"{label} is never due. {pure.no_due_reason(case)}" + tail
    was = "was due" if tone == "breach" else "is due"
    return f"{label} {was} {in_words(from_us(due), zone)}{because}{tail}"


def if_resumed(one: "Held", case: pure.Case, now: datetime, zone: str) -> str:
    """When a paused clock would be due."""
    due = pure.due(case, as_of=to_us(now))
    return "" if due is None else f" Resumed now, it would be due {in_words(from_us(due), zone)}."


def promised(one: "Held", *, now: datetime, zone: str) -> str:
    """The promise of a running clock, for the customer."""
    clock = one.clock
    by = on_both_clocks(clock.due_at or now, zone, one.hours.zone.key)
    if clock.breached_at is not None or (clock.due_at is not None and clock.due_at < now):
        return f"{'Our solution' if clock.metric == RESOLUTION else 'Our answer'} was due by {by}. We are late, and whoever is in charge knows."
    if clock.capped_at is not None:
        within = within_words(cap_seconds(one, clock.capped_at), one.hours)
        return f"{BEGINNINGS[clock.metric]} {by}, because this ticket is escalated and your plan then promises {PROMISES[clock.metric]} within {within}."
    within = within_words(clock.target_seconds, one.hours)
    return (
        f"{BEGINNINGS[clock.metric]} {by}, because your plan promises {PROMISES[clock.metric]} to {clock.priority} tickets within {within}."
    )


def within_words(seconds: int, hours: Calendar) -> str:
    """`4 h around the clock`, `3 business days`: how long, and what of it counts."""
    return soon(seconds, hours) + (" around the clock" if hours.is_round_the_clock else "")


def soon(seconds: int, hours: Calendar) -> str:
    """`4 h`, or `3 business days` where only opening hours count: a promise in few words."""
    return length(seconds, hours) if hours.is_round_the_clock else written_out(seconds // 60, hours)


def on_both_clocks(at: datetime, zone: str, ours: str) -> str:
    """`Mon 23 Nov, 09:00 EST your time (15:00 CET ours)`; only theirs where both clocks show the same."""
    theirs, here = local(at, zone), local(at, ours)
    if theirs.utcoffset() == here.utcoffset():
        return in_words(at, zone)
    day = "" if theirs.date() == here.date() else f"{here:%a} "
    return f"{in_words(at, zone)} your time ({day}{here:%H:%M %Z} ours)"


def waits(one: "Held", status: str) -> str:
    """What a paused resolution clock means to the customer."""
    rest = max(one.clock.target_seconds - (one.clock.elapsed_seconds or 0), 0)
    why = "we wait for your answer" if status == "pending_customer" else "the ticket is on hold"
    return f"Our time to solve this stands still while {why}; {length(rest, one.hours)} of it are left."
