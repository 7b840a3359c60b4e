"""The only readers of what staff have to read and have read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.accounts.models import Team, TeamMember, User
from app.extensions import db
from app.knowledge import queries as entries
from app.knowledge.models import Article
from app.knowledge.training.models import MustRead, Reading
from app.knowledge.training.rules import Duty

MOST_DUTIES = 200


@dataclass(frozen=True)
class Asked:
    """Somebody who has to read an article: what they have read (the newest version, None: none) and since when they are asked."""

    id: int
    name: str
    email: str
    role: str
    teams: tuple[str, ...]
    state: str
    read_version: int | None
    read_at: datetime | None
    since: datetime


@dataclass(frozen=True)
class Page:
    """What an article asks of its reader: the duty, its state for them, and the version of the text that they see."""

    duty: Duty
    state: str
    read_at: datetime | None
    text_version: int


@dataclass(frozen=True)
class Task:
    """A line of a list of what is to be read. `done` of `people` have; for one's own list both are 0."""

    article_id: int
    title: str
    section: str
    slug: str
    duty: Duty
    state: str
    done: int = 0
    people: int = 0


def article_to_edit(number: int) -> Article:
    """An article for those who write, drafts among them. Raises NotFound. One statement."""
    entry = entries.entry_to_edit("article", number)
    assert isinstance(entry, Article)
    return entry


def article_for(user: User, number: int) -> Article:
    """An article that somebody may read. Raises NotFound. One statement."""
    entry = entries.entry_for(user, "article", number)
    assert isinstance(entry, Article)
    return entry


def duty_of(article_id: int) -> Duty | None:
    """What an article asks of staff, or None. One statement."""
    row = must_read(article_id)
    return as_duty(row) if row is not None else None


def must_read(article_id: int) -> MustRead | None:
    """The row of it. One statement."""
    return db.session.scalar(select(MustRead).where(MustRead.article_id == article_id))


def as_duty(row: MustRead) -> Duty:
    """A row as the rules know it."""
    return Duty(row.article_id, tuple(row.roles), tuple(row.teams), row.due_on, row.from_version, row.asked_at, row.reminded_at)


def page_for(user: User | None, article: Article) -> Page | None:
    """What an article asks of its reader; None where it asks nothing. No statement but for staff-only articles, then three."""
    if user is None or not user.is_staff or article.audience != "staff":
        return None
    duty = duty_of(article.id)
    if duty is None or not duty.is_for(user.role, teams_of(user.id)):
        return None
    newest = newest_readings([article.id], user.id).get((article.id, user.id))
    state = duty.state(newest[0] if newest else None, date.max)
    return Page(duty, "read" if state == "read" else "open", newest[1] if newest else None, article.text_version)


def mine(user: User, today: date) -> list[Task]:
    """What somebody has to read, unread first, then by day. Three statements."""
    teams = teams_of(user.id)
    duties = [(article, duty) for article, duty in all_duties() if duty.is_for(user.role, teams)]
    have = newest_readings([article.id for article, _ in duties], user.id)
    tasks = [task_of(article, duty, duty.state(have.get((article.id, user.id), (None, None))[0], today)) for article, duty in duties]
    return sorted(tasks, key=lambda task: (task.state == "read", task.duty.due_on))


def overview(today: date) -> list[Task]:
    """Every duty with how many have read it, the least complete first. Four statements."""
    duties = all_duties()
    staff = everybody()
    have = newest_readings([article.id for article, _ in duties])
    tasks = []
    for article, duty in duties:
        states = [
            duty.state(have.get((article.id, user.id), (None, None))[0], today) for user, teams in staff if duty.is_for(user.role, teams)
        ]
        worst = "overdue" if "overdue" in states else "open" if "open" in states else "read"
        tasks.append(task_of(article, duty, worst, states.count("read"), len(states)))
    return sorted(tasks, key=lambda task: (task.state == "read", task.duty.due_on, task.title))


def completion(article: Article, duty: Duty, today: date) -> list[Asked]:
    """Who has to read an article and who has, those who have not first. Three statements."""
    have = newest_readings([article.id])
    people = [
        asked(user, teams, duty, have.get((article.id, user.id), (None, None)), today)
        for user, teams in everybody()
        if duty.is_for(user.role, teams)
    ]
    return sorted(people, key=lambda person: (person.state == "read", person.name.lower()))


def asked(user: User, teams: tuple[str, ...], duty: Duty, read: tuple[int | None, datetime | None], today: date) -> Asked:
    """One person of a completion list; who came later is asked since they came."""
    version, at = read
    since = max(duty.asked_at, user.created_at)
    return Asked(user.id, user.name, user.email, user.role, teams, duty.state(version, today), version, at, since)


def task_of(article: Article, duty: Duty, state: str, done: int = 0, people: int = 0) -> Task:
    """A line of a list."""
    return Task(article.id, article.title, article.section, article.slug, duty, state, done, people)


def all_duties() -> list[tuple[Article, Duty]]:
    """Every duty of a published staff-only article, the next day first. One statement."""
    query = select(Article, MustRead).join(MustRead, MustRead.article_id == Article.id)
    query = query.where(Article.status == "published", Article.audience == "staff").order_by(MustRead.due_on, Article.id)
    return [(article, as_duty(row)) for article, row in db.session.execute(query.limit(MOST_DUTIES))]


def newest_readings(article_ids: Iterable[int], user_id: int | None = None) -> Mapping[tuple[int, int], tuple[int, datetime]]:
    """(article, person) → (newest version that they read, when), of everybody or of one. One statement."""
    numbers = list(article_ids)
    if not numbers:
        return {}
    where = [Reading.article_id.in_(numbers), *([Reading.user_id == user_id] if user_id is not None else [])]
    columns = (Reading.article_id, Reading.user_id, func.max(Reading.version), func.max(Reading.at))
    rows = db.session.execute(select(*columns).where(*where).group_by(Reading.article_id, Reading.user_id))
    return {(article, user): (version, at) for article, user, version, at in rows}


def everybody() -> Sequence[tuple[User, tuple[str, ...]]]:
    """Everybody at the desk who may sign in, with the keys of their teams, by name. Two statements."""
    people = db.session.scalars(select(User).where(User.is_at_desk).order_by(User.name, User.id)).all()
    member = select(TeamMember.user_id, Team.key).join(Team, Team.id == TeamMember.team_id).order_by(Team.key)
    teams: dict[int, list[str]] = {}
    for user_id, key in db.session.execute(member):
        teams.setdefault(user_id, []).append(key)
    return [(user, tuple(teams.get(user.id, ()))) for user in people]


def teams_of(user_id: int) -> set[str]:
    """The keys of somebody's teams. One statement."""
    return set(db.session.scalars(select(Team.key).join(TeamMember, TeamMember.team_id == Team.id).where(TeamMember.user_id == user_id)))


def teams() -> Sequence[Team]:
    """Every team, by name. One statement."""
    return db.session.scalars(select(Team).order_by(Team.name)).all()
