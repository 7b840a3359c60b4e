"""The editor's page: the newest text in the form, or what somebody typed and did not save, and what stands around it."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts.models import User
from app.accounts.queries import staff
from app.knowledge.forms import FORMS, ArticleForm, FaqForm, filled
from app.knowledge.models import Entry
from app.knowledge.writing import approvals, drafts, queries, versions
from app.knowledge.writing.comparing import Comparison, compared
from app.knowledge.writing.forms import AnswerForm, AskForm, CareForm, PlanForm
from app.knowledge.writing.models import Draft
from app.knowledge.writing.rules import TONES, WORK
from app.knowledge.writing.snapshots import HEADING, snapshot
from app.knowledge.writing.versions import Seen

AnyForm = FaqForm | ArticleForm


@dataclass(frozen=True)
class Opened:
    """The form as the editor opens it. With `draft` it holds what this person typed; `is_behind` if somebody saved since;
    `waits` is the question that they came to answer, if they typed another one."""

    form: AnyForm
    draft: Draft | None = None
    is_behind: bool = False
    waits: str = ""


def opened(kind: str, entry: Entry | None, person: User, asked: str = "") -> Opened:
    """What to open the editor with; a new one with the question that is `asked`. Up to three statements."""
    if entry is None:
        form: AnyForm = FORMS[kind](data={HEADING[kind]: asked})
    else:
        beside = queries.beside_of(entry)
        form = filled(kind, entry, beside.fields if beside else None, beside.number if beside else None)
    draft = drafts.of(kind, entry.id if entry is not None else 0, person)
    if draft is None or not drafts.differs(draft, form.data | {"version": ""}):
        return Opened(form)
    typed = form_of(kind, entry, MultiDict(draft.form))
    is_behind = entry is not None and (typed.version.data or "") != (form.version.data or "")
    return Opened(typed, draft, is_behind, asked if asked != typed[HEADING[kind]].data else "")


def form_of(kind: str, entry: Entry | None, given: Any) -> AnyForm:
    """The form with what was sent."""
    return FaqForm(given, entry=entry) if kind == "faq" else ArticleForm(given)


def meanwhile(entry: Entry, seen: Seen) -> Comparison | None:
    """What others have changed since somebody saw an entry; None where nobody has, or it is not known. Up to four statements."""
    if seen == Seen.now(entry, versions.revision_of(entry)):
        return None
    then = versions.numbered(entry, seen.revision) if seen.revision else versions.seen_at(entry, seen.entry)
    beside = queries.beside_of(entry)
    return compared(entry.kind, then.fields, beside.fields if beside else snapshot(entry)) if then is not None else None


def publishes(entry: Entry | None, form: AnyForm, person: User) -> bool:
    """Whether what is in the form can go to its readers at once, as writing it would decide. No statement."""
    readers = {entry.audience} if entry is not None and entry.status == "published" else set()
    return not approvals.required(person, {form.audience.data, *readers})


def around(entry: Entry | None, person: User) -> dict[str, Any]:
    """What stands around the form: the state of the entry and the small forms. Nothing for a new entry. Seven statements."""
    if entry is None:
        return {"work": None, "form_key": token_urlsafe(12)}
    work, people = queries.work(entry, person), staff()
    token = Seen.now(entry, work.revision).token
    care = CareForm(data={"owner_id": str(entry.owner_id or ""), "review_on": entry.review_on}).offer(people)
    return {
        "work": work,
        "token": token,
        "form_key": token_urlsafe(12),
        "words_of": WORK,
        "tones": TONES,
        "ask_form": AskForm().offer(people, person.id),
        "answer_form": AnswerForm(data={"version": token}).offer(may_publish=True) if work.may_answer else None,
        "plan_form": PlanForm(data={"verb": "publish" if work.has_work else "withdraw", "version": token}),
        "care_form": care,
        "owner": next((one for one in people if one.id == entry.owner_id), None),
    }


def draft_url(kind: str, entry: Entry | None) -> str:
    """Where the form is kept while it is typed."""
    if entry is None:
        return url_for("knowledge_writing.keep_new", kind=kind)
    return url_for("knowledge_writing.keep", kind=kind, number=entry.id)


def keep_typed(kind: str, entry: Entry | None, person: User, now: Any) -> None:
    """Whatever was refused stays this person's draft. The caller commits."""
    drafts.save(kind, entry.id if entry is not None else 0, request.form.to_dict(), actor=person, now=now)
