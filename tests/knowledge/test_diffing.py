"""What differs between two texts: whole, by line, and by word inside a line."""

from hypothesis import given
from hypothesis import strategies as st

from app.knowledge.writing.comparing import compared
from app.knowledge.writing.diffing import compared as rows_of
from app.knowledge.writing.diffing import diff, words

TEXT = st.lists(st.sampled_from(["a b c", "a b d", "x", "", "# one", "long line with several words"]), max_size=12).map("\n".join)


def side(text, which):
    """One side of a difference, put together again from its pieces."""
    return "\n".join("".join(piece.text for piece in line.pieces) for row in whole(text) if (line := getattr(row, which)) is not None)


def whole(text):
    """All rows of a difference, none folded."""
    return list(rows_of(*(part.split("\n") if part else [] for part in text)))


@given(TEXT, TEXT)
def test_a_difference_holds_both_texts_whole(old, new):
    assert (side((old, new), "old"), side((old, new), "new")) == (old, new)


@given(TEXT, TEXT)
def test_a_difference_is_empty_only_for_equal_texts_and_folding_loses_no_line(old, new):
    found = diff(old, new, context=1)
    assert found.is_same == (old == new)
    shown = sum(row.hidden or 1 for row in found.rows)
    assert shown == len(whole((old, new)))
    assert all(line.number > 0 for row in found.rows for line in (row.old, row.new) if line)


def test_a_changed_word_is_marked_inside_its_line():
    (row,) = diff("run hive init now", "run hive doctor now").rows
    assert row.kind == "changed"
    assert [piece.text for piece in row.old.pieces if piece.is_changed] == ["init"]
    assert [piece.text for piece in row.new.pieces if piece.is_changed] == ["doctor"]


def test_a_line_that_is_another_one_is_removed_and_added():
    assert [row.kind for row in diff("completely different words", "1234").rows] == ["removed", "added"]
    assert words("one", "другое") is None


def test_a_text_too_long_to_compare_is_replaced_as_a_whole():
    found = diff("\n".join(f"a{n}" for n in range(5000)), "\n".join(f"b{n}" for n in range(5000)))
    assert (found.removed, found.added) == (5000, 5000)


def test_a_small_change_in_a_long_text_shows_its_neighbourhood_only():
    lines = [f"line {n}" for n in range(20_000)]
    found = diff("\n".join(lines), "\n".join([*lines[:9000], "other", *lines[9001:]]))
    assert next(row.kind for row in found.rows if row.kind != "same") == "gap"
    assert sum(row.kind == "same" for row in found.rows) == 6


def test_the_difference_of_fields_is_in_words():
    before = {"title": "A", "body": "x", "audience": "public", "tags": ["a"], "section": "staff"}
    after = {"title": "A", "body": "y", "audience": "staff", "tags": ["a", "b"], "section": "user-guide"}
    found = compared("article", before, after)
    assert found.fields == (("Who may read it", "Everybody", "Staff only"), ("Tags", "a", "a, b"), ("Section", "Procedures", "User guide"))
    assert (found.text.removed, found.text.added) == (1, 1)
