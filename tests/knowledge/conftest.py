"""Knowledge with an index that knows it."""

from datetime import date

import pytest

from app.extensions import db
from app.knowledge import indexing
from app.knowledge.actions import ArticleText, FaqText, save_article, save_faq
from app.knowledge.translations.actions import Draft, save
from app.knowledge.translations.rules import Words


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


@pytest.fixture
def written(people, article, faq, now):
    """Entries with all that a file can say: translations, an owner, a review date, old addresses, a draft."""
    page = article("Zebras", "## Sleep\n\nStanding.", slug="zebras", summary="All about them.", tags=("zebra",))
    page.owner_id, page.review_on, page.front_matter = people.lead.id, date(2027, 1, 2), "author: Ada\nx:\n  - y"
    article("Draft", slug="a-draft", publish=False)
    question = faq("Do zebras swim?", "A little.", audience="staff")
    for entry, words in ((page, Words("Zebras", "Alles.", "Im Stehen.")), (question, Words("Schwimmen sie?", "", "Etwas."))):
        save(entry, "de", Draft(words, None, entry.text_version), actor=people.lead, now=now, publish=True)
    text = ArticleText("user-guide", "zebra", page.title, page.body, page.summary, ("zebra",))
    save_article(page, text, actor=people.lead, now=now)
    db.session.commit()
    return page
