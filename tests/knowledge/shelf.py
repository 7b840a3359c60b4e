"""What stands beside entries: a translation that is behind, worked on and asked about, a procedure that agents must read, a link that leads nowhere, a file."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from app.extensions import db
from app.knowledge import actions as knowledge
from app.knowledge.actions import ArticleText
from app.knowledge.exchange import actions as uploads
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.links import actions as links
from app.knowledge.models import Article
from app.knowledge.training import actions as training
from app.knowledge.training.models import MustRead
from app.knowledge.translations import actions as translations
from app.knowledge.translations import planning, reviewing
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.rules import Words
from app.lib.times import local
from tests.knowledge.papers import PLAIN, packed

BODY = "## Sleep\n\nStanding, [see there](/help/user-guide/nowhere).\n\nAt night.\n"


def shelve(people: SimpleNamespace, now: datetime) -> None:
    """Make them. Flushes."""
    text = ArticleText("user-guide", "zebras-abroad", "Zebras abroad", BODY)
    entry = knowledge.save_article(None, text, actor=people.lead, now=now, publish=True)
    german = Draft(Words("Zebras im Ausland", "Alles über sie.", "## Schlaf\n\nIm Stehen."), None, entry.text_version)
    there = translations.save(entry, "de", german, actor=people.lead, now=now, publish=True)
    beside = Draft(Words("Zebras im Ausland", "Alles über sie.", "## Schlaf\n\nIm Liegen."), there.version, entry.text_version)
    there = translations.save(entry, "de", beside, actor=people.agent, now=now)
    reviewing.ask(entry, there, people.lead, "Is “liegen” right?", actor=people.agent, now=now)
    tomorrow = local(now + timedelta(days=1), people.lead.time_zone).replace(tzinfo=None, second=0, microsecond=0)
    planning.plan(entry, there, "publish", tomorrow, seen=there.version, actor=people.lead, now=now)
    longer = ArticleText("user-guide", "zebras-abroad", "Zebras abroad", BODY.replace("At night", "At noon"))
    knowledge.save_article(entry, longer, actor=people.lead, now=now)
    links.note_links(entry, now)
    procedure = db.session.scalars(select(Article).where(Article.audience == "staff").order_by(Article.id)).first()
    assert procedure is not None
    training.ask(procedure, ["agent"], [], now.date() + timedelta(days=7), actor=people.lead, now=now)
    files = [("user-guide/zebras.md", PLAIN), ("user-guide/bad.md", "nonsense")]
    uploads.keep("texts.zip", packed(files), locales=("de", "fr", "es"), actor=people.lead, now=now)


def shelved() -> dict[str, Any]:
    """Their numbers and addresses."""
    procedure = db.session.get_one(Article, db.session.scalar(select(func.min(MustRead.article_id))))
    abroad = db.session.scalars(select(Article).where(Article.slug == "zebras-abroad")).one()
    return {
        "procedure": procedure.id,
        "procedure_path": f"{procedure.section}/{procedure.slug}",
        "abroad": abroad.id,
        "upload": db.session.scalar(select(func.min(KnowledgeUpload.id))),
    }
