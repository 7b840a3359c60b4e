"""Old addresses lead to where an entry is now, for ever; pictures are seen by whoever may read a text that shows them."""

import io
from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions, defaults
from app.knowledge.actions import ArticleText, FaqText
from app.knowledge.models import Article, Faq
from app.knowledge.writing import pictures, publishing, queries, redirects
from app.knowledge.writing.models import Picture, PictureUse, Redirect
from app.lib.errors import Invalid, NotAllowed
from tests.knowledge.shared import events

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture
def moved(people, now):
    """`moved(entry, slug)` gives an article another address."""

    def move(entry, slug, section="user-guide"):
        text = ArticleText(section, slug, entry.title, entry.body, audience=entry.audience)
        actions.save_article(entry, text, actor=people.lead, now=now)
        db.session.commit()

    return move


def leads(browser, path, to):
    """Follow an address that has moved for ever; the answer."""
    answer = browser.get(path, status=301)
    assert answer.headers["Location"] == to
    return answer


def paths():
    return {row.path: row.entry_id for row in db.session.scalars(select(Redirect))}


def test_an_old_address_leads_on_with_its_query(browse, article, moved):
    moved(article("Zebras", slug="zebras"), "all-about-zebras")
    answer = leads(browse(None), "/help/user-guide/zebras?lang=de", "/help/user-guide/all-about-zebras?lang=de")
    assert "no-cache" in answer.headers["Cache-Control"]
    browse(None).get("/help/user-guide/all-about-zebras")


def test_every_former_address_leads_straight_to_the_newest(browse, article, moved):
    entry = article("Zebras", slug="one")
    for slug in ("two", "three", "four"):
        moved(entry, slug)
    for slug in ("one", "two", "three"):
        leads(browse(None), f"/help/user-guide/{slug}", "/help/user-guide/four")


def test_moving_back_makes_no_loop(browse, article, moved):
    entry = article("Zebras", slug="one")
    moved(entry, "two")
    moved(entry, "one")
    browse(None).get("/help/user-guide/one")
    leads(browse(None), "/help/user-guide/two", "/help/user-guide/one")
    assert set(paths()) == {"user-guide/two"}


def test_a_new_entry_that_takes_an_old_address_wins(browse, article, moved):
    moved(article("Zebras", slug="one"), "two")
    article("Lions", slug="one")
    db.session.commit()
    assert "Lions" in browse(None).get("/help/user-guide/one").words
    assert paths() == {}


def test_another_section_is_another_address(browse, article, moved):
    moved(article("Zebras", slug="one"), "one", section="community")
    leads(browse(None), "/help/user-guide/one", "/help/community/one")


def test_a_question_keeps_its_old_name_alive(browse, faq, people, now):
    entry = faq("Zebras?")
    actions.save_faq(entry, FaqText("Zebras?", "It is so.", "cli", external_id="stripes"), actor=people.lead, now=now)
    db.session.commit()
    leads(browse(None), "/help/faq/zebras", "/help/faq/stripes")
    other = faq("Lions?")
    for taken in ("stripes", "a/b", "."):
        with pytest.raises(Invalid):
            actions.save_faq(other, FaqText("Lions?", "A.", "cli", external_id=taken), actor=people.lead, now=now)


def test_an_address_that_readers_may_not_see_leads_nowhere(browse, article, moved, people, now):
    entry = article("Secret", slug="one", audience="staff")
    moved(entry, "two")
    browse(None).get("/help/user-guide/one", status=404)
    browse(people.user).get("/help/user-guide/one", status=404)
    leads(browse(people.agent), "/help/user-guide/one", "/help/user-guide/two")
    actions.unpublish(entry, actor=people.lead, now=now)
    db.session.commit()
    browse(people.agent).get("/help/user-guide/one", status=404)


def test_what_only_writers_have_seen_leaves_no_address(article, moved):
    moved(article("Draft", slug="one", publish=False), "two")
    assert paths() == {}


def test_a_text_beside_the_live_one_moves_the_page_when_it_is_published(browse, article, people, now):
    entry = article("Zebras", slug="one")
    publishing.write(entry, ArticleText("user-guide", "two", "Zebras", "New."), then="draft", actor=people.lead, now=now)
    db.session.commit()
    browse(None).get("/help/user-guide/one")
    article("Other", slug="two")
    with pytest.raises(Invalid):
        publishing.publish(entry, actor=people.lead, now=now)
    db.session.rollback()


def test_what_ships_does_not_come_back_to_an_address_that_a_writer_left(app, moved, now):
    entry = db.session.scalar(select(Article).where(Article.section == "user-guide"))
    count = len(db.session.scalars(select(Article.id)).all())
    moved(entry, "somewhere-else")
    defaults.ensure(now)
    assert len(db.session.scalars(select(Article.id)).all()) == count


def test_old_addresses_are_listed_and_removed(browse, article, moved, people, now):
    moved(article("Zebras", slug="one"), "two")
    browser = browse(people.agent)
    assert "/help/user-guide/one" in browser.get("/desk/knowledge/redirects").words
    number = db.session.scalar(select(Redirect.id))
    browser.post(f"/desk/knowledge/redirects/{number}/removal", to="/desk/knowledge/redirects")
    browse(None).get("/help/user-guide/one", status=404)
    (event,) = events("redirect_removed")
    assert event.facts["path"] == "user-guide/one"
    redirects.remove(number, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        redirects.remove(number, actor=people.user, now=now)


def test_old_addresses_are_paged(article, moved):
    entry = article("Zebras", slug="a-0")
    for number in range(queries.PAGE + 3):
        moved(entry, f"a-{number + 1}")
    first = queries.redirects()
    second = queries.redirects(first.next)
    assert (len(first.items), len(second.items), second.next) == (queries.PAGE, 3, None)


def sent(name="a picture.png", content=PNG):
    return {"picture": (io.BytesIO(content), name)}


def upload(browser, name="a picture.png", content=PNG, status=200):
    """Send a picture as the editor does."""
    return browser.send(
        "POST",
        "/desk/knowledge/pictures",
        status=status,
        to=None,
        htmx=False,
        data=sent(name, content),
        headers={"X-CSRFToken": browser.token(), "Accept": "application/json"},
    )


def test_a_picture_is_seen_by_whoever_may_read_its_text(browse, article, faq, people):
    url = upload(browse(people.agent)).get_json()["url"]
    for person in (None, people.user):
        browse(person).get(url, status=404)
    browse(people.agent).send("GET", url, status=200, to=None, htmx=False)
    faq("Zebras?", f"See ![stripes]({url}).", audience="customers")
    db.session.commit()
    browse(None).get(url, status=404)
    answer = browse(people.user).send("GET", url, status=200, to=None, htmx=False)
    assert (answer.data, answer.mimetype, answer.headers["X-Content-Type-Options"]) == (PNG, "image/png", "nosniff")
    article("Stripes", f"![stripes]({url})", slug="stripes")
    db.session.commit()
    browse(None).send("GET", url, status=200, to=None, htmx=False)


def test_a_picture_that_no_live_text_shows_is_hidden_again(browse, faq, people, now):
    url = upload(browse(people.agent)).get_json()["url"]
    entry = faq("Zebras?", f"![stripes]({url})")
    actions.save_faq(entry, FaqText("Zebras?", "Words only.", "cli"), actor=people.lead, now=now)
    db.session.commit()
    assert db.session.scalar(select(PictureUse)) is None
    browse(None).get(url, status=404)


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", b"%PDF-1.4", b"GIF8", b"\x00\x01"])
def test_only_pixels_are_pictures_whatever_their_name(browse, people, content):
    answer = upload(browse(people.agent), "nice.png", content, status=422)
    assert "no picture that pages can show" in answer.get_json()["detail"]
    assert db.session.scalar(select(Picture)) is None


def test_pictures_are_bounded_and_for_writers(browse, people, monkeypatch):
    upload(browse(people.user), status=403)
    browser = browse(people.agent)
    monkeypatch.setattr(pictures, "MAX_BYTES", 1000)
    upload(browser, content=PNG + b"\x00" * 1000, status=422)
    upload(browser, content=b"", status=422)
    monkeypatch.setattr(pictures, "HOUR_MAX", 1)
    upload(browser)
    upload(browser, status=422)


def test_an_article_in_the_editor_is_moved_by_its_address(browse, article, people):
    entry = article("Zebras", slug="one")
    db.session.commit()
    browser = browse(people.lead)
    form = browser.get(f"/desk/knowledge/article/{entry.id}").markup.fields()
    browser.post(f"/desk/knowledge/article/{entry.id}", {**form, "slug": "two", "then": "publish"}, to=r("saved=1"))
    leads(browse(None), "/help/user-guide/one", "/help/user-guide/two")
    assert db.session.scalar(select(Faq.id).where(Faq.external_id == "two")) is None
