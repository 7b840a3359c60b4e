"""Plans to try rules on: any shifts, overrides, absences and holidays, near the clock changes of several zones."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from app.rota.rules import Absence, Override, Person, Plan, Shift

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland", "America/St_Johns")
# Near the clock changes of 2026 in Europe, America, Lord Howe and New Zealand.
BEGINNINGS = (
    *(datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 4, 3, 18, tzinfo=UTC)),
    *(datetime(2026, 9, 25, 20, tzinfo=UTC), datetime(2026, 10, 2, 7, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)),
    *(datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)),
)
PEOPLE = (1, 2, 3, 4)
TEAM, LEVEL = 7, 1
MONDAY = date(2026, 1, 5)


@st.composite
def shifts(draw, number):
    """A shift of any shape. Times on the quarter hour meet often."""
    quarter = st.integers(0, 95).map(lambda n: n * 15)
    crew = tuple(draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3)))
    days = draw(st.frozensets(st.integers(0, 6)))
    times = (draw(quarter), draw(quarter))
    turns = (MONDAY + timedelta(days=draw(st.integers(-20, 400))), draw(st.integers(1, 3)))
    return Shift(number, TEAM, LEVEL, f"S{number}", draw(st.sampled_from(ZONES)), days, *times, crew, *turns)


@st.composite
def spans(draw, start):
    """Any span that begins within three days of `start`."""
    begins = start + timedelta(minutes=draw(st.integers(-600, 4000)))
    return begins, begins + timedelta(minutes=draw(st.integers(1, 3000)))


@st.composite
def plans(draw):
    """A plan and the beginning of the days that it is about."""
    start = draw(st.sampled_from(BEGINNINGS))
    week = tuple(draw(shifts(number)) for number in range(1, draw(st.integers(0, 4)) + 1))
    overrides = tuple(
        Override(number, TEAM, LEVEL, draw(st.sampled_from(PEOPLE)), *draw(spans(start)))
        for number in range(1, draw(st.integers(0, 2)) + 1)
    )
    deputies = st.sampled_from((None, *PEOPLE))
    away = {
        who: [Absence(who, *draw(spans(start)), draw(deputies))] for who in draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3))
    }
    people = {who: draw(persons(who, start)) for who in draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=2))}
    return Plan(week, overrides, away, people), start


@st.composite
def persons(draw, who, start):
    """Somebody with any deputy, perhaps themselves, and a holiday or two."""
    days = draw(st.frozensets(st.integers(0, 3), max_size=2))
    zone, deputy = draw(st.sampled_from(ZONES)), draw(st.sampled_from((None, *PEOPLE)))
    return Person(who, f"P{who}", zone, deputy, frozenset(start.date() + timedelta(days=n) for n in days))
