"""Popularity fades by halves, adds up whatever the order, and is written only where its whole number changes."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from app.extensions import db
from app.knowledge import indexing
from app.knowledge.learning import jobs, popularity
from app.knowledge.learning.models import Popularity
from app.knowledge.learning.rules import HALF_LIFE_DAYS, due_on, shown, weight, worth
from app.knowledge.models import Faq

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAYS = st.integers(0, 4000).map(lambda days: date(2026, 1, 1) + timedelta(days=days))
POINTS = st.integers(-200, 5000)


@given(POINTS, DAYS, st.integers(0, 2000))
def test_a_point_is_worth_half_after_each_half_life(points, day, days):
    score = points * weight(day)
    assert worth(score, day) == pytest.approx(points)
    later = worth(score, day + timedelta(days=days))
    assert later == pytest.approx(points / 2 ** (days / HALF_LIFE_DAYS))
    assert worth(score, day + timedelta(days=days + HALF_LIFE_DAYS)) == pytest.approx(later / 2)
    assert abs(later) <= abs(points) + 1e-9


@given(st.lists(st.tuples(POINTS, DAYS), max_size=8), st.randoms())
def test_the_order_in_which_readers_came_does_not_matter(given_points, shuffled):
    last = max((day for _, day in given_points), default=date(2026, 1, 1))
    whole = sum(points * weight(day) for points, day in given_points)
    other = [*given_points]
    shuffled.shuffle(other)
    assert worth(sum(points * weight(day) for points, day in other), last) == pytest.approx(worth(whole, last), abs=1e-6)


@given(POINTS, DAYS)
@example(1, date(2026, 1, 1))
def test_what_is_due_shows_less_and_shows_the_same_until_then(points, day):
    score = points * weight(day)
    due = due_on(score, day)
    assert due > day
    if shown(score, day):
        assert abs(shown(score, due)) < abs(shown(score, day)) or due == day + timedelta(days=1)
        assert shown(score, due - timedelta(days=1)) == shown(score, day)


@given(POINTS, DAYS)
def test_what_is_due_comes_to_nought_in_the_end(points, day):
    score = points * weight(day)
    for _ in range(abs(points) + 3):
        if not shown(score, day):
            break
        day = due_on(score, day)
    assert shown(score, day) == 0


@BOTH
def test_what_readers_gave_fades_and_what_was_given_by_hand_stays(faq, clock, now, engine):
    entry = faq("Zebras?")
    entry.popularity = 100
    db.session.flush()
    for _ in range(8):
        popularity.earn("faq", entry.id, 5, now)
    db.session.commit()
    assert popular(entry) == 140
    clock.shift(HALF_LIFE_DAYS * 86_400)
    assert jobs.fade() == 1
    assert popular(entry) == 120
    assert jobs.fade() == 0
    clock.shift(20 * HALF_LIFE_DAYS * 86_400)
    jobs.fade()
    assert popular(entry) == 100
    assert db.session.scalars(select(Popularity)).all() == []


def popular(entry):
    db.session.expire_all()
    return db.session.get(Faq, entry.id).popularity


def test_votes_against_an_entry_take_no_more_than_it_has_and_come_back_as_they_fade(faq, clock, now):
    entry = faq("Zebras?")
    entry.popularity = 3
    db.session.flush()
    popularity.earn("faq", entry.id, -5, now)
    assert popular(entry) == 0
    popularity.earn("faq", entry.id, 5, now)
    assert popular(entry) == 3
    popularity.earn("faq", entry.id, -2, now)
    db.session.commit()
    clock.shift(20 * HALF_LIFE_DAYS * 86_400)
    jobs.fade()
    assert popular(entry) == 3


def test_an_import_gives_another_base_and_what_was_earned_still_fades(faq, clock, now):
    entry = faq("Zebras?")
    popularity.earn("faq", entry.id, 40, now)
    db.session.commit()
    entry.popularity = 1000
    db.session.commit()
    popularity.earn("faq", entry.id, 10, now)
    db.session.commit()
    assert popular(entry) == 1010
    clock.shift(30 * HALF_LIFE_DAYS * 86_400)
    jobs.fade()
    assert popular(entry) == 960


def test_only_a_chunk_fades_at_once_the_longest_due_first(faq, clock, now):
    entries = [faq(f"Zebra {number}?") for number in range(5)]
    for number, entry in enumerate(entries):
        popularity.earn("faq", entry.id, 50 - 10 * number, now)
    db.session.commit()
    later = now + timedelta(days=HALF_LIFE_DAYS)
    assert [popularity.fade(later, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert [popular(entry) for entry in entries] == [25, 20, 15, 10, 5]


def test_the_index_learns_of_what_crossed_a_step_and_of_nothing_else(faq, clock, now, indexed):
    steady, falling = faq("Steady zebra?"), faq("Falling zebra?")
    popularity.earn("faq", steady.id, 63, now)
    popularity.earn("faq", falling.id, 33, now)
    db.session.expire_all()
    indexed()
    assert indexing.catch_up() == 0
    later = now + timedelta(days=8)
    assert popularity.fade(later) == 2
    db.session.commit()
    assert (popular(steady), popular(falling)) == (59, 31)
    db.session.rollback()
    assert indexing.catch_up() == 1
