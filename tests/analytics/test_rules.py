"""The definitions of figures, and the geometry of charts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics import charts, rules, views
from app.lib import ranges

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=100)


def test_a_day_is_cut_into_the_last_24_whole_hours_with_the_present_one():
    span = ranges.span("24h", NOW)
    assert (span.start, span.end, span.unit) == (datetime(2026, 11, 22, 11, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC), "hour")
    assert span.start - span.before == timedelta(hours=24)
    assert span.zone_words == "Hours are UTC."


@pytest.mark.parametrize(("key", "days"), [("7d", 7), ("30d", 30), ("90d", 90), ("nonsense", 7)])
def test_longer_ranges_are_whole_days_that_end_with_today(key, days):
    span = ranges.span(key, NOW)
    assert span.end == datetime(2026, 11, 24, tzinfo=UTC)
    assert span.end - span.start == span.start - span.before == timedelta(days=days)
    assert span.zone_words == "Days are UTC."


@given(st.integers(0, 10**7))
def test_every_response_time_lies_within_the_bounds_of_its_bucket(seconds):
    above, most = rules.bounds_of(rules.bucket(seconds))
    assert above < seconds
    assert most is None or seconds <= most


def test_figures_of_nothing_are_none_and_never_nought():
    nothing = rules.Totals()
    assert (nothing.average_response, nothing.resolution_rate, nothing.average_satisfaction) == (None, None, None)
    assert rules.tone(None, 0.95) is None


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3), st.lists(st.integers(0, 1000), min_size=3, max_size=3))
def test_totals_of_parts_are_the_totals_of_the_whole(opened, responses):
    parts = [rules.Totals(opened=o, responses=r, buckets=(r,) * len(rules.BUCKETS)) for o, r in zip(opened, responses, strict=True)]
    whole = rules.summed(parts)
    assert (whole.opened, whole.responses) == (sum(opened), sum(responses))
    assert whole.buckets == (sum(responses),) * len(rules.BUCKETS)


@pytest.mark.parametrize(
    ("by", "words"), [(None, ""), (0.04, "No change"), (-0.04, "No change"), (0.06, "0.1 higher"), (-1.25, "1.2 lower")]
)
def test_what_rounds_to_nought_has_not_changed(by, words):
    assert views.moved(by, "higher", "lower")[0] == words


@given(COUNTS)
def test_an_axis_holds_every_value_and_wastes_no_more_than_it_must(values):
    scale = charts.scale(values)
    assert scale.top >= max(values)
    assert scale.labels[0] == scale.top and scale.labels[-1] == 0
    assert scale.top <= max(3, 2.5 * max(values) + 3)


@given(COUNTS)
def test_every_mark_lies_inside_the_chart(values):
    scale = charts.scale(values)
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in charts.points(values, scale))
    for bar in charts.bars(values, [str(n) for n in values], scale):
        assert bar.x >= 0 and bar.x + bar.width <= charts.WIDTH + 0.2
        assert abs(bar.y + bar.height - charts.HEIGHT) < 0.2


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [(254, 240, "5.8 % more"), (30, 60, "50.0 % fewer"), (119, 1, "118 more"), (0, 0, "No change"), (3, 0, "3 more"), (7, 7, "No change")],
)
def test_a_change_is_told_in_percent_only_where_that_means_something(now, before, words):
    assert views.relative(now, before)[0] == words
