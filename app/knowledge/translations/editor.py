"""The editor's page of a translation: its form beside the original, what changed on either side, and what others say of it."""

from typing import Any

from flask import Response
from flask_login import current_user

from app.accounts.queries import staff
from app.knowledge import render
from app.knowledge.rules import MAX_BODY
from app.knowledge.translations import actions, queries
from app.knowledge.translations.forms import TranslationForm
from app.knowledge.translations.languages import locales
from app.knowledge.translations.models import Translation
from app.knowledge.translations.reviews import standing
from app.knowledge.translations.rules import Words, behind, language
from app.knowledge.writing.comparing import Comparison, compared
from app.knowledge.writing.forms import AnswerForm, AskForm, PlanForm
from app.knowledge.writing.queries import reviews_of
from app.knowledge.writing.rules import TONES, WORK
from app.lib.errors import NotAllowed, NotFound, Stale
from app.lib.htmx import part


def known(locale: str) -> str:
    """A language of ours. Raises NotFound."""
    if locale not in locales():
        raise NotFound
    return locale


def told_why(entry: Any, locale: str, there: Translation | None, form: TranslationForm, why: Stale | NotAllowed) -> Response:
    """The editor again: somebody else was first, and saving again is then meant; or it is not for them to publish."""
    if isinstance(why, Stale):
        # What was said of an older original does not hold for one that the translator sees only now.
        form.is_current.data = form.is_current.data and form.source.data == str(entry.text_version)
        form.version.data, form.source.data = str(there.version) if there else "", str(entry.text_version)
    return editor(entry, locale, there, form, why.status, refused=why.message)


def editor(
    entry: Any, locale: str, there: Translation | None, form: TranslationForm, status: int = 200, refused: str = "", **forms: Any
) -> Response:
    """The editor with a form in it, beside the original; `forms` are those of reviewing that were refused."""
    words = queries.words_of(entry)
    context: dict[str, Any] = {
        "late": behind(entry.text_version, there.source_version) if there else 0,
        "original_changes": since(there, words, entry.kind) if there else None,
        "changes": coming(there, entry.kind) if there and there.status == "published" and there.beside else None,
        "waits": actions.waits_for_others(entry, current_user),
        "language": language(locale),
        "html": render.answer(words.body),
        "preview": render.article((form.body.data or "")[:MAX_BODY]).html,
        "words": words,
        **around(entry, there),
        **forms,
    }
    return part(
        "knowledge/desk/translation.html",
        status,
        entry=entry,
        there=there,
        form=form,
        locale=locale,
        refused=refused,
        **context,
    )


def around(entry: Any, there: Translation | None) -> dict[str, Any]:
    """What others say of a translation, and the forms to ask, to answer and to plan. Nothing for a new one. Five statements."""
    if there is None:
        return {"work": None, "ask_form": None, "answer_form": None, "plan_form": None}
    work = standing(entry, there, current_user)
    answer_form = AnswerForm(data={"version": str(there.version)}).offer(may_publish=True) if work.may_answer else None
    ask_form = AskForm().offer(staff(), current_user.id) if work.has_work else None
    plan_form = PlanForm(data={"verb": "publish" if work.has_work else "withdraw", "version": str(there.version)})
    forms = {"ask_form": ask_form, "answer_form": answer_form, "plan_form": plan_form}
    return {"work": work, "words_of": WORK, "tones": TONES, "reviews": reviews_of(entry, there.locale), **forms}


def since(there: Translation, words: Words, kind: str) -> Comparison:
    """What changed in the original since a translation was made from it."""
    before = named(kind, Words(there.source_title, there.source_summary, there.source_body))
    return compared(kind, before, named(kind, words))


def coming(there: Translation, kind: str) -> Comparison:
    """What the text beside a published translation would change."""
    live = {"title": there.title, "summary": there.summary, "body": there.body}
    beside = live | {name: value for name, value in (there.beside or {}).items() if name in live}
    return compared(kind, named(kind, Words(**live)), named(kind, Words(**beside)))


def named(kind: str, words: Words) -> dict[str, str]:
    """The words of an entry by the names of its columns."""
    if kind == "faq":
        return {"question": words.title, "answer": words.body}
    return {"title": words.title, "summary": words.summary, "body": words.body}
