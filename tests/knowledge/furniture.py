"""Rows of writing that addresses can name."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import ArticleText
from app.knowledge.translations import actions as translations
from app.knowledge.translations import reviewing as translation_reviews
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.rules import Words
from app.knowledge.writing import caring, pictures, plans, publishing, reviewing
from app.knowledge.writing.models import Redirect
from app.lib.times import local


def furniture(people: SimpleNamespace, now: datetime, picture: FileStorage) -> dict[str, Any]:
    """An article that has moved, has an owner, and is worked on beside its live text: asked about in two languages, and planned. Flushes."""
    text = "## Zebras\n\nThey stand in the savannah.\n\nThey sleep at night.\n"
    shown = pictures.add(picture, actor=people.agent, now=now)
    entry = actions.save_article(None, ArticleText("user-guide", "zebras", "Zebras", text), actor=people.lead, now=now, publish=True)
    moved = ArticleText("user-guide", "all-zebras", "All zebras", text + f"\n![Stripes](/help/pictures/{shown.ref})\n")
    actions.save_article(entry, moved, actor=people.lead, now=now)
    beside = ArticleText("user-guide", "all-zebras", "All zebras", text.replace("stand", "stand and wait"), tags=("sleep",))
    publishing.write(entry, beside, then="draft", note="They wait, too", actor=people.agent, now=now)
    review = reviewing.ask(entry, people.lead, "Is this right?", actor=people.agent, now=now)
    tomorrow = local(now + timedelta(days=1), people.lead.time_zone).replace(tzinfo=None, second=0, microsecond=0)
    plans.plan(entry, "withdraw", tomorrow, actor=people.lead, now=now)
    caring.set_care(entry, people.lead, now.date() - timedelta(days=3), actor=people.lead, now=now)
    german = Draft(Words("Alle Zebras", "", "Sie stehen."), None, entry.text_version)
    there = translations.save(entry, "de", german, actor=people.agent, now=now)
    abroad = translation_reviews.ask(entry, there, people.lead, "", actor=people.agent, now=now)
    redirect = db.session.scalars(select(Redirect)).one()
    return {"worked": entry, "worked_review": review, "abroad_review": abroad, "redirect": redirect, "picture": shown}
