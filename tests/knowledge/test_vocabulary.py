"""The words that an editor keeps: what a line may say, who may change it, and that every search goes by it."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.extensions import db
from app.knowledge import finding, indexing
from app.knowledge.keeper import Keeper
from app.knowledge.vocabulary import actions, defaults, queries
from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.rules import compose, parse, parse_line
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.search import store
from app.search.analysis import SHIPPED
from tests.knowledge.shared import events

PAGE = "/desk/knowledge/vocabulary"
AT = 1_800_000_000.0
WORDS = st.lists(
    st.sampled_from(["zebra", "okapi", "quagga", "tapir", "gnu", "eland", "kudu", "oryx", "nyala", "ibex"]),
    min_size=2,
    max_size=5,
    unique=True,
)


def keys(text):
    """The names of what a visitor finds."""
    return [result.key for result in finding.search(None, text).results]


def group(line):
    """The row of a line."""
    return db.session.scalars(select(WordGroup).where(WordGroup.line == line)).one()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("alone", "two words or more"),
        ("alone,", "two words or more"),
        (", ,", "two words or more"),
        ("a => b => c", "once"),
        ("=> b", "both sides"),
        ("a =>", "both sides"),
        ("zebra, the", "says nothing"),
        ("zebra, how do i", "says nothing"),
        ("zebra, !!!", "no letter"),
        ("zebra, okapi, zebra", "stands twice"),
        ("zebra => zebras", "leads to itself"),
        ("zebra, zebras", "one word already"),
        ("zebra, one two three four five six", "too long"),
        ("zebra, " + "x" * 61, "too long"),
        ("zebra # striped, horse", "heading"),
        ("zebra, " + ", ".join(f"w{n}" for n in range(60)), "at most"),
    ],
)
def test_a_line_that_says_nothing_useful_is_refused_with_a_reason(line, told):
    with pytest.raises(ValueError, match=told):
        parse_line(line)


def test_a_file_names_each_wrong_line():
    lines, problems = parse(
        "\ufeff# Beasts\nzebra, striped horse\n\nalone\nokapi => quagga\nquagga => gnu\nstriped horse, Zebra\ngnu => okapi\n"
    )
    assert [line.text for line in lines][:2] == ["zebra, striped horse", "okapi => quagga"]
    assert {line.topic for line in lines} == {"Beasts"}
    assert [(problem.number, problem.message.split()[0]) for problem in problems] == [(4, "Write"), (7, "It"), (8, "“gnu”")]


@given(st.lists(st.tuples(WORDS, st.sampled_from(["Beasts", "Others"])), max_size=6))
def test_a_file_that_was_composed_reads_as_the_same_lines(given_lines):
    text = compose(parse_line(", ".join(words), topic) for words, topic in given_lines)
    lines, _ = parse(text)
    assert [(line.text, line.topic) for line in lines] == [(", ".join(words), topic) for words, topic in given_lines]
    assert compose(lines) == text


@given(st.text(max_size=300))
def test_any_file_is_read_or_refused_and_never_fails(text):
    lines, problems = parse(text)
    assert all(0 <= problem.number <= text.count("\n") + len(text.splitlines()) + 1 and problem.message for problem in problems)
    if not problems:
        assert parse(compose(lines))[1] == []


def test_what_ships_is_there_and_reads_as_its_file(app):
    assert db.session.scalar(select(func.count()).select_from(WordGroup)) == len(parse(SHIPPED)[0])
    assert parse(queries.exported())[0] == parse(compose(parse(SHIPPED)[0]))[0]


def test_an_update_brings_new_words_and_leaves_what_was_edited(app, people, now, monkeypatch):
    first, second, third, fourth = ("ape, monkey", "bear, bruin", "cat, puss", "dog, hound")
    monkeypatch.setattr(defaults, "SHIPPED", "\n".join([first, second, third, fourth]))
    defaults.ensure(now)
    actions.change(group(second), "bear, teddy", "", actor=people.lead, now=now)
    actions.remove(group(third), actor=people.lead, now=now)
    monkeypatch.setattr(defaults, "SHIPPED", "ape, monkey, chimp\nbear, bruin, grizzly\ncat, puss, kitten\nelk, moose")
    defaults.ensure(now)
    assert queries.in_force().splitlines() == ["ape, monkey, chimp", "bear, teddy", "elk, moose"]
    actions.restore(group("bear, teddy"), actor=people.lead, now=now)
    assert "bear, bruin, grizzly" in queries.in_force()


@pytest.mark.engines("sqlite", "postgresql")
def test_a_new_line_is_what_every_search_goes_by_and_then_no_more(app, engine, faq, people, now, indexed, drain):
    faq("Where is my quagga?")
    indexed()
    generation = store.read_current(indexing.home()).number
    assert "where-is-my-quagga" not in keys("bonnacon")
    row = actions.add("bonnacon, quagga", "Beasts", actor=people.agent, now=now)
    drain()
    assert keys("bonnacon")[:1] == ["where-is-my-quagga"]
    assert store.read_current(indexing.home()).number == generation + 1, "one small publication, no rebuild"
    assert [event.facts for event in events("vocabulary_changed")] == [{"group": row.key, "before": "", "after": "bonnacon, quagga"}]
    actions.change(row, "bonnacon, zorilla", "Beasts", actor=people.agent, now=now)
    drain()
    assert "where-is-my-quagga" not in keys("bonnacon")


def test_a_new_phrase_is_found_in_texts_that_were_indexed_before(app, faq, people, now, indexed):
    faq("How do I pet the striped horse?")
    faq("Which horse is striped?")
    keeping = Keeper()
    keeping.look(AT)
    actions.add("zebra, striped horse", "", actor=people.agent, now=now)
    db.session.commit()
    assert keeping.look(AT + 2) > 10, "all texts are read again"
    assert keys("zebra") == ["how-do-i-pet-the-striped-horse"]


def test_the_same_again_changes_and_records_nothing(app, people, now):
    row = actions.add("zebra, okapi", "Beasts", actor=people.agent, now=now)
    actions.change(row, " Zebra,okapi ", "Beasts", actor=people.agent, now=now)
    actions.remove(group("error, message"), actor=people.agent, now=now)
    actions.remove(group("error, message"), actor=people.agent, now=now)
    assert len(events("vocabulary_changed")) == 2


def test_a_line_is_refused_that_an_other_one_says_or_that_closes_a_ring(app, people, now):
    actions.add("zebra => okapi", "", actor=people.agent, now=now)
    with pytest.raises(Invalid, match="same as"):
        actions.add("zebra => okapi", "", actor=people.agent, now=now)
    with pytest.raises(Invalid, match="back to itself"):
        actions.add("okapis => zebras", "", actor=people.agent, now=now)


def test_who_may_and_who_may_not(app, people, now):
    row = group("error, message")
    for verb in (
        lambda: actions.add("zebra, okapi", "", actor=people.user, now=now),
        lambda: actions.change(row, "zebra, okapi", "", actor=people.user, now=now),
        lambda: actions.remove(row, actor=people.user, now=now),
        lambda: actions.take_in("zebra, okapi", replace=False, actor=people.user, now=now),
        lambda: actions.take_in("zebra, okapi", replace=True, actor=people.agent, now=now),
    ):
        with pytest.raises(NotAllowed):
            verb()
    with pytest.raises(Stale):
        actions.change(row, "zebra, okapi", "", actor=people.agent, now=now, seen=row.version + 1)
    with pytest.raises(WrongState):
        actions.restore(actions.add("zebra, okapi", "", actor=people.agent, now=now), actor=people.agent, now=now)


def test_what_was_exported_and_is_taken_in_again_changes_nothing(app, people, now):
    actions.add("zebra, okapi", "Beasts", actor=people.agent, now=now)
    text = queries.exported()
    told = actions.take_in(text, replace=True, actor=people.lead, now=now)
    assert (told.added, told.removed) == (0, 0)
    assert queries.exported() == text
    assert events("vocabulary_imported") == []


def test_a_file_adds_and_with_replace_takes_out(app, people, now):
    actions.add("zebra, okapi", "", actor=people.agent, now=now)
    told = actions.take_in("# Beasts\ngnu, wildebeest\nerror, message\n", replace=True, actor=people.lead, now=now)
    assert (told.added, told.same) == (1, 1)
    assert queries.in_force().splitlines() == ["error, message", "gnu, wildebeest"]
    assert db.session.scalar(select(WordGroup).where(WordGroup.line == "zebra, okapi")) is None
    assert not group("install, set up, setup, installation").is_enabled, "one that ships is kept, so that no update brings it back"
    assert len(events("vocabulary_imported")) == 1
    actions.take_in("install, set up, setup, installation", replace=False, actor=people.agent, now=now)
    assert group("install, set up, setup, installation").is_enabled


def test_a_file_with_one_wrong_line_is_not_taken_in_at_all(app, people, browse):
    before = queries.in_force()
    answer = browse(people.lead).post(f"{PAGE}/file", {"text": "gnu, wildebeest\nalone\n"}, status=422)
    assert "Line 2:" in answer.text
    assert "gnu, wildebeest" in answer.text, "what was typed is kept"
    db.session.rollback()
    assert queries.in_force() == before


def test_a_file_can_be_sent(app, people, browse):
    desk = browse(people.lead)
    desk.post(f"{PAGE}/file", {"file": (io.BytesIO("# Beasts\ngnu, wildebeest\n".encode("utf-8-sig")), "words.txt")}, to=PAGE)
    assert "gnu, wildebeest\n" in desk.get(f"{PAGE}.txt").text
    wrong = (io.BytesIO(b"zebra, okapi\n\xff\xfe, gnu"), "words.txt")
    assert "Line 2:" in desk.post(f"{PAGE}/file", {"file": wrong}, status=422).text


def test_what_was_written_for_a_line_that_is_gone_becomes_a_new_one(app, people, browse):
    desk = browse(people.agent)
    desk.post(PAGE, {"line": "zebra, okapi", "topic": "Beasts"}, to=re.compile(PAGE + r"/\d+"))
    there = f"{PAGE}/{group('zebra, okapi').id}"
    desk.post(f"{there}/removal", to=PAGE)
    page = desk.post(there, {"line": "zebra, okapi, gnu", "topic": "Beasts", "version": "1"}, status=409)
    assert "was taken out since you opened it" in page.words
    form = page.markup.one("form", id="line-form")
    desk.post(form["action"], page.markup.fields(form), to=re.compile(PAGE + r"/\d+"))
    assert f"{PAGE}/{group('zebra, okapi, gnu').id}" != there
    desk.post(there, {"line": "zebra, okapi"}, status=404)


def test_the_desk_adds_changes_and_takes_out(app, people, browse):
    desk = browse(people.agent)
    desk.get(f"{PAGE}/new")
    assert "two words or more" in desk.post(PAGE, {"line": "alone"}, status=422).text
    desk.post(PAGE, {"line": "zebra, okapi", "topic": "Beasts"}, to=re.compile(PAGE + r"/\d+"))
    row = group("zebra, okapi")
    there, seen = f"{PAGE}/{row.id}", str(row.version)
    assert "zebra, okapi" in desk.get(f"{PAGE}?q=okapi").text
    desk.post(there, {"line": "zebra, okapi, gnu", "topic": "Beasts", "version": seen}, to=there)
    for version in (seen, "", "\u2028", "x"):
        stale = desk.post(there, {"line": "zebra, tapir", "version": version}, status=409)
        assert "zebra, tapir" in stale.text
        assert "zebra, okapi, gnu" in stale.text
    desk.post(f"{there}/removal", to=PAGE)
    desk.get(there, status=404)


def test_one_that_ships_is_switched_off_and_on_again(app, people, browse):
    desk = browse(people.agent)
    row = group("error, message")
    desk.post(f"{PAGE}/{row.id}/removal", to=PAGE)
    assert "error, message" in desk.get(f"{PAGE}?state=off").text
    desk.post(f"{PAGE}/{row.id}/restoration", to=f"{PAGE}/{row.id}")
    assert "error, message" not in desk.get(f"{PAGE}?state=off").text


def test_the_list_pages_by_key_and_filters(app, people, browse, statements):
    desk = browse(people.agent)
    first = desk.get(PAGE)
    assert first.text.count('class="subject"') == queries.PAGE
    assert 'rel="next"' in first.text
    desk.get(f"{PAGE}?cursor=nonsense", status=422)
    assert desk.get(f"{PAGE}?state=own").text.count('class="subject"') == 0
    with statements() as seen:
        queries.listed(queries.Filter())
    assert len(seen) == 1


def test_a_question_is_explained(app, people, browse, faq, indexed):
    faq("How do I uninstall the zebra?")
    faq("Zebra procedures", audience="staff")
    indexed()
    text = browse(people.agent).get(f"{PAGE}/trial?q=remvoe+zebra+").text
    assert "for remove" in text
    assert "vocabulary" in text
    assert "How do I uninstall the zebra?" in text
    assert "Zebra procedures" not in text, "it is tried as a visitor unless one says otherwise"
    assert "Zebra procedures" in browse(people.agent).get(f"{PAGE}/trial?q=zebra+&audience=staff").text
    assert "No word of it says" in browse(people.agent).get(f"{PAGE}/trial?q=how+do+i+").text
