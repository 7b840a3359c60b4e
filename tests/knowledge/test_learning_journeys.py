"""What a reader's steps amount to: found, abandoned, refined, led to a ticket. No database."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.knowledge.learning import journeys
from app.knowledge.learning.journeys import PATIENCE_SECONDS, begun, follow, given_up, is_found

START = 1_795_428_000.0
SHOWN = ["faq:1", "faq:2", "article:3"]


def search(query, at=0.0, shown=SHOWN, **more):
    return {"k": "search", "t": START + at, "q": query, "p": list(shown), "n": len(shown), "x": not shown, **more}


def open_(key, at=0.0):
    return {"k": "open", "t": START + at, "i": key}


def vote(key, helpful, at=0.0):
    return {"k": "vote", "t": START + at, "i": key, "y": helpful}


def step(kind, at=0.0, **more):
    return {"k": kind, "t": START + at, **more}


def walk(*notes):
    """The counts of a visit, by column, and the visit; nought is left out."""
    visit, counts = begun(notes[0]), Counter()
    for note in notes:
        visit, more = follow(visit, note)
        counts.update(more)
    return visit, counts


def of(counts, what):
    """Column → sum for readers, queries or entries."""
    found = Counter()
    for key, number in counts.items():
        if key[0] == what:
            found[key[-1]] += number
    return {name: number for name, number in found.items() if number}


# The steps of a visit → how many visits ended with an answer.
ENDS = {
    "searched and opened": ([search("proxy"), open_("faq:2")], 1),
    "searched only": ([search("proxy")], 0),
    "read without a search": ([open_("faq:2")], 0),
    "opened and voted down": ([search("proxy"), open_("faq:2"), vote("faq:2", False)], 0),
    "voted down, then another": ([search("proxy"), open_("faq:2"), vote("faq:2", False), open_("article:3")], 1),
    "voted up": ([search("proxy"), open_("faq:2"), vote("faq:2", True)], 1),
    "voted down, then up": ([search("proxy"), open_("faq:2"), vote("faq:2", False), vote("faq:2", True)], 1),
    "a ticket afterwards": ([search("proxy"), open_("faq:2"), step("ticket")], 0),
    "a search after it that opened nothing": ([search("proxy"), open_("faq:2"), search("cache")], 0),
    "a search after it that did": ([search("proxy"), open_("faq:2"), search("cache"), open_("faq:1")], 1),
    "to the ticket form, and back to read": ([search("proxy"), step("form"), open_("faq:1")], 1),
    "to the ticket form": ([search("proxy"), open_("faq:2"), search("cache"), step("form")], 0),
    "an answer beside the subject was enough": ([search("proxy"), step("form"), step("offer"), step("solve", i="faq:1")], 1),
    "it was not enough after all": ([search("proxy"), step("offer"), step("solve", i="faq:1"), step("ticket")], 0),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_visit_found_an_answer_or_did_not(name):
    notes, wanted = ENDS[name]
    visit, counts = walk(*notes)
    assert of(counts, "reader").get("found", 0) == wanted
    assert is_found(visit) == bool(wanted)
    assert of(counts, "reader").get("visits", 0) == int(any(note["k"] == "search" for note in notes))


def test_an_opened_answer_counts_with_its_place():
    _, counts = walk(search("proxy"), open_("article:3"))
    assert of(counts, "query") == {"times": 1, "opened": 1, "places": 3}
    assert of(counts, "entry") == {"opened": 1, "places": 3, "views": 1}


def test_a_second_page_shows_further_places():
    _, counts = walk(search("proxy"), search("proxy", g=2, shown=["faq:8", "faq:9"]), open_("faq:9"))
    assert of(counts, "query") == {"times": 1, "opened": 1, "places": 5}


def test_asking_in_other_words_is_a_refinement_and_later_it_is_another_question():
    _, soon = walk(search("proxy"), search("proxy settings", 30))
    assert of(soon, "reader") == {"visits": 1, "searches": 2, "refined": 1}
    _, late = walk(search("proxy"), search("licence", PATIENCE_SECONDS + 1))
    assert of(late, "reader") == {"visits": 1, "searches": 2, "abandoned": 1}
    assert ("query", late_day(late), False, "proxy", "abandoned") in late


def late_day(counts):
    """The day of all counts."""
    return next(iter(counts))[1]


def test_a_search_is_abandoned_when_nothing_was_opened_and_time_passed():
    visit, _ = walk(search("proxy"))
    after, counts = given_up(visit)
    assert of(counts, "query") == {"abandoned": 1}
    assert not journeys.waits(after)
    assert of(given_up(after)[1], "query") == {}
    empty, _ = walk(search("qqzz", shown=[]))
    assert of(given_up(empty)[1], "query") == {}


def test_a_ticket_counts_once_for_all_that_was_read_and_the_last_question():
    _, counts = walk(search("proxy"), open_("faq:1"), open_("faq:2"), step("ticket"), step("ticket"))
    assert of(counts, "entry")["tickets"] == 2
    assert of(counts, "query")["tickets"] == 1
    assert of(counts, "reader")["ticketed"] == 1


def test_deflection_is_taken_back_by_a_ticket():
    _, kept = walk(step("offer"), step("solve", i="faq:1"))
    assert of(kept, "reader") == {"offered": 1, "deflected": 1}
    _, lost = walk(step("offer"), step("solve", i="faq:1"), step("ticket"))
    assert of(lost, "reader") == {"offered": 1, "undeflected": 1}


def test_one_visitor_counts_once_for_an_entry_and_no_more_than_so_many():
    many = [open_(f"faq:{number}") for number in range(1, journeys.VIEWS_A_VISITOR + 30)]
    _, counts = walk(open_("faq:1"), open_("faq:1"), *many)
    assert of(counts, "entry")["views"] == journeys.VIEWS_A_VISITOR
    _, solved = walk(step("offer"), step("solve", i="faq:1"), step("solve", i="faq:1"))
    assert of(solved, "entry")["solved"] == 1


KEYS = st.sampled_from(["faq:1", "faq:2", "article:3", "faq:9"])
NOTES = st.one_of(
    st.builds(search, st.sampled_from(["proxy", "cache", "qq"]), shown=st.sampled_from([SHOWN, []])),
    st.builds(open_, KEYS),
    st.builds(vote, KEYS, st.booleans()),
    st.builds(step, st.sampled_from(["offer", "form", "ticket"])),
    st.builds(lambda key: step("solve", i=key), KEYS),
)


@given(st.lists(NOTES, min_size=1, max_size=25))
def test_what_is_counted_of_a_visit_is_what_it_came_to(notes):
    visit, counts = walk(*notes)
    readers, questions = of(counts, "reader"), of(counts, "query")
    assert readers.get("found", 0) == int(is_found(visit)) <= readers.get("visits", 0) <= 1
    assert readers.get("deflected", 0) + readers.get("undeflected", 0) <= 1
    done = sum(readers.get(name, 0) for name in ("opened", "refined", "abandoned", "asked"))
    assert done <= readers.get("searches", 0)
    assert all(readers.get(name, 0) == questions.get(name, 0) for name in ("opened", "refined", "abandoned", "asked", "empty", "weak"))
    assert all(number >= 0 for number in readers.values())
