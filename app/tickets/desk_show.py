"""A ticket's page at the desk as its templates show it: thread, composer, panel, and what changed meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from flask import url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.markdown import to_text
from app.lib.pages import address_of
from app.macros import queries as macros
from app.macros import rules as macro_rules
from app.macros.models import Macro
from app.mail.queries import delivery_for
from app.sla.queries import clocks_for
from app.tickets import desk_page, desk_rows, queries, rules, thanking
from app.tickets.desk_forms import PRIORITIES, SET_STATUS, MessageForm, cleaned_lines
from app.tickets.drawn import Delivery
from app.tickets.merge_queries import merged_into
from app.tickets.models import Message, StagedFile, Ticket
from app.tickets.story import TRIGGERS, told

# Of a message that came meanwhile, so much is shown beside the composer.
EXCERPT = 240
# What became of a mail, worst first: tone and word.
STATES = {
    "failed": ("bad", "failed"),
    "bounced": ("bad", "bounced"),
    "deferred": ("warn", "will be tried again"),
    "queued": ("", "on its way"),
    "kept": ("", "kept here, no mail server"),
    "sent": ("ok", "sent"),
}


@dataclass(frozen=True)
class News:
    """One thing that somebody else did since the page was made."""

    who: str
    what: str
    at: datetime
    message_id: int | None = None
    excerpt: str = ""


@dataclass
class Unsent:
    """A field of it: what stands in it."""

    data: Any
    errors: Sequence[str] = ()


@dataclass
class Fresh:
    """A composer that nobody has sent yet, as its template asks for it. The fields of a MessageForm would take a twentieth of a page to
    make, most of which is for judging what was sent."""

    body: Unsent
    visibility: Unsent
    to: Unsent
    macro: Unsent
    seen: Unsent
    form_key: Unsent
    status: Unsent = field(default_factory=lambda: Unsent(""))
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def context(ticket: Ticket, viewer: User, *, before: int | None = None, **over: Any) -> dict[str, Any]:
    """All that the page shows, with `over` put in place. Six statements, whatever the thread; the surroundings are read first."""
    around = desk_page.beside(ticket, viewer, utcnow())
    shown = thread(ticket, viewer, before)
    return {
        **shown,
        "beside": around,
        **choices(ticket, around),
        "answers": desk_page.answers(ticket),
        "form": composer(around),
        "staged": around.staged,
        **over,
    }


def thread(ticket: Ticket, viewer: User, before: int | None = None) -> dict[str, Any]:
    """The timeline with what became of each message, the head above it and the clocks beside it."""
    timeline = queries.timeline(ticket, viewer, before=before)
    outgoing = [e.message.id for e in timeline.entries if e.message and e.message.visibility == "public" and e.message.by_staff]
    now = utcnow()
    row = desk_rows.row_of(ticket, now)
    return {
        "ticket": ticket,
        "row": row,
        "timeline": timeline,
        "timeline_url": address_of("desk.timeline", ref=ticket.ref),
        "before": before,
        "deliveries": {number: delivery(mails) for number, mails in delivery_for(outgoing).items()},
        "chip": row.chip,
        "clocks": clocks_for(ticket, now),
        "only_thanks": thanking.can_dismiss(ticket, now),
        "goes_on": merged_into(ticket),
        "rules": rules,
        "triggers": TRIGGERS,
        "priorities": PRIORITIES,
        "set_status": SET_STATUS,
    }


def choices(ticket: Ticket, around: desk_page.Beside) -> dict[str, Any]:
    """What the properties can be set to; what the ticket has is always among it."""
    by_hand = dict(SET_STATUS)
    if ticket.status == "resolved":
        by_hand["closed"] = rules.STATUSES["closed"]
    by_hand.setdefault(ticket.status, rules.STATUSES[ticket.status])
    return {
        "assignees": [(0, "Nobody"), *((one.id, f"{one.name}, {one.extra}" if one.extra else one.name) for one in around.staff)],
        "teams": [(0, "No team"), *((one.id, one.name) for one in around.teams)],
        "statuses": list(by_hand.items()),
    }


def delivery(mails: Sequence[Any]) -> Delivery:
    """The mails of one message in a sentence: `Sent to 2`, `1 of 3 bounced`."""
    worst = min((mail.state for mail in mails), key=list(STATES).index)
    tone, word = STATES[worst]
    count = sum(mail.state == worst for mail in mails)
    if count == len(mails):
        people = mails[0].recipient_name or mails[0].recipient if count == 1 else f"{count} people"
        return Delivery(tone, f"Mail to {people}: {word}", tuple(mails))
    return Delivery(tone, f"{count} of {len(mails)} mails {word}", tuple(mails))


def composer(around: desk_page.Beside, *, macro_text: str = "", used: int | None = None) -> Fresh:
    """A fresh composer: the draft, a macro's text below it, copies to all followers, a new one-time key."""
    draft = around.draft
    return Fresh(
        body=Unsent(cleaned_lines(joined(draft.body if draft else "", macro_text))),
        visibility=Unsent("note" if draft and draft.visibility == "internal" else "reply"),
        to=Unsent([one.more for one in around.followers]),
        macro=Unsent(used),
        seen=Unsent(around.seen),
        form_key=Unsent(token_urlsafe(16)),
    )


def refused(sent: MultiDict[str, str], seen: int) -> MessageForm:
    """The composer as it was sent, knowing now what it did not know; a second try is the same message, so it keeps its key."""
    form = MessageForm(sent)
    form.seen.process_data(seen)
    form.seen.raw_data = None
    return form


def joined(text: str, more: str) -> str:
    """Two texts, one below the other."""
    return "\n\n".join(part for part in (text.rstrip(), more.strip()) if part)


def news(ticket: Ticket, viewer: User, seen: int) -> list[News]:
    """What others did to the ticket after the event `seen`, oldest first. Two statements at most."""
    query = (
        select(Event, User.name)
        .outerjoin(User, User.id == Event.actor_id)
        .where(Event.ticket_id == ticket.id, Event.id > seen, Event.kind.in_(rules.MATERIAL), Event.actor_id.is_distinct_from(viewer.id))
    )
    found = db.session.execute(query.order_by(Event.id).limit(20)).all()
    written = [event.facts["message_id"] for event, _ in found if "message_id" in event.facts]
    rows = db.session.execute(select(Message.id, Message.body).where(Message.id.in_(written))) if written else ()
    texts = {row.id: row.body for row in rows}
    return [one_of(event, name or "HiveTechs Support", texts) for event, name in found]


def one_of(event: Event, name: str, texts: dict[int, str]) -> News:
    """An event as news."""
    number = event.facts.get("message_id")
    if number is None:
        return News(name, told(event.kind, event.facts, name, staff=True).text, event.at)
    text = to_text(texts.get(number, ""))
    what = "wrote an internal note" if event.kind == "ticket.noted" else "replied"
    return News(name, f"{name} {what}", event.at, number, text[:EXCERPT] + ("…" if len(text) > EXCERPT else ""))


def filled(macro: Macro, ticket: Ticket, viewer: User) -> str:
    """A macro's text with this ticket's values in it."""
    organization = ticket.organization
    values = macro_rules.values_of(
        ticket,
        requester=ticket.requester,
        organization=organization.name if organization else "",
        plan=organization.plan.name if organization else "",
        team=ticket.team.name if ticket.team else "",
        agent=viewer,
        category=rules.CATEGORIES.get(ticket.category, ""),
        url=url_for("tickets.show", ref=ticket.ref, _external=True),
        today=utcnow().date(),
    )
    return macro_rules.fill(macro.body, values)


def macro_text(ticket: Ticket, viewer: User, number: int | None) -> str:
    """The filled text of the macro with this id, or nothing where none is asked for. Raises NotFound."""
    return filled(macros.macro_for(viewer, number), ticket, viewer) if number else ""


def staged_of(files: Sequence[StagedFile]) -> list[desk_page.Named]:
    """Staged files as the composer lists them."""
    return [desk_page.Named(file.id, file.name, file.ref, str(file.size_bytes)) for file in files]
