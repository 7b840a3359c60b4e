"""Cursors: what we pack is what we get back, and what others pack never is anything else."""

import base64
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.errors import Invalid
from app.lib.paging import decode_cursor, encode_cursor
from app.lib.requests import LARGEST

KINDS = st.lists(st.sampled_from([int, str, date, datetime]), min_size=1, max_size=3)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(alphabet="\ud800\x00-")
TIMES = st.builds(lambda time, zone: f"{time.isoformat()}{zone}", st.datetimes(), st.sampled_from(["", "+14:00", "-14:00"]))
ANYTHING = PLAIN | st.lists(PLAIN, max_size=2) | st.fixed_dictionaries({"t": TIMES | PLAIN}) | st.dates().map(str)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, LARGEST), st.sampled_from(["faq", "2026-11"]), st.dates(), st.booleans())
def test_what_is_packed_comes_back(moment, number, word, day, back):
    cursor = encode_cursor([moment, number, word, str(day)], back=back)
    assert decode_cursor(cursor, datetime, int, str, date) == ([moment, number, word, day], back)


@given(KINDS, st.lists(ANYTHING, max_size=4))
def test_a_forged_cursor_is_refused_or_holds_what_a_database_can(kinds, values):
    cursor = base64.urlsafe_b64encode(json.dumps([0, *values]).encode()).decode()
    try:
        found, _ = decode_cursor(cursor, *kinds)
    except Invalid:
        return
    assert [type(value) for value in found] == kinds
    assert all(abs(value) <= LARGEST for value in found if isinstance(value, int))
    assert all(value.tzinfo is UTC for value in found if isinstance(value, datetime))
    assert all("\x00" not in value.encode().decode() for value in found if isinstance(value, str))


@pytest.mark.parametrize("cursor", ["", "=", "é", "bm9uZQ", "[]", base64.b64encode(b"[" * 100_000).decode()])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(Invalid, match="first page"):
        decode_cursor(cursor, int)
