"""Knowledge with an index that knows it."""

import pytest

from app.extensions import db
from app.knowledge import indexing
from app.knowledge.actions import ArticleText, FaqText, save_article, save_faq


@pytest.fixture
def indexed(app):
    """The index says what the database says; call it again after a change that no job has followed yet."""

    def catch_up():
        db.session.commit()
        indexing.catch_up()
        db.session.rollback()

    catch_up()
    return catch_up


@pytest.fixture
def faq(people, now):
    """`faq("question", …)` writes and publishes a question."""

    def write(question, answer="It is so.", *, category="cli", tags=(), audience="public", publish=True):
        text = FaqText(question, answer, category, tuple(tags), audience)
        return save_faq(None, text, actor=people.lead, now=now, publish=publish)

    return write


@pytest.fixture
def article(people, now):
    """`article("title", …)` writes and publishes an article."""

    def write(
        title, body="## One\n\nText.\n\n## Two\n\nMore.", *, section="user-guide", slug="a-page", audience="public", publish=True, **more
    ):
        text = ArticleText(section, slug, title, body, audience=audience, **more)
        return save_article(None, text, actor=people.lead, now=now, publish=publish)

    return write
