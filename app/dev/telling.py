"""Telling one ticket of the demo: what happens on it and when, done by the same actions that pages call."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from app.accounts.models import Team, User
from app.dev.company import CUSTOMERS, STAFF
from app.dev.stories import EDITORS, PLATFORMS, REPOS, VERSIONS, Scene, Story
from app.escalation import actions as escalation
from app.escalation import alarm
from app.extensions import db
from app.lib.times import zone
from app.surveys import actions as surveys
from app.surveys.models import Survey
from app.tickets import actions, filing
from app.tickets.models import Ticket

SURVEY_VALID, SURVEY_QUIET = timedelta(days=30), timedelta(days=7)
CLOSED_AFTER = timedelta(days=7)
# Minutes within which the first answer mostly comes.
QUICK = {"emergency": 11, "critical": 16, "high": 60, "medium": 420, "low": 1300}
SCORES, WEIGHTS = (5, 4, 3, 2, 1), (60, 26, 8, 4, 2)
FEEDBACK = {
    5: ("Quick, and to the point.", "", "The engineer understood at once.", "Best support we have.", ""),
    4: ("Good answer, the fix could be sooner.", "", "Fine.", "", "Helpful. The form is a little long."),
    3: ("", "It took a while until somebody understood the question.", "Solved, but only by a way around.", "", ""),
    2: ("I had to send the log twice.", "The answer fitted another question than mine.", "", "Two days without a word.", ""),
    1: ("Far too slow for what we pay.", "Closed before it was mended.", "Far too slow for what we pay.", "", "Nobody answered for days."),
}
Act = Callable[[datetime], None]
Step = tuple[datetime, Act]


@dataclass
class Cast:
    """Everybody by address, and teams by key."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def askers(self, story: Story) -> list[User]:
        """Who may live through a story: enterprise matters are those of enterprise customers, guests only have questions."""
        customers = [self.people[email] for email in CUSTOMERS]
        if story.category in {"enterprise", "security"}:
            return [person for person in customers if person.plan and person.plan.tier == 3]
        return [person for person in customers if person.organization or story.kind == "question"]

    def helpers(self, team_id: int | None) -> list[User]:
        """The support engineers of a team, or those of the team for everything else."""
        key = next((key for key, team in self.teams.items() if team.id == team_id), "support")
        found = [self.people[email] for email, (_, role, _, teams) in STAFF.items() if role == "agent" and key in teams]
        return found or [self.people["agent@hivetechs.example"]]


@dataclass
class Telling:
    """One ticket as it is told: the story with its blanks filled, who asks, who helps."""

    story: Story
    words: dict[str, str]
    asker: User
    cast: Cast
    dice: random.Random
    helper: User | None = None
    ticket: Ticket | None = None

    def text(self, template: str) -> str:
        """A text of the story with its blanks filled."""
        return template.format(**self.words)

    @property
    def told(self) -> Ticket:
        """The ticket, which was opened in an earlier step."""
        if self.ticket is None:
            raise RuntimeError(f"“{self.story.subject}” is told out of order")
        return self.ticket

    @property
    def engineer(self) -> User:
        """Who helps: whom the scene names, or somebody of the team that triage chose."""
        if self.helper is None:
            self.helper = self.dice.choice(self.cast.helpers(self.told.team_id))
        return self.helper

    # What can happen. Each takes the moment at which it does.

    def open(self, at: datetime) -> None:
        """The customer asks."""
        story = self.story
        subject, fields = self.text(story.subject), story.fields(self.words)
        new = actions.NewTicket(
            story.kind, subject, fields, priority=story.priority, category=story.category, tags=story.tags, labels=story.labels
        )
        self.ticket = actions.open_ticket(new, requester=self.asker, actor=self.asker, now=at)

    def take(self, at: datetime) -> None:
        """Somebody takes it."""
        filing.assign(self.told, self.engineer, actor=self.engineer, now=at)
        alarm.answer(self.told, actor=self.engineer, now=at)

    def escalate(self, trigger: str, words: str, at: datetime) -> None:
        """A trigger is pulled, and whoever is on call is alerted."""
        escalation.escalate(self.told, to_tier=3, trigger=trigger, reason=words, actor=None, now=at)

    def ask(self, words: str, at: datetime) -> None:
        """The customer escalates it."""
        escalation.ask(self.told, self.text(words), actor=self.asker, now=at)

    def we(self, words: str, at: datetime) -> None:
        """We answer, and wait for theirs."""
        actions.reply(self.told, self.text(words), actor=self.engineer, now=at, status="pending_customer")

    def they(self, words: str, at: datetime) -> None:
        """They answer."""
        actions.reply(self.told, self.text(words), actor=self.asker, now=at)

    def note(self, words: str, at: datetime) -> None:
        """A word among colleagues."""
        actions.note(self.told, self.text(words), actor=self.engineer, now=at)

    def hold(self, at: datetime) -> None:
        """It waits for something outside our hands."""
        actions.change_status(self.told, "on_hold", actor=self.engineer, now=at)

    def priority(self, value: str, at: datetime) -> None:
        """Somebody weighs it anew."""
        filing.set_priority(self.told, value, actor=self.engineer, now=at, reason="The customer asked for more weight.")

    def tag(self, value: str, at: datetime) -> None:
        """A tag is added."""
        filing.retag(self.told, add=[value], actor=self.engineer, now=at)

    def follow(self, email: str, at: datetime) -> None:
        """A colleague wants to know, too."""
        filing.follow(self.told, email, actor=self.asker, now=at, person=self.cast.people.get(email))

    def resolve(self, words: str, at: datetime) -> None:
        """Our last word, and the survey that follows it."""
        actions.reply(self.told, self.text(words), actor=self.engineer, now=at, status="resolved")
        self.survey(at)

    def survey(self, at: datetime) -> None:
        """Ask for a score, as of every resolution."""
        after = at + timedelta(seconds=5)
        surveys.invite(
            self.told, round_number=self.told.round, agent_id=self.engineer.id, now=after, valid=SURVEY_VALID, quiet=SURVEY_QUIET
        )

    def solve(self, words: str, at: datetime) -> None:
        """They say that it is solved."""
        actions.solve(self.told, self.text(words), actor=self.asker, now=at)
        self.survey(at)

    def score(self, value: int, words: str, at: datetime) -> None:
        """They answer the survey."""
        survey = db.session.scalar(
            select(Survey).where(Survey.ticket_id == self.told.id, Survey.sent_at.is_not(None), Survey.answered_at.is_(None))
        )
        if survey is not None:
            speed, quality = (max(1, min(5, value + self.dice.choice((-1, 0, 0, 1)))) for _ in range(2))
            surveys.answer(survey, surveys.Answer(value, speed, quality, words), ticket=self.told, person=self.asker, now=at)

    def close(self, at: datetime) -> None:
        """A week has gone without an answer."""
        if self.told.status == "resolved":
            actions.close(self.told, actor=None, now=at)


def past(story: Story, cast: Cast, dice: random.Random, begun: datetime) -> Iterator[Step]:
    """A story of the past, from the first word to the closing. `begun` is moved to the asker's working hours."""
    words = {
        "version": dice.choice(VERSIONS),
        "repo": dice.choice(REPOS),
        "platform": dice.choice(PLATFORMS),
        "editor": dice.choice(EDITORS),
    }
    telling = Telling(story, words, dice.choice(cast.askers(story)), cast, dice)
    begun = at_work(begun, telling.asker.time_zone, dice)
    yield begun, telling.open
    at = begun + timedelta(minutes=1 + dice.random() * QUICK[story.priority] * 0.3)
    yield at, telling.take
    first = begun + timedelta(minutes=QUICK[story.priority] * (0.35 + 0.5 * dice.random() if dice.random() < 0.95 else 5.5))
    for n, (who, text) in enumerate(story.talk):
        at = first if n == 0 else at + timedelta(minutes=pause(who, story.priority, dice))
        is_last = n == len(story.talk) - 1
        yield at, partial(telling.resolve if is_last else getattr(telling, who), text)
    yield from aftermath(telling, at)


def pause(who: str, priority: str, dice: random.Random) -> float:
    """Minutes until the next word: customers take hours, we take less, and notes come along the way."""
    if who == "note":
        return 2 + 10 * dice.random()
    if who == "they":
        return 15 + 90 * dice.expovariate(0.6)
    return QUICK[priority] * (0.15 + 0.6 * dice.random())


def aftermath(telling: Telling, resolved: datetime) -> Iterator[Step]:
    """After the resolution: somewhat more than half score it, and all are closed a week later."""
    dice = telling.dice
    if dice.random() < 0.6:
        value = dice.choices(SCORES, WEIGHTS)[0]
        yield resolved + timedelta(hours=0.3 + 40 * dice.random()), partial(telling.score, value, dice.choice(FEEDBACK[value]))
    yield resolved + CLOSED_AFTER + timedelta(minutes=30 * dice.random()), telling.close


def at_work(at: datetime, zone_name: str, dice: random.Random) -> datetime:
    """The same day or the Monday after a weekend, at a time when people work there; one in eight is out of hours."""
    if dice.random() < 0.12:
        return at
    local = at.astimezone(zone(zone_name))
    local += timedelta(days={5: 2, 6: 1}.get(local.weekday(), 0))
    return local.replace(hour=dice.choice((8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 16, 17)), minute=dice.randrange(60)).astimezone(at.tzinfo)


def present(scene: Scene, cast: Cast, dice: random.Random, now: datetime) -> Iterator[Step]:
    """What is going on now, as far as it has come."""
    words = {"version": VERSIONS[1], "repo": REPOS[0], "platform": PLATFORMS[1], "editor": EDITORS[0]}
    telling = Telling(scene.story, words, cast.people[scene.who], cast, dice, cast.people.get(scene.helper))
    begun = now - timedelta(minutes=scene.ago)
    yield begun, telling.open
    for email in scene.follow:
        yield begun + timedelta(seconds=40), partial(telling.follow, email)
    for minutes, done, text in scene.course:
        verb, _, value = done.partition(" ")
        act = getattr(telling, verb)
        given = ((int(value),) if verb == "score" else (value,) if value else ()) + ((text,) if text else ())
        yield begun + timedelta(minutes=minutes), partial(act, *given)
