"""Whether the stored clocks are what their tickets' events say: row by row against a replay (lives.py). Reads only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.sla.history import book_of_all, happenings, standings, stored
from app.sla.hours import to_us
from app.sla.lately import moment
from app.sla.lives import Standing
from app.sla.terms import tickets

CHUNK = 500


def chunk(after: int, now: datetime) -> tuple[int, Sequence[int], list[str]]:
    """(the last ticket, the tickets, what differs) of the next CHUNK tickets. Eleven statements."""
    query = select(tickets.c.id, tickets.c.ref, tickets.c.organization_id).where(tickets.c.id > after)
    found = db.session.execute(query.order_by(tickets.c.id).limit(CHUNK)).all()
    ids = [row.id for row in found]
    book = book_of_all(ids, {row.organization_id for row in found if row.organization_id is not None})
    events, rows = happenings(ids), stored(ids)
    problems = []
    for number, ref, organization in found:
        would_be = {(one.life.metric, one.life.sequence): one for one in standings(number, organization, events[number], book, to_us(now))}
        for key in sorted(rows[number].keys() | would_be.keys()):
            said, replayed = told(rows[number].get(key)), expected(would_be.get(key))
            if said != replayed:
                problems.append(f"{ref} {key[0]} {key[1]}: stored {said}, replayed {replayed}")
    return (ids[-1] if ids else after), ids, problems


def told(row: object) -> str:
    """A row in words: state, due time and counted seconds. Whether a running one is late shows in its due time."""
    if row is None:
        return "nothing"
    state, due_at, seconds = row.state, row.due_at, row.elapsed_seconds  # type: ignore[attr-defined]
    return state if state == "cancelled" else f"{state}, due {due_at.isoformat() if due_at else 'never'}, {seconds} s"


def expected(one: Standing | None) -> str:
    """A standing in the same words."""
    if one is None:
        return "nothing"
    due = moment(one.due)
    return one.state if one.state == "cancelled" else f"{one.state}, due {due.isoformat() if due else 'never'}, {one.elapsed_seconds} s"
