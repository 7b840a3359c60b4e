"""Merging two tickets about one thing at the desk, and undoing it. The page shows what would happen before it does."""

from typing import Any

from flask import Response, flash, request, url_for

from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, WrongState
from app.lib.htmx import go, part
from app.tickets import merge_queries, merging, queries, rules
from app.tickets.desk import me
from app.tickets.desk_queries import by_ref
from app.tickets.models import Ticket

bp = desk("desk_merging", __name__)
UNKNOWN = "There is no ticket with this number. Copy it from the other ticket’s page, such as HT-4F7K2M9."


@bp.get("/desk/tickets/<ref>/merging")
def show(ref: str) -> Response:
    """Which ticket to merge with; `with` is its number, and then what would become of both."""
    ticket, typed = queries.ticket_for(me(), ref), request.args.get("with", "")[:40]
    if not typed.strip():
        return page(ticket)
    try:
        other = other_than(ticket, typed)
        merging.check_pair(*merging.ordered(ticket, other))
    except (Invalid, WrongState) as wrong:
        return page(ticket, typed=typed, problem=wrong.message)
    return page(ticket, other=other, typed=typed)


@bp.post("/desk/tickets/<ref>/merging")
def merge(ref: str) -> Response:
    """Merge; what cannot be (any more) is told on the page."""
    typed = request.form.get("with", "")[:40]
    try:
        into = merged(ref, typed)
    except (Invalid, WrongState) as wrong:
        db.session.rollback()
        status = 409 if isinstance(wrong, WrongState) else 422
        return page(queries.ticket_for(me(), ref), status, typed=typed, problem=wrong.message)
    db.session.commit()
    flash(f"Merged. All that was said stands in {into.ref} now.", "ok")
    return go(url_for("desk.show", ref=into.ref))


@bp.post("/desk/tickets/<ref>/merging/removal")
def unmerge(ref: str) -> Response:
    """Part them again."""
    there = merge_queries.merged_into(queries.ticket_for(me(), ref))
    if there is None:
        raise WrongState("This ticket is not merged any more.")
    ticket, into = both(ref, there.ref)
    merging.unmerge(ticket, into, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"Parted. What was said on {ticket.ref} stands on it again.", "ok")
    return go(url_for("desk.show", ref=ticket.ref))


def merged(ref: str, typed: str) -> Ticket:
    """The ticket that stays, merged with the other. Raises as `merging.merge` does."""
    ticket = queries.ticket_for(me(), ref)
    one, other = both(ticket.ref, other_than(ticket, typed).ref)
    _, folded = merging.ordered(one, other)
    return merging.merge(one, other, link=url_for("desk.show", ref=folded.ref), actor=me(), now=utcnow())


def other_than(ticket: Ticket, typed: str) -> Ticket:
    """The ticket with the number that somebody typed. Raises Invalid for none, and for this very one."""
    ref = by_ref(typed, me())
    if ref is None:
        raise Invalid(UNKNOWN)
    if ref == ticket.ref:
        raise Invalid("That is this very ticket.")
    return queries.ticket_for(me(), ref)


def both(ref: str, other: str) -> tuple[Ticket, Ticket]:
    """Two tickets, held until the transaction ends, in the order that was asked for. Raises NotFound."""
    found = {ticket.ref: ticket for ticket in queries.held_tickets(Ticket.ref.in_([ref.upper(), other]), queries.visible_to(me()))}
    if len(found) != 2:
        raise NotFound()
    return found[ref.upper()], found[other]


def page(ticket: Ticket, status: int = 200, *, other: Ticket | None = None, **shown: Any) -> Response:
    """The page; with the other ticket it shows which of both stays."""
    into, folded = merging.ordered(ticket, other) if other is not None else (None, None)
    offered = merge_queries.candidates(ticket, me()) if other is None else ()
    is_urgent = into is not None and folded is not None and rules.rank(folded.priority) > rules.rank(into.priority)
    context = {"is_urgent": is_urgent, "typed": "", "problem": "", "offered": offered, "into": into, "folded": folded, **shown}
    return part("tickets/desk/merge.html", status, ticket=ticket, other=other, **context)
