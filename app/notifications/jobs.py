"""Who hears of what has happened to a ticket, and in which words: one job for each message. reactions.py names them.

Each takes the id of an event, writes one row of mail for each recipient, commits once and hands the rows over for
sending. A second run finds the rows written and writes none.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import current_app

from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.times import in_words
from app.mail.actions import is_queued, queue_mail
from app.mail.jobs import hand_over
from app.mail.models import OutboundMail
from app.mail.queries import mail_by_id
from app.notifications import links, queries
from app.notifications.hours import wait_for_hours
from app.notifications.queries import Reader
from app.surveys import actions as surveys
from app.surveys.links import token_of
from app.surveys.models import Survey
from app.surveys.score import SHORT, WORDS
from app.tickets.rules import CUSTOMER_STATUSES

METRICS = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}
MEANINGS = {
    "open": "We are working on it.",
    "pending_customer": "We need an answer from you to go on.",
    "on_hold": "We wait for something outside our hands and come back to you.",
}
# Mails to customers; when one fails for good, somebody at the desk is told.
TO_CUSTOMERS = frozenset(
    {
        "ticket_acknowledged",
        "ticket_replied",
        "ticket_status_changed",
        "ticket_resolved",
        "ticket_escalated",
        "ticket_merged",
        "ticket_split",
    }
)


def acknowledge(event_id: int) -> None:
    """`ticket.opened` by a customer or a proven guest: tell them its number and what comes next."""
    found = queries.event_and_ticket(event_id)
    if found is None or found[0].actor_id != found[1].requester_id or found[1].requester.is_staff:
        return
    event, ticket = found
    asked, answer = queries.first_messages(ticket.id)
    if asked is None:
        return
    readers = [reader for reader in queries.audience(ticket, without=None) if reader.why == "opened"]
    facts = {"ticket": queries.customer_card(ticket), "asked": asked, "answer": answer}
    due_at = ticket.next_due_at if ticket.next_metric == "first_response" else None
    mails = []
    for reader in readers:
        promise = f"A person answers by {in_words(due_at, reader.to.zone)}." if due_at else ""
        mails.append(
            queue_mail(
                event, "ticket_acknowledged", reader.to, facts | {"promise": promise}, now=utcnow(), carries=asked, automatic="auto-replied"
            )
        )
    db.session.commit()
    hand_over(ids(mails))


def tell_customer(event_id: int) -> None:
    """`ticket.replied`: the requester and all followers, but not the author. An internal note never gets here."""
    found = queries.event_and_ticket(event_id)
    if found is None or found[0].facts["is_automatic"]:
        return
    event, ticket = found
    message = queries.message(event.facts["message_id"])
    if message is None:
        return
    facts = {
        "ticket": queries.customer_card(ticket),
        "message": message,
        "earlier": queries.message_before(ticket.id, message.id),
        "resolved_days": current_app.config["SETTINGS"].close_resolved_days if ticket.status == "resolved" else None,
    }
    mails = [
        queue_mail(event, "ticket_replied", reader.to, facts | {"why": reader.why}, now=utcnow(), carries=message, automatic=None)
        for reader in queries.audience(ticket, without=event.actor_id, left_out=queries.left_out(message.id))
    ]
    db.session.commit()
    hand_over(ids(mails))


def tell_staff(event_id: int) -> None:
    """`ticket.replied` by a customer: the assignee, if there is one."""
    found = queries.event_and_ticket(event_id)
    if found is None or found[0].facts["by_staff"]:
        return
    event, ticket = found
    message = queries.message(event.facts["message_id"])
    if message is None:
        return
    facts = {"ticket": queries.staff_card(ticket), "message": message}
    mails = written(event, "customer_replied", queries.assignee(ticket, without=event.actor_id), facts)
    db.session.commit()
    hand_over(mails)


def tell_status(event_id: int) -> None:
    """`ticket.status_changed` or `ticket.reopened`, where a customer sees a difference: requester, followers, assignee.

    That somebody began to work on a new ticket is no news worth a mail; a status that came with a reply is in its mail.
    """
    found = queries.event_and_ticket(event_id)
    if found is None or found[0].facts["status"] not in MEANINGS:
        return
    event, ticket = found
    old = event.facts.get("old", "resolved")
    if old == "new" or queries.replied_with(event):
        return
    status = event.facts["status"]
    facts = {"old": CUSTOMER_STATUSES[old], "meaning": MEANINGS[status]}
    readers = queries.audience(ticket, without=event.actor_id)
    mails = written(event, "ticket_status_changed", readers, facts | {"ticket": queries.customer_card(ticket)})
    if event.kind == "ticket.reopened":
        mails += written(
            event, "ticket_status_changed", queries.assignee(ticket, without=event.actor_id), facts | {"ticket": queries.staff_card(ticket)}
        )
    db.session.commit()
    hand_over(mails)


def tell_resolved(event_id: int) -> None:
    """`ticket.resolved` by staff: requester and followers, unless the reply that did it told them."""
    found = queries.event_and_ticket(event_id)
    if found is None or not found[0].facts["by_staff"] or queries.replied_with(found[0]):
        return
    event, ticket = found
    resolver = queries.name_of(event.actor_id)
    facts = {
        "ticket": queries.customer_card(ticket),
        "resolver": resolver,
        "close_days": current_app.config["SETTINGS"].close_resolved_days,
    }
    mails = written(event, "ticket_resolved", queries.audience(ticket, without=event.actor_id), facts)
    db.session.commit()
    hand_over(mails)


def tell_merged(event_id: int) -> None:
    """`ticket.merged`: requester and followers, where it goes on. Nobody, if it was undone before the mail was written."""
    found = queries.event_and_ticket(event_id)
    into = queries.ticket_called(found[0].facts["into"]) if found is not None else None
    if found is None or into is None or found[1].status != "closed":
        return
    event, ticket = found
    facts = {"ticket": queries.customer_card(ticket), "into": queries.customer_card(into), "by": queries.name_of(event.actor_id)}
    mails = written(event, "ticket_merged", queries.audience(ticket, without=event.actor_id), facts)
    db.session.commit()
    hand_over(mails)


def tell_split(event_id: int) -> None:
    """`ticket.split_off`: requester and followers, of the new ticket. Nobody, if it was merged back before the mail was written."""
    found = queries.event_and_ticket(event_id)
    if found is None or found[1].status == "closed":
        return
    event, ticket = found
    facts = {"ticket": queries.customer_card(ticket), "ref": event.facts["ref"], "by": queries.name_of(event.actor_id)}
    asked = queries.first_asked(ticket.id)
    due_at = ticket.next_due_at if ticket.next_metric in ("first_response", "next_response") else None
    mails = []
    for reader in queries.audience(ticket, without=event.actor_id):
        # Where that is past already, whoever split it knows, and nothing can be promised any more.
        promise = f"A person answers by {in_words(due_at, reader.to.zone)}." if due_at and due_at > utcnow() else ""
        about = facts | {"asked": asked, "promise": promise, "why": reader.why}
        mails.append(queue_mail(event, "ticket_split", reader.to, about, now=utcnow()))
    db.session.commit()
    hand_over(ids(mails))


def tell_escalated(event_id: int) -> None:
    """`ticket.escalated`: the requester and the followers, with the time of our next answer; also whoever asked for it.

    Nobody is told of an escalation that was taken back before the mail was written.
    """
    found = queries.event_and_ticket(event_id)
    if found is None or found[1].escalated_at is None:
        return
    event, ticket = found
    due_at = ticket.next_due_at if ticket.next_metric in ("first_response", "next_response") else None
    asker = queries.asker(event)
    mails = []
    for reader in queries.audience(ticket, without=None):
        facts = {
            "ticket": queries.customer_card(ticket),
            "asked": asker is not None and (asker.is_staff or asker.email == reader.to.email),
            "asker": asker.name if asker is not None else "",
            "promise": f"A person answers by {in_words(due_at, reader.to.zone)}." if due_at else "",
            "why": reader.why,
        }
        mails.append(queue_mail(event, "ticket_escalated", reader.to, facts, now=utcnow()))
    db.session.commit()
    hand_over(ids(mails))


def tell_assignee(event_id: int) -> None:
    """`ticket.assigned`: who got it, unless they took it themselves or it went on meanwhile."""
    found = queries.event_and_ticket(event_id)
    if found is None or found[0].facts["assignee_id"] != found[1].assignee_id:
        return
    event, ticket = found
    facts = {"ticket": queries.staff_card(ticket), "by": queries.name_of(event.actor_id), "due_at": ticket.next_due_at}
    mails = written(event, "ticket_assigned", queries.assignee(ticket, without=event.actor_id), facts)
    db.session.commit()
    hand_over(mails)


def warn_of_deadline(event_id: int) -> None:
    """`sla.warned`: the assignee; where nobody took the ticket, the leads."""
    found = queries.event_and_ticket(event_id)
    if found is None:
        return
    readers = queries.assignee(found[1]) or queries.leads(found[1])
    tell_of_clock("sla_warning", found, readers)


def tell_of_breach(event_id: int) -> None:
    """`sla.breached`: the assignee and the leads."""
    found = queries.event_and_ticket(event_id)
    if found is None:
        return
    tell_of_clock("sla_breached", found, [*queries.assignee(found[1]), *queries.leads(found[1])])


def tell_of_clock(template: str, found: tuple[Event, Any], readers: list[Reader]) -> None:
    """The mail of one clock, within the hours of its readers. Whoever is both assignee and lead gets it once."""
    event, ticket = found
    facts = {
        "ticket": queries.staff_card(ticket),
        "metric": METRICS[event.facts["metric"]],
        "due_at": datetime.fromisoformat(event.facts["due_at"]),
        "assignee": ticket.assignee.name if ticket.assignee else "",
    }
    mails = written(event, template, [Reader(r.to, "you are its assignee" if r.why == "assignee" else r.why) for r in readers], facts)
    wait_for_hours(mails, now=utcnow())
    db.session.commit()
    hand_over(mails)


def invite_to_survey(event_id: int) -> None:
    """`survey.invited`: its recipient, with a link for each score. Following one stores nothing."""
    found = queries.event_and_ticket(event_id)
    survey = db.session.get(Survey, found[0].facts["survey_id"]) if found else None
    if found is None or survey is None or survey.sent_at is None:
        return
    event, ticket = found
    if not ticket.requester.is_still_of(ticket.organization_id):
        if not is_queued(event.id, "survey_invitation", ticket.requester.email):
            surveys.withdraw(survey, ticket, now=utcnow())
            db.session.commit()
        return
    to = queries.recipient(ticket.requester)
    facts = {
        "ticket": queries.customer_card(ticket),
        "name": ticket.requester.name,
        "agent": queries.name_of(survey.agent_id),
        "url": links.absolute(links.SURVEY, token_of(current_app.config["SECRET_KEY"], survey.nonce)),
        "expires_at": survey.expires_at,
        "quiet_days": current_app.config["SETTINGS"].survey_quiet_days,
        "words": WORDS,
    }
    mails = written(event, "survey_invitation", [Reader(to, "opened")], facts)
    db.session.commit()
    hand_over(mails)


def alert_low_score(event_id: int) -> None:
    """`survey.answered` with a 1 or 2: the leads, once for each survey."""
    found = queries.event_and_ticket(event_id)
    if found is None or not found[0].facts["low"] or queries.was_low_before(found[0]):
        return
    event, ticket = found
    survey = db.session.get(Survey, event.facts["survey_id"])
    if survey is None:
        return
    scores = [(words, getattr(survey, name)) for name, words in SHORT.items()]
    facts = {
        "ticket": queries.staff_card(ticket),
        "customer": queries.name_of(survey.recipient_id),
        "scores": scores,
        "lowest": min(value for _, value in scores),
        "feedback": survey.additional_feedback,
    }
    mails = written(event, "low_score_alert", queries.leads(ticket), facts)
    wait_for_hours(mails, now=utcnow())
    db.session.commit()
    hand_over(mails)


def tell_of_failed_mail(event_id: int) -> None:
    """`mail.failed` for a customer: the assignee, or the leads. About a failed mail to staff nobody is mailed."""
    found = queries.event_and_ticket(event_id)
    if found is None:
        return
    event, ticket = found
    mail = mail_by_id(event.facts["mail_id"])
    if mail.template not in TO_CUSTOMERS:
        return
    readers = [Reader(r.to, "you are its assignee") for r in queries.assignee(ticket)] or queries.leads(ticket)
    facts = {"ticket": queries.staff_card(ticket), "address": mail.recipient, "reason": event.facts["reason"] or "no reason"}
    mails = written(event, "mail_failed", readers, facts)
    db.session.commit()
    hand_over(mails)


def written(event: Event, template: str, readers: Iterable[Reader], facts: dict[str, Any]) -> list[int]:
    """One mail for each reader; the ids of those that this event had not written before."""
    mails = [queue_mail(event, template, reader.to, {"why": reader.why} | facts, now=utcnow()) for reader in readers]
    return ids(mails)


def ids(mails: Iterable[OutboundMail | None]) -> list[int]:
    """The ids of what was really written."""
    return [mail.id for mail in mails if mail is not None]
