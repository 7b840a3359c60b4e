"""What an event says on a ticket's timeline: a picture, a tone and a sentence. Pure: facts in, words out.

The customer's words differ from the desk's; which events a viewer gets at all is decided in queries.py.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.tickets.call_story import CALLS
from app.tickets.lines import Facts, Line, by, point, said
from app.tickets.merge_story import MERGES
from app.tickets.rules import CATEGORIES, CUSTOMER_STATUSES, STATUSES

METRICS = {"first_response": "first response", "next_response": "next response", "resolution": "resolution"}
PROMISED = {"first_response": "Our answer", "next_response": "Our next answer", "resolution": "Our solution"}
# Why a promise moved, for the customer too.
MOVED = {
    "priority": "the priority changed",
    "plan": "another plan or policy holds",
    "policy": "the policy was changed",
    "calendar": "the opening hours were changed",
    "escalation": "the escalation changed what we promise",
    "override": "terms were set for this ticket alone",
    "pause": "we wait for an answer",
    "hold": "the ticket is on hold",
    "resume": "we go on, and the time that it waited is not counted",
}
US = "HiveTechs Support"
# Why nobody is asked for a score.
UNASKED = {
    "of_staff": "the requester is one of us",
    "left": "the requester has left",
    "unanswered": "it was solved before any of us answered",
    "opened_by_staff": "one of us opened the ticket",
}
TRIGGERS = {
    "by_hand": "a person decided it",
    "sla_level": "a level of its SLA was reached",
    "production_down": "production is down",
    "security_vulnerability": "a vulnerability is reported",
    "data_loss": "data was lost or corrupted",
    "enterprise_escalation": "the customer asks for it",
    "critical_unresolved_24h": "it is critical and unresolved for more than 24 hours",
    "public_relations": "it may become public",
}


def told(kind: str, facts: Facts, actor: str | None, *, staff: bool) -> Line:
    """The line of one event. `actor` is a name, or None where the system did it. An unknown kind is told by its name."""
    writer = WRITERS.get(kind)
    if writer is None:
        return Line("info", "", (said(kind.replace(".", " ").replace("_", " ").capitalize()), *by(actor)))
    return writer(facts, actor, staff)


def status_word(status: str, staff: bool) -> str:
    """A status in the reader's words."""
    return (STATUSES if staff else CUSTOMER_STATUSES).get(status, status)


def status_changed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Staff set a status by hand."""
    mark = "hourglass" if facts["status"] == "pending_customer" else "activity"
    return Line(mark, "", (said("Status set to "), point(status_word(facts["status"], staff)), *by(actor)))


def replied(facts: Facts, actor: str | None, staff: bool) -> Line:
    """An answer brought another status along; the answer itself stands above."""
    if facts["by_staff"]:
        return status_changed(facts, actor, staff)
    return Line("refresh-cw", "", (point("Open again"), said(" with this answer")))


def resolved(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody called it solved."""
    return Line("circle-check", "ok", (said("Marked as "), point("resolved"), *by(actor)))


def reopened(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody brought it back."""
    reason = (str(facts["reason"]),) if facts.get("reason") else ()
    return Line("refresh-cw", "warn", (point("Reopened"), *by(actor)), reason)


def thanks_dismissed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A thank-you had reopened it, and somebody has seen that there is nothing to do."""
    return Line("circle-check", "ok", (point("Stays resolved"), said(": the last message was a thank-you"), *(by(actor) if staff else ())))


def closed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It ended for good."""
    return Line("lock", "", (point("Closed"), *by(actor)))


def priority_changed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Staff set another priority."""
    reason = (str(facts["reason"]),) if facts.get("reason") else ()
    parts = (said(f"Priority changed from {facts['old']} to "), point(facts["priority"]), *by(actor))
    return Line("flag", "", parts, reason)


def priority_confirmed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Staff decided on a raise beyond the plan."""
    if facts["accepted"]:
        return Line("flag", "ok", (said("Raise to "), point(facts["proposed"]), said(" confirmed"), *by(actor)))
    parts = (said(f"Raise to {facts['proposed']} declined, priority is "), point(facts["priority"]), *by(actor))
    return Line("flag", "", parts)


def triaged(facts: Facts, actor: str | None, staff: bool) -> Line:
    """What the rules decided, each with the rule that did."""
    details = tuple(filter(None, (decision_words(decision) for decision in facts.get("decisions") or ())))
    if staff or not facts.get("priority"):
        return Line("zap", "", (point("Triaged"), *by(actor)), details if staff else ())
    return Line("zap", "", (said("Priority set to "), point(facts["priority"]), *by(actor)))


def corrected(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A lead called a decision of triage wrong."""
    was, right = (str(facts[name]).replace("_", " ") for name in ("was", "should_be"))
    what = "escalation trigger" if facts["decision"] == "escalate" else facts["decision"]
    parts = (said(f"Triage corrected: {what} should not have been {was} but "), point(right), *by(actor))
    return Line("zap", "", parts, (f"Decided by rule {facts['rule']}",) if staff and facts["rule"] else ())


def decision_words(decision: Any) -> str:
    """One decision as a sentence: `Team: Engineering (rule: bug to engineering)`."""
    if not isinstance(decision, Mapping):
        return str(decision)
    if decision.get("text"):
        return str(decision["text"])
    what = str(decision.get("what") or decision.get("field") or "").replace("_", " ").capitalize()
    value = decision.get("value", decision.get("to", ""))
    rule = decision.get("rule") or decision.get("why") or ""
    return f"{what}: {value}" + (f" (rule: {rule})" if rule else "")


def assigned(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Another person takes it."""
    if not facts["assignee_name"]:
        if facts["old_name"] == actor:
            return Line("user", "", (point(actor), said(" gave this ticket back")))
        return Line("user", "", (point("Taken off"), said(f" {facts['old_name'] or 'everybody'}"), *by(actor)))
    if facts["assignee_name"] == actor:
        return Line("user", "", (point(actor), said(" took this ticket")))
    return Line("user", "", (said("Assigned to "), point(facts["assignee_name"]), *by(actor)))


def moved(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Another team takes it."""
    return Line("users", "", (said("Moved to "), point(facts["team"] or "no team"), *by(actor)))


def categorised(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It belongs elsewhere."""
    return Line("layers", "", (said("Category set to "), point(CATEGORIES.get(facts["category"], facts["category"])), *by(actor)))


def tagged(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Tags came and went."""
    changes = [*(f"+{tag}" for tag in facts["added"]), *(f"−{tag}" for tag in facts["removed"])]
    return Line("tag", "", (said("Tags "), point(", ".join(changes)), *by(actor)))


def follower_added(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody else hears of replies."""
    return Line("user-plus", "", (point(facts["name"] or facts["email"]), said(" follows this ticket, added"), *by(actor)))


def follower_removed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody hears no more."""
    return Line("user", "", (point(facts["name"] or facts["email"]), said(" no longer follows, removed"), *by(actor)))


def linked(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A link was added."""
    return Line("link", "", (said("Linked to "), point(facts["label"]), *by(actor)))


def unlinked(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A link was removed."""
    return Line("link", "", (said("Link to "), point(facts["label"]), said(" removed"), *by(actor)))


def escalated(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It went up a tier. Customers read that it did, not who is called or why we thought so."""
    if not staff:
        return Line("trending-up", "warn", (point("Escalated"), *by(actor), said(": senior engineers look at it first now")))
    steps = "within" if facts["old_tier"] == facts["tier"] else "to"
    parts = (point("Escalated"), said(f" {steps} tier {facts['tier']}"), *by(actor), said(f": {because(facts['trigger'])}"))
    team = (f"Goes to {facts['team']}.",) if facts.get("team") else ()
    within = (f"The plan promises an answer within {facts['response_minutes']} minutes.",) if facts.get("response_minutes") else ()
    return Line("trending-up", "warn", parts, (str(facts["reason"]), *team, *within))


def deescalated(facts: Facts, actor: str | None, staff: bool) -> Line:
    """The escalation is over: taken back, or with the ticket itself."""
    if not facts.get("reason"):
        return Line("trending-down", "", (said("The escalation is over: the ticket is resolved"),))
    if not staff:
        return Line("trending-down", "", (said("The escalation has ended"), *by(actor)))
    return Line("trending-down", "", (point("De-escalated"), said(f" to tier {facts['tier']}"), *by(actor)), (str(facts["reason"]),))


def escalation_proposed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A trigger leads beyond the plan, so somebody has to confirm it."""
    parts = (point("Escalation proposed"), said(f" to tier {facts['tier']}: {because(facts['trigger'])}"))
    return Line("trending-up", "warn", parts, (str(facts["reason"]), "It leads beyond the plan, so a person decides."))


def escalation_declined(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody decided against it."""
    return Line("trending-down", "", (said(f"Escalation to tier {facts['tier']} declined"), *by(actor)))


def because(trigger: str) -> str:
    """Why a ticket was escalated, in the middle of a sentence."""
    return TRIGGERS.get(trigger, trigger.replace("_", " "))


def warned(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A deadline is near."""
    return Line("hourglass", "warn", (point(f"The {METRICS.get(facts['metric'], facts['metric'])} target is near"),))


def level_reached(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A clock has come to a level; what that sets off stands below."""
    metric, does = METRICS.get(facts["metric"], facts["metric"]), facts["actions"]
    steps = (
        ("The priority is raised by one.", does["raise_priority"]),
        ("It goes to whoever is on call.", does["reassign"] == "on_call"),
        ("It is taken off its assignee.", does["reassign"] == "unassign"),
        ("It goes to another team.", str(does["reassign"]).startswith("team:")),
        ("It is escalated by a tier.", does["escalate"]),
    )
    parts = (said("Level "), point(facts["level"]), said(f" of the {metric} reached"))
    return Line("hourglass", "warn", parts, tuple(words for words, wanted in steps if wanted))


def promise_moved(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A due time that the customer had seen is another one now, with the reason."""
    what, why = PROMISED[facts["metric"]], MOVED.get(facts["reason"], "the service level changed")
    old = datetime.fromisoformat(facts["old"])
    if facts["new"] is None:
        return Line("pause", "", (point(f"{what} stands still"), said(f": {why}. It was due "), (old, False)))
    new = datetime.fromisoformat(facts["new"])
    return Line("clock", "", (said(f"{what} is now due "), (new, True), said(", it was "), (old, False), said(f": {why}")))


def breached(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A deadline has passed."""
    return Line("octagon-alert", "bad", (point(f"The {METRICS.get(facts['metric'], facts['metric'])} target was missed"),))


def mail_failed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A mail about the ticket did not arrive."""
    reason = (str(facts["reason"]),) if facts.get("reason") else ()
    return Line("mail", "bad", (point("A mail was not delivered"),), reason)


def mail_resent(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Staff tried again."""
    return Line("mail", "", (point("The mail was sent again"), *by(actor)))


def survey_invited(facts: Facts, actor: str | None, staff: bool) -> Line:
    """We asked what they think."""
    return Line("star", "", (said("Survey sent"),))


def survey_withheld(facts: Facts, actor: str | None, staff: bool) -> Line:
    """We did not ask, and why."""
    if facts["reason"] == "asked_lately":
        asked_at = datetime.fromisoformat(facts["asked_at"])
        parts = (said("No survey sent: they were asked "), (asked_at, False), said(f" about {facts['ref']}"))
        return Line("star", "", parts, ("Nobody is asked for a score again so soon.",))
    return Line("star", "", (said(f"No survey sent: {UNASKED[facts['reason']]}"),))


def survey_answered(facts: Facts, actor: str | None, staff: bool) -> Line:
    """They told us."""
    tone = "bad" if facts["low"] else "ok"
    return Line("star", tone, (said("Survey answered: "), point(f"{facts['overall_satisfaction']} of 5"), *by(actor)))


def guest_confirmed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """The address was proved."""
    return Line("mail", "", (said("E-mail address confirmed"), *by(actor)))


def terms_set(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A lead gave it a policy or a calendar of its own, or took them away."""
    own = [f"{what} {facts[what]}" for what in ("policy", "calendar") if facts[what]]
    if not own:
        return Line("clock", "", (point("Terms of its own taken away"), *by(actor)), (str(facts["reason"]),))
    return Line("clock", "", (said("Terms of its own: "), point(" and ".join(own)), *by(actor)), (str(facts["reason"]),))


def alert_raised(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody is told by the alert routes."""
    again = {"severity": " became graver", "news": " has news", "silence_ended": " is no longer silent"}.get(facts["why"], " raised")
    return Line(
        "octagon-alert",
        "bad" if facts["severity"] in ("critical", "page") else "warn",
        (point("Alert"), said(again)),
        (str(facts["title"]),),
    )


def alert_climbed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Nobody acknowledged in time."""
    return Line("arrow-up", "warn", (point("Alert"), said(f" went to step {facts['rung'] + 1} of its ladder")))


def alert_acknowledged(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Somebody takes care of it."""
    return Line("check", "ok", (point("Alert"), said(" acknowledged"), *by(actor)), (str(facts["title"]),))


def alert_resolved(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It is over."""
    return Line("circle-check", "", (point("Alert"), said(" resolved"), *by(actor)), (str(facts["title"]),))


def alert_failed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A message of an alert did not arrive."""
    return Line("circle-alert", "warn", (point("A message of an alert"), said(" did not arrive")), (str(facts["reason"]),))


def drafted(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A reply became the draft of an answer in the help centre."""
    return Line("book-open", "info", (said("A reply became an answer for the help centre: "), point(facts["title"]), *by(actor)))


WRITERS: dict[str, Callable[[Facts, str | None, bool], Line]] = {
    "alert.raised": alert_raised,
    "alert.climbed": alert_climbed,
    "alert.acknowledged": alert_acknowledged,
    "alert.resolved": alert_resolved,
    "alert.delivery_failed": alert_failed,
    "ticket.triaged": triaged,
    "triage.corrected": corrected,
    "ticket.replied": replied,
    "ticket.status_changed": status_changed,
    "ticket.priority_changed": priority_changed,
    "ticket.priority_confirmed": priority_confirmed,
    "ticket.assigned": assigned,
    "ticket.moved": moved,
    "ticket.categorised": categorised,
    "ticket.tagged": tagged,
    "ticket.follower_added": follower_added,
    "ticket.follower_removed": follower_removed,
    "ticket.resolved": resolved,
    "ticket.reopened": reopened,
    "ticket.closed": closed,
    "ticket.thanks_dismissed": thanks_dismissed,
    "ticket.linked": linked,
    "ticket.unlinked": unlinked,
    "ticket.escalated": escalated,
    "ticket.deescalated": deescalated,
    "ticket.escalation_proposed": escalation_proposed,
    "ticket.escalation_declined": escalation_declined,
    "sla.warned": warned,
    "sla.breached": breached,
    "sla.terms_set": terms_set,
    "sla.level_reached": level_reached,
    "sla.promise_moved": promise_moved,
    "mail.failed": mail_failed,
    "mail.resent": mail_resent,
    **CALLS,
    **MERGES,
    "survey.invited": survey_invited,
    "survey.withheld": survey_withheld,
    "survey.answered": survey_answered,
    "guest.confirmed": guest_confirmed,
    "knowledge.drafted_from_ticket": drafted,
}
