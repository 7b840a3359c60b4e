"""The demo's rota: Support follows the sun but for Sunday evenings, three more teams have theirs, and somebody goes on leave."""

from datetime import date, datetime, timedelta

from app.dev.telling import Cast
from app.rota import actions, editing
from app.rota.editing import PersonContent, ShiftContent

AIKO, MARA, SAMUEL, CARLA, NOAH, HELENA = (f"{name}@hivetechs.example" for name in ("agent", "mara", "samuel", "carla", "noah", "lead"))
WORKDAYS, WEEKEND, ALL_DAYS = (0, 1, 2, 3, 4), (5, 6), tuple(range(7))

# team: (name, level, zone, days, from, until, who takes turns)
SHIFTS = {
    "support": (
        ("Asia", 1, "Asia/Tokyo", WORKDAYS, "09:00", "17:00", (AIKO,)),
        ("Europe and Africa", 1, "Africa/Accra", WORKDAYS, "08:00", "16:00", (SAMUEL,)),
        ("Americas", 1, "America/Bogota", WORKDAYS, "11:00", "19:00", (CARLA,)),
        ("Weekend, first half", 1, "UTC", WEEKEND, "00:00", "12:00", (AIKO, SAMUEL)),
        ("Saturday, second half", 1, "UTC", (5,), "12:00", "00:00", (CARLA, NOAH)),
        # The hole: nobody has Sunday evenings.
        ("Sunday afternoon", 1, "UTC", (6,), "12:00", "18:00", (HELENA, CARLA)),
    ),
    "engineering": (
        ("Europe", 1, "Europe/Berlin", WORKDAYS, "08:00", "20:00", (MARA, HELENA)),
        ("Asia", 1, "Europe/Berlin", WORKDAYS, "00:00", "08:00", (AIKO,)),
    ),
    "security": (
        ("On call", 1, "America/Los_Angeles", ALL_DAYS, "09:00", "09:00", (NOAH, HELENA)),
        ("Backup", 2, "America/Los_Angeles", ALL_DAYS, "09:00", "09:00", (HELENA, NOAH)),
    ),
    "enterprise": (
        ("Europe", 1, "Europe/Stockholm", ALL_DAYS, "08:00", "20:00", (MARA,)),
        ("America", 1, "Europe/Stockholm", ALL_DAYS, "20:00", "08:00", (NOAH,)),
    ),
}
# team: (what it needs, zone, hours)
COVER = {
    "support": ("always", "UTC", {}),
    "security": ("always", "UTC", {}),
    "enterprise": ("always", "UTC", {}),
    "engineering": ("hours", "Europe/Berlin", {str(day): [[480, 1200]] for day in WORKDAYS}),
}
DEPUTIES = {AIKO: SAMUEL, MARA: HELENA, NOAH: MARA}


def rota(cast: Cast, now: datetime) -> None:
    """Make the rota by the actions that pages call, as of a month ago; the leave begins in two days. Flushes."""
    lead, since = cast.people[HELENA], now - timedelta(days=30)
    monday = since.date() - timedelta(days=since.weekday())
    for key, shifts in SHIFTS.items():
        for name, level, zone, days, starts, ends, people in shifts:
            crew = tuple(cast.people[email].id for email in people)
            content = ShiftContent(name, level, zone, days, minutes(starts), minutes(ends), crew, anchor(monday))
            editing.add_shift(cast.teams[key], content, actor=lead, now=since)
        needs, zone, hours = COVER[key]
        editing.set_cover(cast.teams[key], needs, zone, hours, actor=lead, now=since)
    for email, deputy in DEPUTIES.items():
        editing.set_person(cast.people[email], PersonContent(cast.people[deputy].id), actor=lead, now=since)
    leaves = (now + timedelta(days=2)).replace(hour=6, minute=0, second=0, microsecond=0)
    away = (leaves, leaves + timedelta(days=7), cast.people[HELENA], "A week in the mountains")
    actions.add_absence(cast.people[MARA], *away, actor=cast.people[MARA], now=now - timedelta(days=9))


def anchor(monday: date) -> date:
    """The Monday from which turns are counted: the first of an even week, so that the demo looks the same each time."""
    return monday - timedelta(weeks=monday.isocalendar().week % 2)


def minutes(text: str) -> int:
    """Minutes from midnight."""
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)
