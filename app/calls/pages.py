"""What the pages on which a time is chosen have in common: kind, zone, week, and what is free. Read by the routes of every door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.accounts.models import User
from app.calls import forms, queries, rules, slots, views
from app.calls.models import Call, CallKind
from app.rota.wall import known_zone

NEXT_FREE = 6


@dataclass(frozen=True)
class Choosing:
    """Free times of a kind, as one person chooses from them: `slots` are shown, each time once, `free` are all that can be booked.

    `wrong_zone` is a name that no zone has.
    """

    kind: CallKind
    zone: str
    week: views.Week
    slots: list[rules.Slot]
    free: list[rules.Slot]
    zones: forms.ZoneForm
    wrong_zone: str = ""

    @property
    def status(self) -> int:
        """422 where the address named a zone that does not exist."""
        return 422 if self.wrong_zone else 200

    def find(self, value: str) -> rules.Slot | None:
        """The free slot that a form or an address names. Whoever would be offered first by now, its engineer still has the time."""
        return next((slot for slot in self.free if slot.value == value), None)

    def next_free(self, after: datetime | None) -> list[rules.Slot]:
        """The free times from one on; the last ones there are, where none is left after it."""
        later = [slot for slot in self.slots if after is None or slot.start >= after]
        return later[:NEXT_FREE] or self.slots[-NEXT_FREE:]


def choosing(kind: CallKind, args: Any, *, usual: str, liked: Sequence[int | None], now: datetime, without: Call | None = None) -> Choosing:
    """What can be chosen, as the address asks: `zone` and `week`. `usual` is the zone of who asks. Eight statements."""
    given = (args.get("zone") or "")[:64]
    zone, wrong = (given, "") if given and known_zone(given) else (usual if known_zone(usual) else "UTC", given)
    found = slots.offer(kind, now=now, without=without)
    shown = slots.offered_to(found, liked, now)
    week = views.week_of(shown, found.duties, slots.terms_of(kind), zone, day_of(args.get("week")), now=now)
    return Choosing(kind, zone, week, shown, found.slots, forms.ZoneForm(formdata=None, data={"zone": zone}), wrong)


def day_of(text: str | None) -> date | None:
    """A day of an address, `2026-11-23`; None for anything else."""
    try:
        day = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def kind_of(person: Any, key: str) -> tuple[CallKind | None, Sequence[CallKind]]:
    """(the kind that is named, or the first; all that this person can book). Two statements."""
    kinds = queries.kinds_for(person)
    return next((kind for kind in kinds if kind.key == key), kinds[0] if kinds else None), kinds


def names_of(found: Sequence[rules.Slot]) -> dict[int, str]:
    """Who people are. One statement."""
    return queries.names({slot.user_id for slot in found})


def liked_by(person: User, ticket: Any = None) -> list[int | None]:
    """Whom a customer knows: the engineer of the ticket, then their organization's."""
    return [ticket.assignee_id if ticket is not None else None, person.organization.engineer_id if person.organization else None]
