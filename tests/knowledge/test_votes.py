"""Votes with a why: one for each visitor, bounded for each network, answered by writers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions
from app.knowledge.learning import actions as learning
from app.knowledge.learning import jobs
from app.knowledge.learning.models import EntryDay, Remark
from app.knowledge.learning.rules import MAX_REMARK, VOTES_A_NETWORK, is_bot, network_of
from app.knowledge.models import Faq, Vote
from app.knowledge.readers import Asking
from app.lib.errors import Invalid, NotAllowed, WrongState
from tests.knowledge.shared import events

BOTH = pytest.mark.engines("sqlite", "postgresql")
PAGE = "/help/faq/install-hive"


def install_hive():
    return db.session.scalars(select(Faq).where(Faq.external_id == "install-hive")).one()


def remarks():
    return db.session.scalars(select(Remark).order_by(Remark.id)).all()


@BOTH
def test_votes_of_a_day_are_counted_with_the_vote(faq, now, engine):
    entry = faq("Zebras?")
    actions.vote(entry, "a", is_helpful=False, now=now)
    actions.vote(entry, "b", is_helpful=True, now=now)
    actions.vote(entry, "a", is_helpful=True, now=now)
    row = db.session.scalars(select(EntryDay)).one()
    assert (row.helpful, row.unhelpful, entry.votes, entry.helpful, entry.popularity) == (2, 1, 2, 2, 10)


def test_one_network_has_so_many_votes_on_an_entry_and_day_and_may_change_them(faq, now):
    entry, other = faq("Zebras?"), faq("Quaggas?")
    for number in range(VOTES_A_NETWORK):
        assert actions.vote(entry, f"browser {number}", is_helpful=True, now=now, network="net")
    with pytest.raises(Invalid, match="Sign in"):
        actions.vote(entry, "one more", is_helpful=True, now=now, network="net")
    assert actions.vote(entry, "browser 0", is_helpful=False, now=now, network="net")
    assert actions.vote(other, "one more", is_helpful=True, now=now, network="net")
    assert actions.vote(entry, "with an account", is_helpful=True, now=now, network=None)


def test_the_network_of_a_vote_is_forgotten_after_a_day(faq, now, clock):
    actions.vote(faq("Zebras?"), "a", is_helpful=True, now=now, network="net")
    db.session.commit()
    jobs.forget()
    assert db.session.scalars(select(Vote.network)).all() == ["net"]
    clock.shift(86_400 + 1)
    jobs.forget()
    jobs.forget()
    assert db.session.scalars(select(Vote.network)).all() == [None]


def test_staff_do_not_vote(faq, people, now, browse):
    with pytest.raises(NotAllowed):
        actions.vote(faq("Zebras?"), "a", is_helpful=True, now=now, actor=people.agent)
    page = browse(people.agent).get(PAGE)
    assert "Staff does not vote" in page.words
    assert not page.markup.all("button", name="helpful")


def test_a_remark_is_masked_bounded_and_one_for_each_vote(faq, now):
    entry = faq("Zebras?")
    actions.vote(entry, "a", is_helpful=False, now=now)
    long = "Write to ada@example.com, key sk4aB9xZ81qQ77TT02, call +49 30 1234567. " + "x" * 2000
    said = learning.remark(entry, "a", "outdated", long, now=now)
    assert said.text.startswith("Write to [address] key [secret], call [number].")
    assert len(said.text) <= MAX_REMARK
    learning.remark(entry, "a", "outdated", long, now=now)
    learning.remark(entry, "a", "wrong", "The flag is gone.", now=now)
    assert [(one.why, one.text) for one in remarks()] == [("wrong", "The flag is gone.")]
    assert len(events("remarked")) == 2


def test_without_a_vote_or_with_a_strange_reason_nothing_is_kept(faq, now):
    entry = faq("Zebras?")
    with pytest.raises(WrongState):
        learning.remark(entry, "a", "wrong", "x", now=now)
    actions.vote(entry, "a", is_helpful=False, now=now)
    with pytest.raises(Invalid):
        learning.remark(entry, "a", "evil", "x", now=now)
    assert learning.remark(entry, "a", "", "   ", now=now) is None
    assert remarks() == []


def test_a_writer_closes_a_remark_once_and_a_new_word_opens_it_again(faq, now, people):
    entry = faq("Zebras?")
    actions.vote(entry, "a", is_helpful=False, now=now)
    said = learning.remark(entry, "a", "wrong", "No.", now=now)
    with pytest.raises(NotAllowed):
        learning.close_remark(said.id, "", actor=people.user, now=now)
    for words in ("Mended.", "Again."):
        learning.close_remark(said.id, words, actor=people.agent, now=now)
    assert (said.answer, said.closed_by_id) == ("Mended.", people.agent.id)
    assert len(events("remark_closed")) == 1
    learning.remark(entry, "a", "wrong", "Still not.", now=now)
    assert (said.closed_at, said.answer) == (None, "")


def test_the_why_works_without_script_and_a_writer_sees_and_closes_it(browse, people):
    reader = browse(people.user)
    form = {"kind": "faq", "id": install_hive().id}
    reader.get(PAGE)
    reader.post("/help/votes", {**form, "helpful": "no"}, to=f"{PAGE}?voted=no#votes")
    page = reader.get(f"{PAGE}?voted=no")
    assert len(page.markup.all("input", name="why")) == 4
    why = {**form, "helpful": "no", "why": "outdated", "text": "brew tap is gone"}
    reader.post("/help/votes/reasons", why, to=f"{PAGE}?voted=no&thanks=1#votes")
    assert "with the writers" in reader.get(f"{PAGE}?voted=no&thanks=1").words
    desk = f"/desk/knowledge/insights/faq/{form['id']}"
    writer = browse(people.agent)
    assert "brew tap is gone" in writer.get(desk).words
    writer.post(f"/desk/knowledge/remarks/{remarks()[0].id}/closing", {"answer": "Rewritten"}, to=f"{desk}#remarks")
    assert "Rewritten" in writer.get(desk).words


def test_a_remark_by_htmx_swaps_its_card_and_a_long_one_keeps_its_words(browse, people):
    reader = browse(None)
    reader.get(PAGE)
    form = {"kind": "faq", "id": install_hive().id, "helpful": "no"}
    part = reader.post("/help/votes", form, htmx=True)
    assert part.markup.all("input", name="why")
    long = reader.post("/help/votes/reasons", {**form, "text": "y" * 1001}, status=422, htmx=True)
    assert "1,000 characters" in long.words
    assert "y" * 1001 in long.markup.one("textarea", name="text").text
    assert long.markup.by_id("votes")
    page = browse(None).post("/help/votes/reasons", {**form, "text": "y" * 1001}, status=422)
    assert page.markup.one("h1").text
    done = reader.post("/help/votes/reasons", {**form, "why": "wrong"}, htmx=True)
    assert "with the writers" in done.words
    assert [one.why for one in remarks()] == ["wrong"]


def test_a_reason_without_a_vote_is_refused_and_of_a_hidden_entry_not_found(browse, people, faq):
    draft = faq("Zebras?", publish=False)
    reader = browse(people.user)
    reader.get(PAGE)
    reader.post("/help/votes/reasons", {"kind": "faq", "id": install_hive().id, "why": "wrong"}, status=409)
    reader.post("/help/votes/reasons", {"kind": "faq", "id": draft.id, "why": "wrong"}, status=404)


def test_votes_on_two_entries_cannot_be_told_to_be_of_one_person():
    somebody = Asking("key", "person 7")
    assert somebody.voter("faq", 1) != somebody.voter("faq", 2)
    assert somebody.voter("faq", 1) == Asking("key", "person 7").voter("faq", 1)
    assert somebody.voter("faq", 1) != Asking("other", "person 7").voter("faq", 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("", ""),
        (None, ""),
        ("unix:", ""),
    ],
)
def test_a_network_is_an_address_or_the_half_of_one(address, network):
    assert network_of(address) == network


@given(st.text(max_size=60))
def test_whoever_calls_itself_a_bot_is_one_whatever_else_it_says(words):
    assert is_bot(f"{words} ExampleBot/1.0")
    assert not is_bot("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0")


def test_to_find_an_entry_right_closes_what_was_said_against_it_each_with_its_event(people, faq, now):
    entry = faq("Zebras?")
    for who in ("one", "two"):
        actions.vote(entry, who, is_helpful=False, now=now)
        learning.remark(entry, who, "outdated", "", now=now)
        learning.check(entry, actor=people.lead, now=now)
    assert len(events("remark_closed")) == 2 and all(remark.closed_at == now for remark in remarks())
