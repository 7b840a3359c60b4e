"""What triage decides about a ticket, and how leads change its rules. Each action records one event; none commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from app.accounts.models import Plan, User
from app.accounts.permissions import may
from app.events.actions import record
from app.lib.database import give
from app.lib.errors import NotAllowed
from app.macros import actions as macros
from app.macros import rendering
from app.macros import rules as placeholders
from app.triage import queries
from app.triage.rules import Because, Decision, Intake, decide, timeframe
from app.triage.vocabulary import CATEGORY_NAMES

# Answers of a ticket's form that are choices or machine output, not the author's words.
NOT_WORDS = frozenset({"version", "platform", "logs", "checks", "priority", "category"})


def triage(
    ticket: Any, *, title: str, body: str | None, labels: Sequence[str], plan: Plan | None, kept: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Decide on a new ticket and put the decision on it, before its row is written. Returns the facts of ticket.triaged.

    Sets priority, promised_priority, needs_confirmation, team, category and tier, but for the fields that somebody at the desk has
    `kept`. A raise beyond the plan is shown, but not promised until somebody confirms it. Who writes the row records ticket.triaged.
    One statement, one more after a rule has changed.
    """
    intake = Intake(title, body, tuple(labels), ticket.kind, plan.key if plan else None, ticket.priority, ticket.category)
    rules, teams = queries.rules_and_teams()
    decision = decide(intake, rules)
    promised_before = ticket.promised_priority
    apply(ticket, decision, teams, kept)
    because = reasons(decision, {field: getattr(ticket, field) for field in kept})
    return {"decisions": because, "priority": ticket.promised_priority if ticket.promised_priority != promised_before else None}


def take_template(ticket: Any, facts: dict[str, Any], now: datetime) -> str | None:
    """The approved first response to a ticket of this kind, counted as used and told among the `facts` of ticket.triaged; None without one.

    To be filled by `first_response` once the clocks run. One statement, which holds the template's row: the later the better.
    """
    template = macros.take_first_response(ticket.kind, now=now)
    if template is None:
        return None
    why = "The approved template of its kind."
    facts["decisions"].append(told(Because("first_response", template.title, f"first_response.{ticket.kind}", why)))
    return cast(str, template.body)


def retriage(ticket: Any, *, actor: User, now: datetime, labels: Sequence[str] = ()) -> bool:
    """Ask the rules again, from the words of the form; True if something changed, and then ticket.triaged is recorded.

    What a person at the desk has decided since (priority, team, category) stays. The ticket's requester must be loaded.
    The caller sets the clocks to the new priority (`sla.actions.retarget`). Raises NotAllowed. Four statements.
    """
    if not may(actor.role, "ticket.work"):
        raise NotAllowed("Only staff can ask the rules again.")
    chosen, kept = queries.settled(ticket.id)
    plan = ticket.requester.plan
    body = words_of(ticket.fields)
    intake = Intake(
        ticket.subject, body, tuple(labels), ticket.kind, plan.key if plan else None, chosen or ticket.priority, ticket.category
    )
    rules, teams = queries.rules_and_teams()
    decision = decide(intake, rules)
    before, promised_before = state(ticket), ticket.promised_priority
    apply(ticket, decision, teams, frozenset(kept))
    if state(ticket) == before:
        return False
    ticket.active_at = now
    because = reasons(decision, {field: before[field] for field in kept})
    facts = {"decisions": because, "priority": ticket.promised_priority if ticket.promised_priority != promised_before else None}
    record("ticket.triaged", now=now, actor=actor, ticket=ticket, facts=facts)
    return True


def apply(ticket: Any, decision: Decision, teams: Mapping[str, Any], kept: frozenset[str]) -> None:
    """Write a decision on the ticket, but for the fields that are to be kept. A team that somebody has removed is passed over."""
    if "priority" not in kept:
        ticket.priority, ticket.promised_priority = decision.priority, decision.promised
        ticket.needs_confirmation = decision.needs_confirmation
    if "category" not in kept:
        ticket.category = decision.category
    if "team" not in kept and decision.team in teams:
        team = queries.team_of(teams[decision.team])
        ticket.team_id = team.id
        give(ticket, team=team)
    ticket.tier = max(decision.tier, ticket.tier)


def state(ticket: Any) -> dict[str, Any]:
    """What triage may change on a ticket."""
    names = ("priority", "promised_priority", "needs_confirmation", "category", "tier")
    return {name: getattr(ticket, name) for name in names} | {"team": ticket.team.name if ticket.team else None}


def reasons(decision: Decision, kept: Mapping[str, Any]) -> list[dict[str, str]]:
    """Why a ticket is what it is now: the decision's own reasons, and that a person has decided what is `kept`, field by field."""
    because = [told(reason) for reason in decision.because if settled_by(reason.what) not in kept]
    why = "Somebody at the desk decided it."
    return because + [told(Because(field, str(kept[field] or "none"), "person", why)) for field in sorted(kept)]


def settled_by(what: str) -> str:
    """The field that a kind of decision is about."""
    return "priority" if what == "needs_confirmation" else what


def told(reason: Because) -> dict[str, str]:
    """One decision as the event keeps it; `text` is the line on the timeline."""
    name = {"escalate": "Escalation trigger", "needs_confirmation": "Promised for now", "first_response": "First response"}.get(reason.what)
    text = f"{name or reason.what.capitalize()}: {reason.to.replace('_', ' ')}. {reason.why} (rule {reason.rule})"
    return {"what": reason.what, "to": reason.to, "rule": reason.rule, "why": reason.why, "text": text}


def words_of(fields: Any) -> str:
    """The author's own words out of the answers to a form, without choices and logs."""
    answers = fields.items() if isinstance(fields, dict) else ()
    return "\n\n".join(value for name, value in answers if name not in NOT_WORDS and isinstance(value, str))


def first_response(template: str, ticket: Any, *, plan: Plan | None, requester: User, within: str | None, now: datetime) -> tuple[str, str]:
    """The template, filled for this ticket, as (Markdown, HTML). `within` is the target that runs; None for the plan's standard wording."""
    values = placeholders.values_of(
        ticket,
        requester=requester,
        organization=requester.organization.name if requester.organization else "",
        plan=plan.name if plan else "",
        team=ticket.team.name if ticket.team else "",
        timeframe=within or timeframe(ticket.promised_priority, plan.key if plan else None, ticket.source),
        category=CATEGORY_NAMES.get(ticket.category, ""),
        url=f"/tickets/{ticket.ref}",
        today=now.date(),
    )
    return placeholders.fill(template, values), rendering.filled(template, values)
