"""The weekly list for writers: who gets it, when, and what stands in it. The page shows the same list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from app.accounts.models import User
from app.accounts.permissions import ALLOWED
from app.events.models import Event
from app.extensions import db
from app.knowledge.learning import queries
from app.knowledge.learning.models import ListReader
from app.knowledge.learning.rules import Span
from app.knowledge.learning.tally import inserted
from app.lib.times import local, monday_of

# On Mondays from this hour on, where the writer is; later in the week if nobody ran by then.
HOUR = 7
WEEK = timedelta(days=7)
# Who has written within this time writes.
WRITES = timedelta(days=180)
WRITING = ("knowledge.published", "knowledge.changed", "knowledge.drafted", "knowledge.translated")
TOP = 5
BATCH = 2000


@dataclass(frozen=True)
class WeeklyList:
    """A week (days in UTC), and what writers should look at: questions without an answer, entries that did not help, stale ones."""

    span: Span
    found: float | None
    visits: int
    unanswered: Sequence[Any]
    worst: Sequence[Any]
    stale: Sequence[Any]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.visits or self.unanswered or self.worst or self.stale)


def week_before(monday: date) -> Span:
    """The seven days before a Monday."""
    return Span("week", monday - WEEK, monday - timedelta(days=1))


def list_of(span: Span, *, is_demo: bool) -> WeeklyList:
    """What stands in the list of a week. Six statements, whatever the number of entries."""
    totals = queries.totals(span, is_demo=is_demo)
    return WeeklyList(
        span,
        totals.found_rate,
        totals.visits,
        queries.questions("unanswered", span, is_demo=is_demo, limit=TOP),
        queries.worst(span, is_demo=is_demo, limit=TOP),
        queries.stale(is_demo=is_demo, limit=TOP).items,
    )


def is_due(now: datetime, zone: str, sent_on: date | None) -> bool:
    """Whether the list of the week before may leave: after HOUR on Monday there, and not sent yet."""
    there, monday = local(now, zone), monday_of(now, zone)
    return (sent_on is None or sent_on < monday) and there >= datetime.combine(monday, time(HOUR), there.tzinfo)


def waiting(now: datetime) -> list[Any]:
    """People (id, zone, sent_on) who write, did not stop the mail, and may be due. One statement."""
    wrote = select(Event.id).where(Event.actor_id == User.id, Event.kind.in_(WRITING), Event.at > now - WRITES).exists()
    # No zone is further ahead: whoever got this Monday's has it.
    newest = monday_of(now + timedelta(hours=14), "UTC")
    query = (
        select(User.id, User.time_zone, ListReader.sent_on)
        .outerjoin(ListReader, ListReader.user_id == User.id)
        .where(User.is_enabled, User.role.in_(sorted(ALLOWED["knowledge.write"])))
        .where(or_(ListReader.is_off.is_(False), ListReader.user_id.is_(None) & wrote))
        .where(or_(ListReader.sent_on.is_(None), ListReader.sent_on < newest))
    )
    return list(db.session.execute(query.order_by(User.id).limit(BATCH)).all())


def claim(user_id: int, monday: date) -> bool:
    """Take the mail of a week upon us; False where another one has. Two statements."""
    new = inserted(ListReader).values(user_id=user_id, is_off=False)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["user_id"]))
    mine = (ListReader.user_id == user_id, ListReader.is_off.is_(False), or_(ListReader.sent_on.is_(None), ListReader.sent_on < monday))
    taken = update(ListReader).where(*mine).values(sent_on=monday).returning(ListReader.user_id)
    return db.session.execute(taken, execution_options={"synchronize_session": False}).first() is not None


def gets(user: Any, now: datetime) -> bool:
    """Whether somebody gets the mail on Mondays. Two statements at most."""
    row = db.session.get(ListReader, user.id)
    if row is not None:
        return not row.is_off
    wrote = select(Event.id).where(Event.actor_id == user.id, Event.kind.in_(WRITING), Event.at > now - WRITES).limit(1)
    return db.session.scalar(wrote) is not None
