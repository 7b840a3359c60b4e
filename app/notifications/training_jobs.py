"""Who hears of what staff have to read: those who have not read it. A second run finds its mail written and writes none."""

from datetime import date

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db
from app.knowledge.models import Article
from app.knowledge.training import queries as training
from app.knowledge.training.queries import Asked
from app.lib.clock import utcnow
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.notifications.jobs import written
from app.notifications.queries import Reader

WHY = "a lead asks you to read it"


def tell_readers(event_id: int) -> None:
    """`knowledge.reading_asked`: everybody who has to read it and has not, but not who asks."""
    tell(event_id, "Please read: {title}", "A lead asks you to read this, and to say that you have understood it, by {day}.")


def remind_readers(event_id: int) -> None:
    """`knowledge.reading_reminded`: everybody who has to read it and has not."""
    tell(event_id, "Not read yet: {title}", "You have not said yet that you have read and understood this. It is due by {day}.")


def tell(event_id: int, heading: str, line: str) -> None:
    """One mail for each, as things are now: whoever has read it in between hears nothing, nor does anybody of one taken back."""
    event = db.session.get(Event, event_id)
    article = db.session.get(Article, event.facts["article_id"]) if event is not None else None
    duty = training.duty_of(article.id) if article is not None and article.status == "published" else None
    if event is None or article is None or duty is None:
        return
    waiting = [one for one in training.completion(article, duty, utcnow().date()) if one.state != "read" and one.id != event.actor_id]
    told = heading.format(title=article.title)
    url = links.absolute(links.ARTICLE, article.section, article.slug) + "#reading"
    facts = {"subject": told, "heading": told, "lines": [line.format(day=spoken(duty.due_on))], "said": "", "entries": []}
    mails = written(event, "knowledge_notice", readers(waiting), {**facts, "url": url, "action": "Read it"})
    db.session.commit()
    hand_over(mails)


def readers(people: list[Asked]) -> list[Reader]:
    """People as recipients."""
    found = [db.session.get(User, one.id) for one in people]
    return [Reader(queries.recipient(person), WHY) for person in found if person is not None]


def spoken(day: date) -> str:
    """`Friday 4 December 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"
