"""Answers beside the composer of a ticket and the editor of a macro. Without script they go into the draft, or are copied."""

from typing import Any

from flask import Response, current_app, request, url_for

from app.audiences import desk
from app.extensions import db
from app.knowledge import queries
from app.knowledge.composing.queries import offers, words_for
from app.knowledge.finding import MAX_QUERY
from app.knowledge.public import whole
from app.knowledge.sections import shelf
from app.lib.clock import utcnow
from app.lib.htmx import answer, dom_id, go, is_htmx, page_or_part, part
from app.lib.text import one_line
from app.tickets import desk_messages, drafts
from app.tickets.desk import me
from app.tickets.desk_forms import MAX_BODY, MessageForm
from app.tickets.models import Ticket
from app.tickets.queries import ticket_for

bp = desk("composing", __name__)
LIST = "#answers-list"


@bp.get("/desk/tickets/<ref>/answers")
def index(ref: str) -> Response:
    """Answers to `q`, at first to the ticket's subject, for a reply or for a note (`visibility`)."""
    ticket = ticket_for(me(), ref)
    return shown(ticket, request.args.get("q", one_line(ticket.subject) + " "), url_for(".index", ref=ticket.ref))


@bp.get("/desk/macros/answers")
def for_macros() -> Response:
    """Answers for a macro, whose text any customer may get."""
    return shown(None, request.args.get("q", ""), url_for(".for_macros"))


@bp.post("/desk/tickets/<ref>/answers/draft")
def keep(ref: str) -> Response:
    """Without script: keep what is in the composer, then show the answers."""
    ticket, form, now = ticket_for(me(), ref), MessageForm(request.form), utcnow()
    desk_messages.keep(ticket, form, desk_messages.attached(now), now, (form.body.data or "")[:MAX_BODY])
    db.session.commit()
    return go(url_for(".index", ref=ticket.ref, visibility="note" if form.visibility.data == "note" else None))


@bp.post("/desk/tickets/<ref>/answers")
def use(ref: str) -> Response:
    """Take one: its text for script to put at the caret, else put below the draft."""
    ticket = ticket_for(me(), ref)
    context = taken(ticket)
    if not is_htmx():
        drafts.add_to_draft(ticket, context["text"], "internal" if is_note() else "public", actor=me(), now=utcnow())
        db.session.commit()
    page = url_for("desk.show", ref=ticket.ref) + f"#{dom_id(ticket, 'composer')}"
    return answer("knowledge/desk/_answer_taken.html", or_go=page, **context)


@bp.post("/desk/macros/answers")
def use_in_macro() -> Response:
    """Take one for a macro: its text for script to put at the caret, else to be copied."""
    return page_or_part("knowledge/desk/answer_copy.html", "knowledge/desk/_answer_taken.html", **taken(None))


def shown(ticket: Ticket | None, text: str, here: str) -> Response:
    """The page of answers to a text; for htmx the body of the dialog, or its list alone while one types."""
    found, offered = offers(ticket, text[:2000], me())
    context: dict[str, Any] = {"ticket": ticket, "here": here, "found": found, "offers": offered, "q": text.strip()[:MAX_QUERY]}
    template = "knowledge/desk/answers.html"
    if is_htmx():
        is_list = request.headers.get("HX-Target", "").endswith(LIST)
        template = "knowledge/desk/_answers_list.html" if is_list else "knowledge/desk/_answers.html"
    return part(template, is_note=is_note(), shelf=shelf, **context)


def taken(ticket: Ticket | None) -> dict[str, Any]:
    """The entry that the form names: its text for a message, and what its templates show."""
    kind, number, how = request.form.get("kind", ""), request.form.get("id", ""), request.form.get("how", "")
    entry = queries.entry_for(me(), kind, whole(number))
    base_url = current_app.config["SETTINGS"].base_url
    is_internal = is_note() and ticket is not None
    text, may_read = words_for(entry, ticket, how, url=base_url + entry.path, base_url=base_url, is_note=is_internal)
    return {"text": text, "how": how, "entry": entry, "is_theirs": may_read}


def is_note() -> bool:
    """Whether colleagues alone will read what is written."""
    return request.values.get("visibility") == "note"
