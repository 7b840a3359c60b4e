"""The mail of the weekly list for writers: what stands on the page, in their hours."""

from datetime import date

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.models import Event
from app.extensions import db
from app.knowledge.learning import weekly
from app.knowledge.learning.models import ListReader
from app.knowledge.learning.rules import GOAL
from app.lib.clock import utcnow
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.notifications.hours import wait_for_hours
from app.notifications.jobs import written
from app.notifications.queries import Reader


def mail_list(event_id: int) -> None:
    """`knowledge.list_scheduled`: the week's list, if they still want it and there is anything to tell. A second run writes no second mail."""
    event = db.session.get(Event, event_id)
    person = db.session.get(User, event.facts["user_id"]) if event is not None else None
    if event is None or person is None or not person.is_enabled or not may(person.role, "knowledge.write"):
        return
    wish = db.session.get(ListReader, person.id)
    week = weekly.list_of(weekly.week_before(date.fromisoformat(event.facts["week"])), is_demo=person.is_demo)
    if wish is None or wish.is_off or week.is_empty:
        return
    facts = {
        "week": week,
        "is_demo": person.is_demo,
        "goal": GOAL,
        "url": links.absolute(links.WRITERS_LIST),
        "pages": {(line.kind, line.entry_id): entry_url(line.kind, line.entry_id) for line in week.worst}
        | {(item["row"].kind, item["row"].entry_id): entry_url(item["row"].kind, item["row"].entry_id) for item in week.stale},
    }
    mails = written(event, "knowledge_weekly", [Reader(queries.recipient(person), "you write answers for the help centre")], facts)
    wait_for_hours(mails, now=utcnow())
    db.session.commit()
    hand_over(mails)


def entry_url(kind: str, number: int) -> str:
    """The desk's page of an entry."""
    return links.absolute(links.ENTRY_INSIGHTS, kind, str(number))
