"""The only writers of what staff have to read: asking, asking again, reading, taking it back, reminding."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Team, User
from app.accounts.permissions import STAFF, may
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Article
from app.knowledge.training import queries
from app.knowledge.training.models import MustRead, Reading
from app.knowledge.training.rules import REMIND_AGAIN, refusal
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid, NotAllowed, NotFound, Stale, WrongState


def ask(article: Article, roles: Sequence[str], teams: Sequence[str], due_on: date, *, actor: User, now: datetime) -> MustRead:
    """Ask people of some roles or teams to read an article by a day, or change whom and when.

    The version that counts stays the one that was asked for first (`ask_again` moves it). The same again records nothing.
    Raises Invalid for an article that is not for staff only, nobody, or a day that is over; NotAllowed.
    """
    lead_only(actor)
    check(article, roles, teams, due_on, now)
    row = queries.must_read(article.id)
    wanted = {"roles": sorted(set(roles)), "teams": sorted(set(teams)), "due_on": due_on}
    if row is not None and {name: getattr(row, name) for name in wanted} == wanted:
        return row
    if row is None:
        row = MustRead(article_id=article.id, from_version=article.text_version, asked_at=now, set_by_id=actor.id, **wanted)
        db.session.add(row)
    else:
        for name, value in wanted.items():
            setattr(row, name, value)
        row.reminded_at = None
    return told(article, row, actor, now)


def check(article: Article, roles: Sequence[str], teams: Sequence[str], due_on: date, now: datetime) -> None:
    """Raise Invalid for what cannot be asked. One statement."""
    if article.audience != "staff":
        raise Invalid("Only articles that staff alone may read can be asked for. Set who may read it first.")
    if not roles and not teams:
        raise Invalid("Choose a role or a team.")
    known = set(db.session.scalars(select(Team.key))) if teams else set()
    if not STAFF.issuperset(roles) or not known.issuperset(teams):
        raise Invalid("One of these roles or teams is not there any more. Reload the page.")
    why = refusal(due_on, now.date())
    if why:
        raise Invalid(why)


def ask_again(article: Article, *, actor: User, now: datetime) -> None:
    """The text has changed in a way that matters: who read an earlier version reads it again. Again is harmless.

    A day that is over is moved to a week from now. Raises NotFound where nothing is asked, NotAllowed.
    """
    writers_only(actor.role)
    row = queries.must_read(article.id)
    if row is None:
        raise NotFound
    if row.from_version == article.text_version:
        return
    row.from_version, row.asked_at, row.reminded_at = article.text_version, now, None
    row.due_on = max(row.due_on, (now + REMIND_AGAIN).date())
    told(article, row, actor, now)


def told(article: Article, row: MustRead, actor: User, now: datetime) -> MustRead:
    """Flush and record what is asked."""
    db.session.flush()
    facts = {"article_id": article.id, "title": article.title, "due_on": row.due_on.isoformat(), "version": row.from_version}
    record("knowledge.reading_asked", now=now, actor=actor, facts=facts)
    return row


def take_back(article: Article, *, actor: User, now: datetime) -> None:
    """Nobody has to read it any more; what was read stays known. Again is harmless. Raises NotAllowed."""
    lead_only(actor)
    gone = db.session.execute(delete(MustRead).where(MustRead.article_id == article.id).returning(MustRead.id)).first()
    if gone is not None:
        record("knowledge.reading_taken_back", now=now, actor=actor, facts={"article_id": article.id, "title": article.title})


def read(article: Article, version: int, *, actor: User, now: datetime) -> None:
    """Somebody has read and understood a version of an article's text. Again is harmless.

    Raises Stale when another version stands there by now, WrongState where nobody asked them.
    """
    if queries.page_for(actor, article) is None:
        raise WrongState("Nobody asks you to read this any more.")
    if version != article.text_version:
        raise Stale("The text changed since you opened it. Read what it says now, then confirm again.")
    try:
        with db.session.begin_nested():
            db.session.add(Reading(article_id=article.id, user_id=actor.id, version=version, at=now))
    except IntegrityError:
        return
    record(
        "knowledge.reading_confirmed", now=now, actor=actor, facts={"article_id": article.id, "title": article.title, "version": version}
    )


def remind(article_id: int, title: str, due_on: date, *, now: datetime, actor: User | None = None) -> bool:
    """Remind those who have not read an article, once a week at most unless a lead asks for it; whether this call did.

    The row is claimed, so that of two schedulers one does it.
    """
    claim = update(MustRead).where(MustRead.article_id == article_id)
    if actor is None:
        claim = claim.where(MustRead.reminded_at.is_(None) | (MustRead.reminded_at <= now - REMIND_AGAIN))
    else:
        lead_only(actor)
    claimed = claim.values(reminded_at=now).returning(MustRead.id).execution_options(synchronize_session=False)
    if db.session.execute(claimed).first() is None:
        return False
    facts = {"article_id": article_id, "title": title, "due_on": due_on.isoformat()}
    record("knowledge.reading_reminded", now=now, actor=actor, facts=facts)
    return True


def lead_only(actor: User) -> None:
    """Leads ask others to read. Raises NotAllowed."""
    if not may(actor.role, "knowledge.train"):
        raise NotAllowed("Leads ask others to read. Tell one what should be read, and by whom.")
