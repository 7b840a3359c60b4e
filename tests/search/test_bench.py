"""The parts of `make bench-search` that decide what its figures mean."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.search.gather import Gathered, chosen, corrections, is_own, name_of, write
from bench.search.goals import missed, slower_than_thirtieth
from bench.search.mistakes import half_typed, is_plain, misspelt
from bench.search.scores import rank, score
from bench.search.sets import Asked, QuestionSet, half_of, own_sets, people_sets, read_entries, read_questions
from bench.search.sets import variants as variants_of

WORDS = st.lists(
    st.sampled_from(["how", "do", "install", "hive", "HIVE-4001", "configuration", "über", "a", "letters", "--no-cache"]), max_size=8
)


def edits(a, b):
    """Edits from one word to the other, a swap of neighbours as one (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


@given(WORDS, st.text(max_size=5))
def test_one_or_two_long_words_are_misspelt_and_no_others(words, seed):
    question = " ".join(words)
    wrong = misspelt(question, seed).split(" ")
    assert misspelt(question, seed).split(" ") == wrong
    changed = [(a, b) for a, b in zip(question.split(" "), wrong, strict=True) if a != b]
    assert len(changed) <= (1 if sum(map(is_plain, words)) < 4 else 2)
    for before, after in changed:
        assert is_plain(before)
        assert after[0] == before[0]
        # A letter that was swapped and then changed is three edits away.
        assert edits(before, after) <= (3 if len(before) >= 8 else 1)


def test_something_is_misspelt_where_something_can_be():
    questions = [f"please reset the password number {n}" for n in range(30)]
    assert sum(misspelt(question, "s") != question for question in questions) >= 28
    assert misspelt("why is it so", "s") == "why is it so"


@given(WORDS, st.text(max_size=5))
def test_half_typed_is_the_beginning_of_the_question(words, seed):
    question = " ".join(words)
    assert question.startswith(half_typed(question, seed))
    assert half_typed("reset my password?", seed) in {
        "reset my pas",
        "reset my pass",
        "reset my passw",
        "reset my passwo",
        "reset my passwor",
    }


@pytest.mark.parametrize(
    ("right", "found", "place"), [({"b"}, "abc", 2), ({"c", "a"}, "abc", 1), ({"x"}, "abc", None), ({"k"}, "abcdefghijk", None)]
)
def test_the_rank_is_that_of_the_first_right_answer_of_ten(right, found, place):
    assert rank(frozenset(right), list(found)) == place


def test_scores_are_shares_of_all_questions():
    questions = [Asked("one", frozenset("a")), Asked("two", frozenset("b")), Asked("three", frozenset("c")), Asked("four", frozenset("d"))]
    found = score(questions, [["a"], ["x", "b"], [], ["x"] * 7 + ["d"]], [1.0, 2.0, 3.0, 4.0])
    assert (found.first, found.five, found.ten, found.empty) == (0.25, 0.5, 0.75, 0.25)
    assert found.mrr == (1 + 1 / 2 + 1 / 8) / 4


def test_a_goal_is_missed_by_a_figure_or_by_a_rival():
    asked = [Asked("q", frozenset("a"))]
    clean, misspelt_ = (QuestionSet("set", kind, (), tuple(asked), by_people=True) for kind in ("clean", "misspelt"))
    good, bad = score(asked, [["a"]], [1.0]), score(asked, [["x", "a"]], [1.0])
    assert missed(clean, {"ours": good, "theirs": good}) == []
    assert missed(clean, {"ours": bad, "theirs": score(asked, [[]], [1.0])}) == ["MRR 0.500 < 0.82", "theirs has as good a first"]
    assert missed(clean, {"ours": bad, "ours, by meaning": good, "theirs": bad}, "ours, by meaning") == [], "we are no rivals of ours"
    assert "theirs has as good a first" in missed(misspelt_, {"ours": bad, "theirs": good})
    assert missed(misspelt_, {"ours": score(asked, [[]], [1.0])}) == ["Recall@5 0.000 < 0.9", "100.0% empty"]
    written = replace(clean, by_people=False)
    assert missed(written, {"ours": bad}) == [], "shares are asked of real questions alone"


def test_a_question_may_take_a_thirtieth():
    assert slower_than_thirtieth({"a question": 1.0, "one word": 9.0}, {"a question": 30.0, "one word": 10.0}) == []
    assert slower_than_thirtieth({"a question": 1.0}, {"a question": 29.0}) == ["a question: 1/29 of Fuse.js"]


def test_a_folder_of_questions_names_what_is_wrong(tmp_path):
    (tmp_path / "queries.tsv").write_text("question\tkeys\nhow much\tfaq:1,faq:2\n\nno keys\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"queries\.tsv:4"):
        read_questions(tmp_path / "queries.tsv")
    (tmp_path / "entries.jsonl").write_text('{"id": "1", "question": "Q?", "answer": "*A* `b`", "tags": null}\n\n', encoding="utf-8")
    assert [(entry.key, entry.title, entry.body, entry.tags) for entry in read_entries(tmp_path / "entries.jsonl")] == [
        ("faq:1", "Q?", "A b", ())
    ]


def test_every_right_answer_of_the_shipped_questions_exists():
    for one in own_sets():
        keys = {entry.key for entry in one.entries}
        assert {key for asked in one.questions for key in asked.keys} <= keys, one.name


def test_variants_ask_the_same_in_the_same_order():
    questions = [Asked(f"how do i reset number{n} please", frozenset({f"faq:{n}"})) for n in range(20)]
    clean, wrong, half = variants_of("set", (), questions)
    assert (
        [asked.keys for asked in clean.questions] == [asked.keys for asked in wrong.questions] == [asked.keys for asked in half.questions]
    )
    assert {half_of(asked.text) for asked in questions} == {"tune", "judge"}


def test_what_readers_said_of_questions_is_kept_without_the_questions(tmp_path):
    vague, clear, shared = "should i go there", "when does the shop open", "opening hours please"
    entries = [Gathered("1", "Opening hours", "From nine.", [vague, clear, shared]), Gathered("2", "When are you there?", "From nine.")]
    assert write(tmp_path, entries, {name_of(vague): "-", name_of(shared): "2"}) == 2
    clean = next(people_sets(tmp_path))
    assert {asked.text: asked.keys for asked in clean.questions} == {clear: {"faq:1"}, shared: {"faq:1", "faq:2"}}
    assert clean.by_people
    assert write(tmp_path, entries, {}) == 3


@pytest.mark.parametrize("name", ["quebec-covid", "banking77"])
def test_corrections_are_read(name):
    verdicts = corrections(name).values()
    assert "-" in verdicts
    assert any("," in verdict for verdict in verdicts)


@pytest.mark.parametrize(
    ("question", "own"),
    [
        ("may we still meet our grandparents", True),
        ("may we meet", False),
        ("can i visit my family", False),
        ("Visits are allowed again since May", False),
        ("how can i visit my old parents and family", True),
    ],
)
def test_a_question_that_repeats_its_entry_is_none(question, own):
    assert is_own(question, Gathered("1", "Can I visit my family?", "Visits are allowed again since May 4.")) is own


def test_the_same_questions_are_chosen_each_time():
    questions = [f"question {n}" for n in range(20)]
    assert chosen(questions + questions, 4) == chosen(reversed(questions), 4)
    assert len(set(chosen(questions, 4))) == 4
