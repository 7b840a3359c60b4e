"""The knowledge that ships with the product: every article below content/ and the questions of content/faq.json."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import literal, select, union_all

from app.extensions import db
from app.knowledge.exchange.files import ArticleFile, parse_article
from app.knowledge.exchange.importing import import_articles, import_faqs
from app.knowledge.exchange.questions import FaqRow, parse_faqs
from app.knowledge.models import Article, Faq
from app.knowledge.vocabulary import defaults as vocabulary
from app.knowledge.writing.models import Redirect

CONTENT = Path(__file__).resolve().parent / "content"


def ensure(now: datetime) -> None:
    """Add the articles, questions and words that are missing; those that are there stay as writers edited them.

    Two statements when nothing is missing. Flushes. No event: nobody did anything, and the index looks after itself.
    """
    there = select(literal("article"), Article.section.concat("/").concat(Article.slug))
    # What a writer has moved stands elsewhere now: its old address must not be filled with the text that ships.
    moved = select(Redirect.kind, Redirect.path)
    every = union_all(there, select(literal("faq"), Faq.external_id), moved)
    have = {(kind, name.removeprefix("faq/")) for kind, name in db.session.execute(every)}
    articles = [article for article in shipped_articles() if ("article", f"{article.section}/{article.slug}") not in have]
    faqs = [row for row in shipped_faqs() if ("faq", row.external_id) not in have]
    if articles:
        import_articles(articles, source=None, now=now)
    if faqs:
        import_faqs(faqs, source=None, now=now)
    vocabulary.ensure(now)


@lru_cache(maxsize=1)
def shipped_articles() -> tuple[ArticleFile, ...]:
    """The articles as they ship. A file that cannot be read is a fault of ours and raises."""
    paths = sorted(CONTENT.glob("*/*.md"))
    return tuple(parse_article(path.parent.name, path.stem, path.read_text(encoding="utf-8")) for path in paths)


@lru_cache(maxsize=1)
def shipped_faqs() -> tuple[FaqRow, ...]:
    """The questions as they ship."""
    parsed = parse_faqs((CONTENT / "faq.json").read_text(encoding="utf-8"))
    if parsed.problems:
        raise ValueError(f"content/faq.json: {parsed.problems}")
    return tuple(parsed.rows)
