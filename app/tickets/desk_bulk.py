"""One change for many tickets of the queue: each goes through its own action, and one answer says what became of which."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.models import User
from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import DomainError, Invalid
from app.lib.htmx import is_htmx, part
from app.lib.text import one_line
from app.tickets import desk_lists, filing, rules
from app.tickets.desk import asked, me
from app.tickets.desk_forms import MAX_BULK, BulkForm
from app.tickets.models import Ticket
from app.tickets.queries import held_tickets, visible_to

bp = desk("desk_bulk", __name__)
# What is done to one ticket; may tell whether that changed anything.
Change = Callable[[Ticket, datetime], bool | None]


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket: done, same (it was so before) or refused, with the reason."""

    ref: str
    state: str
    why: str = ""


@bp.post("/desk/queue/<view>/changes")
def change(view: str) -> Response:
    """Assign, set status or priority, or tag all tickets that are ticked; `take` is the button of a single row."""
    filters, form = asked(view), BulkForm(request.form)
    refs = [request.form["take"]] if "take" in request.form else list(dict.fromkeys(form.ids.data or []))
    act = verb(form)
    if not refs:
        raise Invalid("Tick the tickets that you want to change.")
    if len(refs) > MAX_BULK:
        raise Invalid(f"{len(refs)} tickets are ticked. Change {MAX_BULK} at a time at most, so that you can see what became of each.")
    outcomes = [attempt(ref, ticket, act, utcnow()) for ref, ticket in ordered(refs, me())]
    # Before the commit: where the page is none of ours, nothing is changed either.
    shown = desk_lists.page_of(filters, request.args.get("cursor", ""), me(), utcnow())
    db.session.commit()
    told = shown | {"outcomes": outcomes, "summary": summary(outcomes)}
    if is_htmx():
        return part("tickets/desk/_rows.html", swapped=True, **told)
    return part("tickets/desk/queue.html", section=filters.view, **told)


def verb(form: BulkForm) -> Change:
    """The action that the form asks for. Raises Invalid for one that is not on the list, or lacks its value."""
    if "take" in request.form:
        return lambda ticket, now: filing.assign(ticket, me(), actor=me(), now=now)
    if not form.validate():
        raise Invalid("Choose what to do from the list.")
    given: dict[str, Change] = {
        "mine": lambda ticket, now: filing.assign(ticket, me(), actor=me(), now=now),
        "status": lambda ticket, now: filing.set_by_hand(ticket, form.status.data, actor=me(), now=now),
        "priority": lambda ticket, now: filing.set_priority(ticket, form.priority.data, actor=me(), now=now),
        "tag": lambda ticket, now: filing.retag(ticket, add=[form.tag.data], actor=me(), now=now),
    }
    if form.do.data == "tag":
        if not form.tag.data:
            raise Invalid("Write the tag that the ticked tickets shall have.")
        try:
            rules.clean_tag(form.tag.data or "")
        except ValueError as wrong:
            raise Invalid(str(wrong)) from wrong
    return given[form.do.data]


def ordered(refs: list[str], viewer: User) -> list[tuple[str, Ticket | None]]:
    """The tickets of these numbers with their people, in their order, held; None for one that is not there."""
    by_ref = {ticket.ref: ticket for ticket in held_tickets(Ticket.ref.in_(refs), visible_to(viewer))}
    return [(ref, by_ref.get(ref)) for ref in refs]


def attempt(ref: str, ticket: Ticket | None, act: Change, now: datetime) -> Outcome:
    """Change one ticket in a savepoint of its own, so that one that refuses takes no other with it."""
    if ticket is None:
        return Outcome(one_line(ref)[:20], "refused", "there is no such ticket")
    before = snapshot(ticket)
    try:
        with db.session.begin_nested():
            told = act(ticket, now)
    except StaleDataError:
        return Outcome(ref, "refused", "somebody else changed it at the same moment")
    except DomainError as wrong:
        return Outcome(ref, "refused", wrong.message)
    return Outcome(ref, "done" if told or snapshot(ticket) != before else "same")


def snapshot(ticket: Ticket) -> tuple[Any, ...]:
    """What shows whether an action changed anything."""
    return ticket.version, ticket.status, ticket.assignee_id, ticket.priority, ticket.active_at


def summary(outcomes: list[Outcome]) -> str:
    """`3 tickets changed, 1 was so already, 2 refused`."""
    count = {state: sum(one.state == state for one in outcomes) for state in ("done", "same", "refused")}
    parts = [f"{count['done']} {'ticket' if count['done'] == 1 else 'tickets'} changed"]
    if count["same"]:
        parts.append(f"{count['same']} {'was' if count['same'] == 1 else 'were'} so already")
    if count["refused"]:
        parts.append(f"{count['refused']} refused")
    return ", ".join(parts)
