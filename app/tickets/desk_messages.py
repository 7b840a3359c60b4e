"""What staff write: replies and notes, and the drafts of them. A text that was sent here is never lost, whatever the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Response, request, url_for
from sqlalchemy.orm.exc import StaleDataError

from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, Stale
from app.lib.htmx import dom_id, go, is_htmx, part
from app.lib.requests import row_number
from app.macros import actions as macros
from app.tickets import actions, desk_show, drafts, queries, uploads
from app.tickets.desk import me, ticket_page
from app.tickets.desk_forms import MAX_BODY, MessageForm
from app.tickets.models import Message, Ticket
from app.tickets.once import written as written_already
from app.tickets.uploads import Received

bp = desk("desk_messages", __name__)


@bp.post("/desk/tickets/<ref>/messages")
def write(ref: str) -> Response:
    """Send a reply or save a note. If colleagues or the customer were faster, the draft is kept and their words shown (409)."""
    ticket, form, now = queries.ticket_for(me(), ref, for_change=True), MessageForm(request.form), utcnow()
    # Files may have gone with it the first time; without any the action itself finds what was sent before.
    earlier = sent_before(ticket, form) if brings_files() else None
    if earlier is not None:
        return sent(ticket, earlier)
    received = attached(now)
    message, status = attempt(ticket, form, received, now)
    if message is None:
        return again(ticket, form, received, now, status)
    db.session.commit()
    return sent(ticket, message)


@bp.post("/desk/tickets/<ref>/draft")
def draft(ref: str) -> Response:
    """Keep what is typed; put a macro's text below it (`insert`), take a file off (`remove`), or throw it all away (`discard`)."""
    ticket, form, now = queries.ticket_for(me(), ref), MessageForm(request.form), utcnow()
    received = attached(now)
    if not form.validate() or received.problems:
        return again(ticket, form, received, now, 422)
    insert = request.form.get("insert", type=row_number)
    body = desk_show.joined(form.body.data or "", desk_show.macro_text(ticket, me(), insert)) if insert else form.body.data or ""
    keep(ticket, form, received, now, "" if "discard" in request.form else body)
    db.session.commit()
    if not is_htmx():
        return go(url_for("desk.show", ref=ticket.ref, used=insert) + f"#{dom_id(ticket, 'composer')}")
    if insert or {"remove", "discard"} & set(request.form):
        shown = desk_show.context(queries.ticket_for(me(), ref), me())
        shown["form"].macro.data = insert or form.macro.data
        return part("tickets/desk/_composer.html", focus=True, **shown)
    return part("tickets/desk/_draft_state.html", ticket=ticket, saved_at=now if body.strip() else None)


def brings_files() -> bool:
    """Whether files come with the form or were staged for it."""
    return "staged" in request.form or any(file.filename for file in request.files.getlist("files"))


def sent_before(ticket: Ticket, form: MessageForm) -> Message | None:
    """The message that this very form has written already."""
    return written_already(form.form_key.data or None, form.body.data or "", visibility(form), me(), ticket)


def visibility(form: MessageForm) -> str:
    """Who may read what is written, as messages call it."""
    return "internal" if form.visibility.data == "note" else "public"


def attached(now: datetime) -> Received:
    """The files that go with the form: those staged before, and those that it brings."""
    return uploads.receive(
        me(), request.form.getlist("staged"), request.files.getlist("files"), now=now, without=request.form.get("remove", "")
    )


def attempt(ticket: Ticket, form: MessageForm, received: Received, now: datetime) -> tuple[Message | None, int]:
    """(the message, 200), or None and why not: 422 for what cannot be accepted, 409 where others were faster.

    Where files came with it they stay staged when it is refused: it is tried in a savepoint then.
    """
    if not form.validate() or received.problems:
        return None, 422
    try:
        with db.session.begin_nested() if received.kept else taken_back():
            return written(ticket, form, received, now), 200
    except (Stale, StaleDataError):
        return None, 409
    except Invalid as wrong:
        form.body.errors = [wrong.message]
        return None, 422


@contextmanager
def taken_back() -> Iterator[None]:
    """What fails inside leaves nothing behind. It spares the two statements of a savepoint."""
    try:
        yield
    except Exception:
        db.session.rollback()
        raise


def written(ticket: Ticket, form: MessageForm, received: Received, now: datetime) -> Message:
    """Write the reply or the note, and count the macro that went into it."""
    given: dict[str, Any] = {"actor": me(), "now": now, "form_key": form.form_key.data or None, "files": received.kept}
    if form.visibility.data == "note":
        message = actions.note(ticket, form.body.data or "", **given)
    else:
        left_out = [one.email for one in queries.followers(ticket) if one.email not in form.to.data] if "copies" in request.form else []
        status = form.status.data or None
        message = actions.reply(ticket, form.body.data or "", status=status, seen=form.seen.data, left_out=left_out, **given)
    if form.macro.data and message.created_at == now:
        macros.used(form.macro.data, now=now)
    return message


def keep(ticket: Ticket, form: MessageForm, received: Received, now: datetime, body: str) -> None:
    """The draft of this person for this ticket, as it stands."""
    files = () if "discard" in request.form else received.kept
    drafts.save_draft(ticket, body, visibility(form), actor=me(), now=now, files=files, form_key=form.form_key.data or None)


def again(ticket: Ticket, form: MessageForm, received: Received, now: datetime, status: int) -> Response:
    """The composer as it was sent, and why it was not; the text is kept as a draft, too, as far as it may be."""
    seen = form.seen.data or 0
    keep(ticket, form, received, now, (form.body.data or "")[:MAX_BODY])
    db.session.commit()
    db.session.expire_all()
    ticket = queries.ticket_for(me(), ticket.ref)
    shown = desk_show.context(ticket, me())
    over: dict[str, Any] = {"form": form, "staged": desk_show.staged_of(received.kept), "file_problems": received.problems}
    if status == 409:
        over["news"] = desk_show.news(ticket, me(), seen)
        over["form"] = desk_show.refused(request.form, shown["beside"].seen)
    if is_htmx():
        return part("tickets/desk/changed.htmx.html", status, main="composer", **(shown | over))
    return ticket_page(shown | over, status)


def sent(ticket: Ticket, message: Message) -> Response:
    """After a message: the thread with it, and an empty composer."""
    if not is_htmx():
        return go(url_for("desk.show", ref=ticket.ref) + f"#m{message.id}")
    shown = desk_show.context(queries.ticket_for(me(), ticket.ref), me())
    said = "Reply sent" if message.visibility == "public" else "Note saved"
    return part("tickets/desk/changed.htmx.html", main="composer", said=said, **shown)
