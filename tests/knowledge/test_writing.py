"""Writing, publishing, voting: the actions, their events, and who may."""

import pytest
import structlog
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions, finding, indexing
from app.knowledge.actions import FaqText
from app.knowledge.exchange import importing
from app.knowledge.exchange.questions import FaqRow
from app.knowledge.models import Faq, Vote
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from tests.knowledge.shared import events, kinds


def names(found):
    return [result.key for result in found.results]


def test_a_published_question_is_an_event_and_found(faq, indexed):
    entry = faq("Where do zebras sleep?", "In the savannah.")
    (event,) = events("published")
    assert event.facts == {"kind": "faq", "entry_id": entry.id, "title": "Where do zebras sleep?"}
    indexed()
    assert names(finding.search(None, "zebras"))[0] == "where-do-zebras-sleep"


def test_a_draft_is_found_by_nobody(faq, indexed, people):
    faq("Where do zebras sleep?", publish=False)
    indexed()
    assert len(events("changed")) == 1
    for reader in (None, people.user, people.agent):
        assert "where-do-zebras-sleep" not in names(finding.search(reader, "zebras"))


def test_saving_the_same_text_again_records_nothing(faq, people, now):
    entry = faq("Zebras?", tags=["a"])
    version = entry.version
    actions.save_faq(entry, FaqText("Zebras?", "It is so.", "cli", ("a",)), actor=people.agent, now=now, seen=version)
    assert entry.version == version
    assert events("changed") == []


def test_a_stale_save_is_refused(faq, people, now):
    entry = faq("Zebras?")
    seen = entry.version
    actions.save_faq(entry, FaqText("Zebras!", "New.", "cli"), actor=people.lead, now=now, seen=seen)
    with pytest.raises(Stale):
        actions.save_faq(entry, FaqText("Zebras.", "Other.", "cli"), actor=people.lead, now=now, seen=seen)
    assert entry.question == "Zebras!"


@pytest.mark.parametrize(
    ("there", "back", "who", "told", "status"),
    [
        (actions.publish, actions.unpublish, "lead", ["published", "unpublished"], "withdrawn"),
        (actions.archive, actions.unarchive, "agent", ["archived", "unarchived"], "draft"),
    ],
)
def test_there_and_back_twice_is_once(faq, people, now, there, back, who, told, status):
    entry = faq("Zebras?", publish=False)
    for act in (there, there, back, back):
        act(entry, actor=getattr(people, who), now=now)
    assert (entry.status, kinds()) == (status, ["changed", *told])


def test_what_readers_have_seen_is_withdrawn_and_not_archived(faq, people, now):
    entry = faq("Zebras?")
    for _ in range(2):
        with pytest.raises(WrongState, match="Withdraw"):
            actions.archive(entry, actor=people.lead, now=now)
        actions.unpublish(entry, actor=people.lead, now=now)
    actions.unarchive(entry, actor=people.lead, now=now)
    assert entry.status == "withdrawn"


@pytest.mark.parametrize("publish", [True, False])
def test_a_file_archives_only_what_readers_have_not_seen(faq, people, now, publish):
    entry = faq("Zebras?", publish=publish)
    row = FaqRow(entry.external_id, entry.question, entry.answer, entry.category, status="archived")
    for _ in range(2):
        importing.import_faqs([row], source="a file", now=now)
        assert entry.status == ("withdrawn" if publish else "archived")


@pytest.mark.parametrize("who", ["user", "owner", "moderator"])
def test_only_staff_write(people, faq, now, who):
    entry = faq("Zebras?")
    person = getattr(people, who)
    for act in (
        lambda: actions.save_faq(None, FaqText("Q", "A", "cli"), actor=person, now=now),
        lambda: actions.publish(entry, actor=person, now=now),
        lambda: actions.unpublish(entry, actor=person, now=now),
        lambda: actions.archive(entry, actor=person, now=now),
        lambda: actions.unarchive(entry, actor=person, now=now),
        lambda: actions.dismiss_miss(1, actor=person, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_two_articles_cannot_have_one_address(article):
    article("One")
    with pytest.raises(Invalid):
        article("Two")


def test_two_questions_with_the_same_words_have_two_names(faq):
    assert [faq("Zebras?").external_id, faq("Zebras!").external_id] == ["zebras", "zebras-2"]


def test_one_visitor_has_one_vote(faq, now):
    entry = faq("Zebras?")
    version = entry.version
    assert actions.vote(entry, "v1", is_helpful=True, now=now)
    assert not actions.vote(entry, "v1", is_helpful=True, now=now)
    assert (entry.votes, entry.helpful, entry.popularity) == (1, 1, 5)
    assert actions.vote(entry, "v1", is_helpful=False, now=now)
    assert (entry.votes, entry.helpful, entry.popularity) == (1, 0, 0)
    actions.vote(entry, "v2", is_helpful=True, now=now)
    assert (entry.votes, entry.helpful) == (2, 1)
    assert entry.version == version
    assert len(events("voted")) == 3
    assert len(db.session.scalars(select(Vote)).all()) == 2


def test_an_answer_that_spared_a_ticket_is_counted_without_personal_data(faq, now):
    entry = faq("Zebras?")
    actions.deflected(entry, "mail ada@example.com", now=now)
    assert events("deflected")[0].facts["query"] == "mail [address]"


def counted(told):
    """How many an import added, changed, and found the same."""
    return told.added, told.changed, told.same


@pytest.mark.engines("sqlite", "postgresql")
def test_an_import_adds_changes_and_repeats_harmlessly(app, engine, now):
    rows = [FaqRow("z1", "Zebra one?", "A.", "cli", ("t",), 5), FaqRow("z2", "Zebra two?", "B.", "cli")]
    assert counted(importing.import_faqs(rows, source="test", now=now)) == (2, 0, 0)
    assert counted(importing.import_faqs(rows, source="test", now=now)) == (0, 0, 2)
    changed = [FaqRow("z1", "Zebra one?", "Another.", "cli", ("t",), 1), rows[1]]
    assert counted(importing.import_faqs(changed, source="test", now=now)) == (0, 1, 1)
    entry = db.session.scalar(select(Faq).where(Faq.external_id == "z1"))
    assert (entry.answer, entry.popularity) == ("Another.", 5)
    assert [event.facts["added"] for event in events("imported")] == [2, 0]


@pytest.mark.engines("sqlite", "postgresql")
def test_the_worker_follows_every_change(app, engine, faq, people, now, drain):
    entry = faq("Where do zebras sleep?")
    drain()
    assert "where-do-zebras-sleep" in names(finding.search(None, "zebras"))
    actions.unpublish(db.session.get(Faq, entry.id), actor=people.agent, now=now)
    drain()
    assert "where-do-zebras-sleep" not in names(finding.search(None, "zebras"))
    importing.import_faqs([FaqRow("z9", "Do zebras dream?", "Of grass.", "cli")], source="test", now=now)
    drain()
    assert "z9" in names(finding.search(None, "zebra dream"))


def test_the_index_is_rebuilt_where_it_is_missing_or_stale(app, faq, indexed):
    before = set(indexing.the_index().stamps())
    (indexing.home() / "current").unlink()
    assert indexing.catch_up() == len(before)
    assert set(indexing.the_index().stamps()) == before
    faq("Zebras?")
    db.session.commit()
    assert indexing.catch_up() == 1
    assert indexing.catch_up() == 0


def test_without_an_index_a_question_is_answered_all_the_same(app, monkeypatch, indexed):
    (indexing.home() / "current").unlink()
    assert names(finding.search(None, "how do i install")) != []
    (indexing.home() / "current").unlink()
    monkeypatch.setattr(finding, "BUILT_ON_THE_SPOT", 0)
    found = finding.search(None, "install zzz")
    assert found.is_rough
    assert "install-hive" in names(found)
    assert finding.search(None, "%z%z% _q_q").results == []


def test_many_questions_tell_the_log_once_a_minute_that_there_is_no_index(app, monkeypatch, indexed):
    at = 1000.0
    monkeypatch.setattr(finding, "told", {})
    monkeypatch.setattr(finding, "monotonic", lambda: at)
    monkeypatch.setattr(finding, "BUILT_ON_THE_SPOT", 0)

    def said():
        with structlog.testing.capture_logs() as lines:
            for question in ("install", "update", "proxy"):
                assert finding.search(None, question).is_rough
        return [line["reason"] for line in lines if line["event"] == "search.index_unusable"]

    (indexing.home() / "current").unlink()
    assert len(said()) == 1
    at += 59
    assert said() == []
    at += 1
    missing = said()
    (indexing.home() / "current").write_text("[]")
    other = said()
    assert len(missing) == len(other) == 1
    assert missing != other


def test_what_was_withdrawn_is_not_shown_though_the_index_has_it(faq, people, now, indexed):
    entry = faq("Where do zebras sleep?", audience="public")
    indexed()
    actions.unpublish(db.session.get(Faq, entry.id), actor=people.agent, now=now)
    db.session.flush()
    assert names(finding.search(None, "zebras sleep")) == []


def test_audiences_see_their_own(faq, people, indexed):
    for audience in ("public", "customers", "enterprise", "staff"):
        faq(f"Quagga {audience}", audience=audience, category=f"shelf-{audience}")
    indexed()
    seen = {"visitor": None, "stranger": people.stranger, "user": people.user, "agent": people.agent}
    expected = {"visitor": 1, "stranger": 2, "user": 3, "agent": 4}
    for who, reader in seen.items():
        for question in ("quagga", "quaga", "quag"):
            assert len(finding.search(reader, question).results) == expected[who]
        assert len([key for key in finding.search(reader, "quagga").categories if key.startswith("shelf-")]) == expected[who]
        assert len([key for key in finding.counts(reader) if key.startswith("shelf-")]) == expected[who]


def test_a_word_of_staff_is_not_offered_to_others(faq, people, indexed):
    faq("Flibbertigibbet", audience="staff")
    indexed()
    assert finding.search(people.user, "flibertigibbet").did_you_mean is None
    assert finding.search(people.agent, "flibertigibbet").did_you_mean == "flibbertigibbet"
