"""Giving knowledge out as files: everything that is written, drafts among it."""

import zipfile
from collections.abc import Iterator
from typing import IO

from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.knowledge.exchange.files import ArticleFile, Care, TranslationFile, compose_article, compose_translation
from app.knowledge.exchange.importing import paths_leading_to
from app.knowledge.exchange.questions import AnswerIn, FaqRow, compose_faqs
from app.knowledge.models import Article, Faq
from app.knowledge.translations.models import Translation

FAQ_FILE = "faq.json"
# The day that every file in a zip carries, so that the same texts make the same bytes.
SOME_DAY = (2020, 1, 1, 0, 0, 0)


def faq_rows() -> Iterator[FaqRow]:
    """Every question as a row of an export, in the order in which they were written. Four statements."""
    old, texts = paths_leading_to("faq"), translations_of("faq")
    columns = (Faq.external_id, Faq.question, Faq.answer, Faq.category, Faq.tags, Faq.popularity, Faq.audience, Faq.status)
    query = select(Faq.id, Faq.review_on, User.email, *columns).outerjoin(User, User.id == Faq.owner_id).order_by(Faq.id)
    for row in db.session.execute(query):
        care = Care(row.email, row.review_on, old.get(row.id, ()))
        spoken = tuple((one.locale, AnswerIn(one.title, one.body, one.status, one.source_hash)) for one in texts.get(row.id, ()))
        about = (row.category, tuple(row.tags), row.popularity, row.audience, row.status)
        yield FaqRow(row.external_id, row.question, row.answer, *about, care, spoken)


def article_files() -> Iterator[ArticleFile | TranslationFile]:
    """Every article as a file of an export, by section and position, its translations after it. Four statements."""
    old, texts = paths_leading_to("article"), translations_of("article")
    query = select(Article, User.email).outerjoin(User, User.id == Article.owner_id)
    for a, owner in db.session.execute(query.order_by(Article.section, Article.position, Article.slug)):
        care = Care(owner, a.review_on, old.get(a.id, ()))
        about = (a.audience, a.position, tuple(a.tags), a.product_version, a.reviewed_on, a.status, a.front_matter)
        yield ArticleFile(a.section, a.slug, a.title, a.body, a.summary, *about, care)
        for one in texts.get(a.id, ()):
            yield TranslationFile(a.section, a.slug, one.locale, one.title, one.body, one.summary, one.status, one.source_hash)


def translations_of(kind: str) -> dict[int, list[Translation]]:
    """Number of an entry → its translations, by language. One statement."""
    found: dict[int, list[Translation]] = {}
    for row in db.session.scalars(select(Translation).where(Translation.kind == kind).order_by(Translation.entry_id, Translation.locale)):
        found.setdefault(row.entry_id, []).append(row)
    return found


def files() -> Iterator[tuple[str, str]]:
    """(path below the folder, text) of every file of an export."""
    for one in article_files():
        yield one.path, compose_article(one) if isinstance(one, ArticleFile) else compose_translation(one)
    yield FAQ_FILE, compose_faqs(list(faq_rows()))


def write_zip(out: IO[bytes]) -> int:
    """Write every file of an export into a zip; how many there are. The same texts make the same bytes."""
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files():
            archive.writestr(zipfile.ZipInfo(path, SOME_DAY), text.encode(), zipfile.ZIP_DEFLATED)
            count += 1
    return count
