"""Who hears of changes to the rota: only those whose duty it becomes, or who are asked. reactions.py names each job.

A second run finds its mail written and writes none.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.times import in_words
from app.mail.actions import queue_mail
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.rota.models import RotaSwap

ANSWERS = {"accepted": "accepted", "declined": "declined", "withdrawn": "took back"}


def offer_baton(event_id: int) -> None:
    """`rota.baton_offered`: the next person, and nobody else."""
    event = db.session.get(Event, event_id)
    person = reader(event, "to_id")
    if event is None or person is None:
        return
    giver, team = queries.name_of(event.facts["from_id"]), event.facts["team"]
    lines = [f"{giver} hands over a duty of {team}. It stays theirs until you accept."]
    where = links.absolute(links.BATON, str(event.facts["baton_id"]))
    send(event, person, f"{giver} offers you the baton of {team}", lines, where, "Look and answer", "the baton was offered to you")


def ask_swap(event_id: int) -> None:
    """`rota.swap_asked`: the one who was asked."""
    event = db.session.get(Event, event_id)
    person = reader(event, "other_id")
    if event is None or person is None:
        return
    asker = queries.name_of(event.facts["asker_id"])
    lines = [*terms(event, person), "Nothing changes until you accept."]
    where = links.absolute(links.MY_ROTA)
    send(event, person, f"{asker} asks you to take a duty", lines, where, "Answer", "you were asked for a swap")


def answer_swap(event_id: int) -> None:
    """`rota.swap_answered`: the other side of the question."""
    event = db.session.get(Event, event_id)
    withdrawn = event is not None and event.facts["state"] == "withdrawn"
    person = reader(event, "other_id" if withdrawn else "asker_id")
    if event is None or person is None:
        return
    who = queries.name_of(event.facts["asker_id" if withdrawn else "other_id"])
    lines = [*terms(event, person), "The rota shows who has it now."]
    told = f"{who} {ANSWERS[event.facts['state']]} {'the question' if withdrawn else 'your swap'}"
    send(event, person, told, lines, links.absolute(links.MY_ROTA), "My rota", "you are part of this swap")


def tell_deputy(event_id: int) -> None:
    """`rota.absence_added` that names a deputy: them, unless they noted it."""
    event = db.session.get(Event, event_id)
    person = reader(event, "deputy")
    if event is None or person is None or person.id == event.actor_id:
        return
    lines = [f"{event.facts['name']} is away, {span(event, person)}. Their duties in that time are yours."]
    told = f"You stand in for {event.facts['name']}"
    send(event, person, told, lines, links.absolute(links.MY_ROTA), "My rota", "you were named as deputy")


def tell_taker(event_id: int) -> None:
    """`rota.override_added`: who takes the span, unless they did it themselves."""
    event = db.session.get(Event, event_id)
    person = reader(event, "user_id")
    if event is None or person is None or person.id == event.actor_id:
        return
    lines = [f"{queries.name_of(event.actor_id)} gave you {event.facts['team']}, {span(event, person)}."]
    told = f"You take a duty of {event.facts['team']}"
    send(event, person, told, lines, links.absolute(links.MY_ROTA), "My rota", "a duty was given to you")


def reader(event: Event | None, fact: str) -> User | None:
    """Whom a fact of an event names, if they may still sign in."""
    number = event.facts[fact] if event is not None else None
    person = db.session.get(User, number) if number is not None else None
    return person if person is not None and person.is_enabled else None


def terms(event: Event, person: User) -> list[str]:
    """What was asked in a swap, what is given for it, and the asker's own words; times on the reader's clock."""
    teams = (joinedload(RotaSwap.team), joinedload(RotaSwap.back_team))
    swap = db.session.scalars(select(RotaSwap).options(*teams).where(RotaSwap.id == event.facts["swap_id"])).one()
    lines = [f"The duty: {swap.team.name}, {between(swap.starts_at, swap.ends_at, person)}."]
    if swap.back_team is not None and swap.back_starts_at is not None and swap.back_ends_at is not None:
        lines.append(f"In return: {swap.back_team.name}, {between(swap.back_starts_at, swap.back_ends_at, person)}.")
    return [*lines, f"“{swap.note}”"] if swap.note else lines


def span(event: Event, person: User) -> str:
    """From when until when an event's span lasts."""
    return between(datetime.fromisoformat(event.facts["start"]), datetime.fromisoformat(event.facts["end"]), person)


def between(start: datetime, end: datetime, person: User) -> str:
    """From when until when, on the reader's clock."""
    return f"{in_words(start, person.time_zone)} to {in_words(end, person.time_zone)}"


def send(event: Event, person: User, told: str, lines: list[str], url: str, action: str, why: str) -> None:
    """Write one mail, commit, hand it over."""
    facts = {"subject": told, "heading": told, "lines": lines, "url": url, "action": action, "why": why}
    mail = queue_mail(event, "rota_notice", queries.recipient(person), facts, now=utcnow())
    db.session.commit()
    hand_over([mail.id] if mail else [])
