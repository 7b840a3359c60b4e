"""The radar for stale answers: what is linked in a reply, tickets that come back, versions that end, and what takes one off."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.knowledge import actions
from app.knowledge.learning import actions as learning
from app.knowledge.learning import jobs, queries, radar
from app.knowledge.learning.models import Stale, Use
from app.knowledge.learning.rules import REOPEN, Signs, covers, reasons
from app.knowledge.learning.uses import addresses
from app.knowledge.links.models import EntryLink
from app.knowledge.models import Article, Faq
from app.knowledge.translations.models import Translation
from app.lib.errors import Invalid, NotAllowed
from app.tickets import actions as tickets
from tests import factories
from tests.knowledge.shared import events

BOTH = pytest.mark.engines("sqlite", "postgresql")
BASE = "https://support.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See [it](/help/faq/install-hive).", [("faq", "install-hive")]),
        (f"{BASE}/help/user-guide/cli-commands#init and /help/user-guide/cli-commands", [("user-guide", "cli-commands")]),
        (f"<{BASE}/help/faq/a%20b?from=x>", [("faq", "a b")]),
        ("https://other.example/help/faq/install-hive", []),
        ("not-ours.example/help/faq/x, ./help/faq/x", []),
        ("/help/search?q=x and /help", []),
        ("**/help/faq/bold**", [("faq", "bold")]),
    ],
)
def test_addresses_of_our_own_pages_are_found_in_a_reply(text, found):
    assert addresses(text, BASE) == found


@given(st.text(max_size=200))
def test_any_text_has_addresses_or_none(text):
    assert all(section and name for section, name in addresses(text, BASE))


def test_a_release_covers_what_holds_for_it():
    assert covers("2.0", "2.0")
    assert covers("2.0", "2.0.1")
    assert not covers("2.0", "2.01")
    assert not covers("2.0.1", "2.0")
    assert not covers("", "2.0")


SIGNS = st.builds(
    Signs,
    version=st.just("1.0"),
    ended_on=st.none() | st.dates(),
    uses=st.integers(0, 50),
    reopened=st.integers(0, 50),
    outdated=st.integers(0, 9),
    wrong=st.integers(0, 9),
    review_on=st.none() | st.dates(),
    broken=st.integers(0, 9),
    behind=st.lists(st.sampled_from(["de", "fr"]), max_size=2).map(tuple),
)


@given(SIGNS, st.dates())
def test_every_reason_has_points_and_words_and_the_weightiest_comes_first(signs, today):
    found = reasons(signs, today)
    assert all(points > 0 and words for points, words in found)
    assert [points for points, _ in found] == sorted((points for points, _ in found), reverse=True)
    assert bool(found) or not (signs.reopened or signs.outdated or signs.wrong or signs.broken or signs.behind)


def replied(people, drain, body, **over):
    """A resolved ticket whose public answer says this."""
    ticket = factories.ticket(people.user, assignee=people.agent, **over)
    factories.reply(ticket, people.agent, body)
    factories.resolve(ticket, people.agent)
    drain()
    return ticket


def uses():
    return [(one.kind, one.entry_id, one.reopened_at is not None) for one in db.session.scalars(select(Use).order_by(Use.id))]


def score_of(entry, *, is_demo=False):
    jobs.weigh()
    db.session.expire_all()
    row = db.session.get(Stale, (entry.kind, entry.id, is_demo))
    return (row.score, row.reasons) if row is not None else (0, [])


@BOTH
def test_a_ticket_that_comes_back_speaks_against_what_was_linked(faq, article, people, drain, now, engine):
    entry, page = faq("Zebras?"), article("Zebra guide")
    ticket = replied(people, drain, "See /help/faq/zebras and /help/user-guide/a-page, also /help/faq/nowhere.")
    assert uses() == [("faq", entry.id, False), ("article", page.id, False)]
    assert score_of(entry) == (0, [])
    tickets.reopen(ticket, "It is still there.", actor=people.user, now=now + timedelta(days=2))
    db.session.commit()
    drain()
    assert uses() == [("faq", entry.id, True), ("article", page.id, True)]
    assert score_of(entry) == (32, ["1 ticket came back after it was the answer (100 % of its uses)"])
    assert queries.reopened(entry, is_demo=False)[0].ref == ticket.ref


def test_a_reply_of_the_customer_brings_it_back_unless_it_only_thanks(faq, people, drain, now):
    faq("Zebras?")
    first = replied(people, drain, "See /help/faq/zebras.")
    second = replied(people, drain, "See /help/faq/zebras.")
    for ticket, words in ((first, "Thank you!"), (second, "It does not work. The error is the same as before, on both machines.")):
        factories.reply(ticket, people.user, words, now=now + timedelta(days=1))
    drain()
    assert [back for _, _, back in uses()] == [False, True]


def test_a_note_a_customers_link_and_a_late_return_say_nothing(faq, people, drain, now):
    faq("Zebras?")
    ticket = factories.ticket(people.user, assignee=people.agent, body="I read /help/faq/zebras.")
    factories.note(ticket, people.agent, "/help/faq/zebras")
    factories.reply(ticket, people.user, "Again, /help/faq/zebras")
    drain()
    assert uses() == []
    late = replied(people, drain, "See /help/faq/zebras.")
    tickets.reopen(late, "Hm.", actor=people.user, now=now + REOPEN + timedelta(days=1))
    db.session.commit()
    drain()
    assert [back for _, _, back in uses()] == [False]


def test_following_a_reply_twice_counts_one_use(faq, people, drain, now):
    faq("Zebras?")
    replied(people, drain, "See /help/faq/zebras.")
    event = db.session.scalars(select(Event.id).where(Event.kind == "ticket.replied")).one()
    jobs.follow_reply(event)
    jobs.follow_reply(event)
    assert len(uses()) == 1


@BOTH
def test_every_sign_has_its_words_and_the_list_is_sorted(faq, article, people, now, engine):
    worst, other = article("Zebra guide", product_version="1.4.2"), faq("Zebras?")
    fine = faq("Quaggas?")
    learning.save_release("1.4", None, now.date() - timedelta(days=30), actor=people.lead, now=now)
    for who, why in (("a", "outdated"), ("b", "wrong"), ("c", "unclear")):
        actions.vote(worst, who, is_helpful=False, now=now)
        learning.remark(worst, who, why, "", now=now)
    about = {"key": "k", "url": "/x", "is_external": False, "state": "broken"}
    db.session.add(EntryLink(kind="article", entry_id=worst.id, **about))
    other.review_on = now.date() - timedelta(days=3)
    texts = {"title": "Zebras?", "body": "So.", "source_version": 1, "source_hash": "", "created_at": now, "changed_at": now}
    db.session.add(Translation(kind="faq", entry_id=other.id, locale="de", status="published", **texts))
    other.text_version = 3
    db.session.commit()
    assert set(score_of(worst)[1]) == {
        "Hive 1.4.2 has not been supported since 24 October 2026",
        "1 reader said it is outdated",
        "1 reader said it is wrong",
        "1 link leads nowhere",
    }
    assert set(score_of(other)[1]) == {"Its review was due 3 days ago", "Translations are behind: de"}
    assert score_of(fine) == (0, [])
    listed = [(item["row"].kind, item["row"].entry_id) for item in queries.stale(is_demo=False).items]
    assert listed.index(("article", worst.id)) < listed.index(("faq", other.id))


def test_still_right_takes_it_off_until_something_new_is_said(article, people, now, clock, browse):
    entry = article("Zebra guide", product_version="1.4")
    learning.save_release("1.4", None, now.date() - timedelta(days=30), actor=people.lead, now=now)
    actions.vote(entry, "a", is_helpful=False, now=now)
    learning.remark(entry, "a", "outdated", "", now=now)
    db.session.commit()
    assert score_of(entry)[0] > 0
    writer = browse(people.agent)
    assert "Zebra guide" in writer.get("/desk/knowledge/stale").words
    for _ in range(2):
        writer.post(f"/desk/knowledge/article/{entry.id}/check", {}, to="/desk/knowledge/stale")
    assert score_of(entry) == (0, [])
    assert db.session.get(Article, entry.id).reviewed_on == now.date()
    assert len(events("confirmed")) == 1
    clock.shift(86_400)
    actions.vote(entry, "b", is_helpful=False, now=now + timedelta(days=1))
    learning.remark(entry, "b", "outdated", "", now=now + timedelta(days=1))
    db.session.commit()
    assert score_of(entry)[1] == ["1 reader said it is outdated"]
    with pytest.raises(NotAllowed):
        learning.check(entry, actor=people.user, now=now)


def test_drafts_and_what_demo_people_did_stay_out_of_the_real_list(faq, people, now):
    draft, entry = faq("Zebras?", publish=False), faq("Quaggas?")
    people.user.is_demo = True
    for one in (draft, entry):
        actions.vote(one, "a", is_helpful=False, now=now, actor=people.user)
        learning.remark(one, "a", "wrong", "", now=now, actor=people.user)
    db.session.commit()
    assert score_of(entry) == (0, [])
    assert score_of(entry, is_demo=True)[1] == ["1 reader said it is wrong"]
    assert score_of(draft, is_demo=True) == (0, [])


def test_the_list_is_paged_by_key(people, now, monkeypatch):
    for number, entry in enumerate(db.session.scalars(select(Faq).order_by(Faq.id).limit(7)).all()):
        entry.review_on = now.date() - timedelta(days=7 * number + 1)
    db.session.commit()
    radar.weigh(now)
    db.session.commit()
    seen, cursor = [], ""
    while cursor is not None:
        page = queries.stale(is_demo=False, cursor=cursor, limit=3)
        seen += [item["row"].entry_id for item in page.items]
        cursor = page.next
    assert len(seen) == len(set(seen)) == db.session.scalar(select(func.count()).select_from(Stale)) >= 7
    with pytest.raises(Invalid):
        queries.stale(is_demo=False, cursor="nonsense")


def test_versions_are_kept_by_writers_and_an_end_before_the_beginning_is_refused(browse, people, now):
    writer = browse(people.agent)
    form = {"version": "2.0", "released_on": "2026-10-01", "ends_on": "2027-10-01"}
    writer.get("/desk/knowledge/releases")
    for _ in range(2):
        writer.post("/desk/knowledge/releases", form, to="/desk/knowledge/releases")
    assert "2027-10-01" in writer.get("/desk/knowledge/releases").words
    assert len(events("release_changed")) == 1
    wrong = writer.post("/desk/knowledge/releases", {**form, "ends_on": "2026-01-01"}, status=422)
    assert "cannot end before" in wrong.words
    assert wrong.markup.one("input", name="version")["value"] == "2.0"
    assert "Use numbers and dots" in writer.post("/desk/knowledge/releases", {"version": "two"}, status=422).words
    number = queries.releases()[0].id
    writer.post(f"/desk/knowledge/releases/{number}/removal", {}, to="/desk/knowledge/releases")
    assert list(queries.releases()) == []
    browse(people.user).get("/desk/knowledge/releases", status=403)
