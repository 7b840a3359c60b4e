"""What happens to knowledge by the clock: planned publishing and withdrawing, and the weekly word to owners."""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, union_all, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge import actions
from app.knowledge.models import KINDS, Article, Entry, Faq
from app.knowledge.translations import planning as translated
from app.knowledge.translations.queries import translation_to_edit
from app.knowledge.translations.rules import ORIGINAL, parted
from app.knowledge.writing import plans, publishing, versions
from app.knowledge.writing.models import Plan, Reminder
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.errors import DomainError, WrongState

BATCH = 100


def carry_out() -> int:
    """Each minute: do what was planned for a time that has come. Each plan is a transaction of its own that takes the row
    away first, so that of two schedulers one does it, and a crash leaves it for the next. Returns how many were done."""
    due = db.session.execute(select(Plan.id).where(Plan.due_at <= utcnow()).order_by(Plan.due_at, Plan.id).limit(BATCH)).scalars().all()
    db.session.rollback()
    return sum(carry_out_one(number) for number in due)


def carry_out_one(number: int) -> bool:
    """One plan; whether it was there and due still."""
    with writing():
        now = utcnow()
        taken = delete(Plan).where(Plan.id == number, Plan.due_at <= now)
        row = db.session.execute(
            taken.returning(Plan.kind, Plan.entry_id, Plan.verb, Plan.number, Plan.planned_by_id),
            execution_options={"synchronize_session": False},
        ).first()
        kind, locale = parted(row.kind) if row is not None else ("faq", ORIGINAL)
        entry: Entry | None = db.session.get(KINDS[kind], row.entry_id) if row is not None else None  # type: ignore[assignment]
        if row is not None and entry is not None:
            try:
                with db.session.begin_nested():
                    follow(entry, locale, row.verb, row.number, now)
            except DomainError as hindered:
                why = {"verb": row.verb, "planned_by_id": row.planned_by_id, "reason": hindered.message}
                plans.told("knowledge.plan_failed", entry, locale, None, now, **why)
        db.session.commit()
    return row is not None


def follow(entry: Entry, locale: str, verb: str, number: int, now: datetime) -> None:
    """Do what was planned. Whoever planned it was allowed to, and the text must be the one that it was planned for."""
    if locale != ORIGINAL:
        translated.follow(entry, translation_to_edit(entry, locale), verb, number, now)
        return
    if verb == "withdraw":
        if entry.status == "published":
            actions.vanish(entry, actor=None, now=now)
        return
    revision = versions.revision_of(entry)
    # What an import wrote since becomes a version of its own here, and so is not taken for the text that was planned.
    versions.keep_before(entry)
    if versions.current_number(entry) != number:
        raise WrongState(plans.LATER_TEXT)
    if revision is not None:
        publishing.show(entry, revision, actor=None, now=now)
    elif entry.status != "published":
        actions.appear(entry, actor=None, now=now)


def remind_owners() -> int:
    """Each hour: owners of published entries whose review is over hear of it once a week. The week is claimed, so that two
    schedulers tell them once. Returns how many were told."""
    told = 0
    with writing():
        now = utcnow()
        monday = now.date() - timedelta(days=now.weekday())
        for owner_id in overdue_owners(now.date()):
            if claimed(owner_id, monday):
                record("knowledge.review_reminded", now=now, facts={"user_id": owner_id, "week": monday.isoformat()})
                told += 1
        db.session.commit()
    return told


def overdue_owners(today: date) -> list[int]:
    """The people who can sign in and own something that should have been looked at. One statement."""
    tables: tuple[type[Faq] | type[Article], ...] = (Faq, Article)
    late = [
        select(table.owner_id.label("owner_id")).where(table.status == "published", table.review_on <= today, table.owner_id.isnot(None))
        for table in tables
    ]
    owners = union_all(*late).subquery()
    enabled = select(User.id).where(User.id.in_(select(owners.c.owner_id)), User.is_enabled)
    return list(db.session.scalars(enabled.order_by(User.id)))


def claimed(user_id: int, monday: date) -> bool:
    """Whether this week's word to somebody is ours to give. Up to two statements."""
    mine = update(Reminder).where(Reminder.user_id == user_id, Reminder.week < monday).values(week=monday).returning(Reminder.user_id)
    if db.session.execute(mine, execution_options={"synchronize_session": False}).first() is not None:
        return True
    if db.session.scalar(select(func.count()).where(Reminder.user_id == user_id)):
        return False
    try:
        with db.session.begin_nested():
            db.session.add(Reminder(user_id=user_id, week=monday))
    except IntegrityError:
        return False
    return True
