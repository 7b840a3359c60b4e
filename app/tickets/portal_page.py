"""What the customer's pages show: the form of a new ticket, and the page of one ticket."""

from collections import namedtuple
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from secrets import token_urlsafe
from types import SimpleNamespace
from typing import Any

from flask import current_app, request
from markupsafe import Markup

from app.accounts.models import User
from app.lib.clock import utcnow
from app.lib.marks import saves_to, sprite
from app.lib.pages import address_of
from app.lib.text import one_line
from app.lib.times import stepped
from app.sla import queries as sla
from app.sla.hours import Calendar
from app.sla.words import soon
from app.tickets import forms, kinds, once, portal_queries, portal_views, queries, rules, uploads
from app.tickets.models import StagedFile, Ticket
from app.tickets.portal_queries import Kept
from app.tickets.uploads import Received

# The public side of a ticket, whoever looks.
CUSTOMERS_EYES = SimpleNamespace(is_staff=False)
COMMUNITY_TOP = "medium"
# A row of the list as the query gives it.
Found = namedtuple("Found", portal_queries.columns().selected_columns.keys())  # type: ignore[misc]


def top_priority(user: Any) -> str:
    """The highest priority of the person's plan."""
    return user.plan.top_priority if user.plan else COMMUNITY_TOP


def lines(found: Iterable[Any], viewer_id: int, now: datetime) -> Markup:
    """The rows of the customer's list as markup, as they are within the same few seconds."""
    sheet, moment = sprite(""), stepped(now)
    return Markup("\n").join(line(sheet, Found._make(one[: len(Found._fields)]), viewer_id, moment) for one in found)


# Nothing of a moment is asked for after it: as many as are looked at within some seconds.
@lru_cache(maxsize=512)
def line(sheet: str, found: Found, viewer_id: int, moment: datetime) -> Markup:
    """A row as markup. It depends on nothing but what it shows, the moment and the address of the icons, so it is drawn once."""
    return drawn(sheet, portal_views.row(found, viewer_id, moment))


@lru_cache(maxsize=2048)
def drawn(sheet: str, row: portal_views.Row) -> Markup:
    """The markup of a row, of which most say the same at the next moment, too."""
    template = current_app.jinja_env.get_template("tickets/portal/_row.html")
    return Markup(template.render(row=row, base=address_of("tickets.index")))  # noqa: S704 - the template escapes


def new_form(user: User, kind_wanted: str | None = None) -> tuple[forms.TicketForm, list[StagedFile], datetime | None]:
    """A form to begin with: the draft, over it what the address says; with the draft's files and when it was saved.

    A draft whose ticket is open is over. Three statements at most.
    """
    draft = portal_queries.new_draft(user)
    if draft is not None and once.form_is_done(draft.form.get("form_key"), user):
        draft = None
    kept = dict(draft.form) if draft else {}
    asked = {name: one_line(request.args.get(name))[: forms.MAX_SUBJECT] for name in ("subject", "category") if request.args.get(name)}
    kind = forms.known_kind(kind_wanted or request.args.get("kind") or kept.get("kind"))
    values = {"priority": "medium", **kept, **asked, "form_key": token_urlsafe(16)}
    form = forms.ticket_form(kind, top_priority(user), data=values)
    return form, uploads.staged(user, kept.get("files", [])), draft.saved_at if draft else None


def sent_form(user: User) -> forms.TicketForm:
    """The form as it was sent. A client that sends no key gets one for its next try."""
    form = forms.ticket_form(forms.known_kind(request.form.get("kind")), top_priority(user), request.form)
    if not form.form_key.data:
        form.form_key.data = token_urlsafe(16)
    return form


def new_context(user: User, form: forms.TicketForm, files: Received, saved_at: datetime | None = None) -> dict[str, Any]:
    """What the page of a new ticket shows. One statement."""
    minutes, hours = portal_queries.promises(user)
    settings = current_app.config["SETTINGS"]
    return {
        "form": form,
        "kinds": forms.KIND_CHOICES,
        "hints": {} if form.kind == "feature" else forms.IMPACTS,
        "asides": {priority: soon(target * 60, hours) for priority, target in minutes.items()} if hours else {},
        "promise_help": promise_help(user, hours),
        "draft_url": address_of("tickets.save_new"),
        "keeps_drafts": True,
        "subject_attributes": suggesting(form.subject.data),
        "staged": files.kept,
        "file_problems": files.problems,
        "max_bytes": settings.attachment_max_bytes,
        "max_files": uploads.MAX_FILES,
        "saved_at": saved_at,
    }


def promise_help(user: User, hours: Calendar | None) -> str:
    """What the times beside the priorities mean; `hours` are those that they are counted on, if there are any."""
    if hours is None or user.plan is None:
        return "Your plan promises no time. We answer as soon as we can."
    return f"The time is when you get your first reply under your {user.plan.name} plan, {'day or night' if hours.is_round_the_clock else 'within business hours'}."


def suggesting(subject: str | None) -> dict[str, str]:
    """The attributes of a subject that asks for matching answers while it is typed, and at once if something stands in it."""
    trigger = f"{'load, ' if subject else ''}input changed delay:300ms, again"
    wanted = {"hx_get": address_of("help.suggest"), "hx_trigger": trigger, "hx_target": "#deflect", "hx_sync": "this:replace"}
    return {"autocomplete": "off", "data_searches": "", **wanted}


def show_context(kept: Kept, user: User, *, before: int | None = None, **over: Any) -> dict[str, Any]:
    """All that the ticket's page shows. Five statements beside the ticket's own, one more for a draft with files."""
    ticket = kept.ticket
    return {
        **news_context(ticket, user, before=before),
        "followers": queries.followers(ticket),
        "follower_form": forms.FollowerForm(),
        "form": reply_form(kept),
        "files": Received(tuple(uploads.staged(user, kept.draft.files if kept.draft else []))),
        "saved_at": kept.draft.saved_at if kept.draft else None,
        "is_unread": kept.is_unread,
        **over,
    }


def news_context(ticket: Ticket, user: User, *, before: int | None = None) -> dict[str, Any]:
    """What changes on the page by itself: the timeline, the state, the promise. Four statements."""
    now = utcnow()
    return {
        "ticket": ticket,
        "timeline": queries.timeline(ticket, CUSTOMERS_EYES, before=before),
        "timeline_url": address_of("tickets.timeline", ref=ticket.ref),
        "before": before,
        "promise": sla.promise(ticket, now=now, zone=user.time_zone),
        "facts": facts_of(ticket),
        "draft_url": address_of("tickets.save", ref=ticket.ref),
        "reply_attributes": replying(address_of("tickets.save", ref=ticket.ref)),
        "is_unread": False,
        "settings_close_days": current_app.config["SETTINGS"].close_resolved_days,
        "max_bytes": current_app.config["SETTINGS"].attachment_max_bytes,
        "max_files": uploads.MAX_FILES,
    }


def reply_form(kept: Kept | None = None) -> forms.ReplyForm:
    """A composer with a fresh key, and what was typed before."""
    return forms.ReplyForm(data={"body": kept.draft.body if kept and kept.draft else "", "form_key": token_urlsafe(16)})


def replying(draft_url: str) -> dict[str, str]:
    """The attributes of the composer's text, which is kept as a draft while it is typed."""
    return {"id": "reply", "rows": "4", "placeholder": "Write a reply. Files can be dropped or pasted here."} | saves_to(draft_url, "reply")


def facts_of(ticket: Ticket) -> list[tuple[str, str]]:
    """(label, value) of what stands beside the conversation: kind, category, and the short answers of its form."""
    questions = [question for question in kinds.QUESTIONS.get(ticket.kind, ()) if question.type in {"line", "choice"}]
    answers = [(question.label, str(ticket.fields[question.name])) for question in questions if ticket.fields.get(question.name)]
    return [
        ("Kind", rules.KINDS.get(ticket.kind, ticket.kind)),
        ("Category", rules.CATEGORIES.get(ticket.category, ticket.category)),
        *answers,
    ]


def before_of(args: Any) -> int | None:
    """The message before which the timeline is asked for; None for a word that is no id."""
    word = args.get("before", "")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None
