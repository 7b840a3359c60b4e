"""Who hears of work on knowledge: a reviewer who is asked, a writer who is answered, whoever planned what could not be done,
and owners of what wants a look. reactions.py names each job. A second run finds its mail written and writes none."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import User
from app.accounts.permissions import LEADS
from app.events.models import Event
from app.extensions import db
from app.knowledge.translations.rules import ORIGINAL, language
from app.knowledge.writing.models import Review
from app.knowledge.writing.queries import overdue_of
from app.lib.clock import utcnow
from app.lib.times import in_words, local
from app.mail.actions import queue_mail
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.notifications.hours import wait_for_hours

MOST_ENTRIES = 20


def ask_reviewer(event_id: int) -> None:
    """`knowledge.review_asked`: whoever was asked; where it was any lead, all of them but the writer."""
    event, review = event_and_review(event_id)
    if event is None or review is None or review.state != "asked":
        return
    asker, title = queries.name_of(event.actor_id), title_of(event)
    lines = [f"{asker} has written it and asks for a second pair of eyes before readers see it."]
    told = {"subject": f"Review: {title}", "heading": title, "lines": lines, "said": review.note, "action": "Look at it"}
    send(event, reviewers(review), {**told, "why": "you were asked for a review" if review.reviewer_id else "you lead support"})


def answer_writer(event_id: int) -> None:
    """`knowledge.review_answered`: whoever asked."""
    event, review = event_and_review(event_id)
    if event is None or review is None:
        return
    who, title, approved = queries.name_of(event.actor_id), title_of(event), event.facts["answer"] == "approved"
    lines = [f"{who} has approved it. It can be published." if approved else f"{who} sends it back."]
    told = {"subject": f"{'Approved' if approved else 'Sent back'}: {title}", "heading": title, "lines": lines, "said": review.comment}
    send(event, people([review.asked_by_id]), {**told, "action": "Go on with it", "why": "you asked for a review"})


def tell_planner(event_id: int) -> None:
    """`knowledge.plan_failed`: whoever had planned it."""
    event = db.session.get(Event, event_id)
    if event is None:
        return
    title, verb = title_of(event), {"publish": "published", "withdraw": "withdrawn"}[event.facts["verb"]]
    lines = [f"It should have been {verb} by now, as you had planned, and was not.", event.facts["reason"]]
    told = {"subject": f"Not {verb}: {title}", "heading": title, "lines": lines, "said": "", "action": "Look at it"}
    send(event, people([event.facts["planned_by_id"]]), {**told, "why": "you planned it"})


def tell_overtaken(event_id: int) -> None:
    """`knowledge.plan_overtaken`: whoever had planned it, unless they changed the text themselves."""
    event = db.session.get(Event, event_id)
    if event is None or event.actor_id == event.facts["planned_by_id"]:
        return
    for person in people([event.facts["planned_by_id"]]):
        title, due_at = title_of(event), datetime.fromisoformat(event.facts["due_at"])
        changed = f"{queries.name_of(event.actor_id)} has changed the text, and nobody has approved of it as it is now."
        off = f"So it is not published on {in_words(due_at, person.time_zone)}, as you had planned. Read it, then plan it again."
        told = {"subject": f"Off the plan: {title}", "heading": title, "lines": [changed, off], "said": "", "action": "Read it"}
        send(event, [person], {**told, "why": "you planned it"})


def remind_owner(event_id: int) -> None:
    """`knowledge.review_reminded`: the owner, with what wants a look, when their hours begin."""
    event = db.session.get(Event, event_id)
    if event is None:
        return
    for person in people([event.facts["user_id"]]):
        rows = overdue_of(person, local(utcnow(), person.time_zone).date(), MOST_ENTRIES)
        if not rows:
            return
        count = f"{len(rows)} {'text of yours wants' if len(rows) == 1 else 'texts of yours want'} a look"
        lines = ["Read whether they still hold. One click says so; an edit mends what does not."]
        entries = [(row.heading.replace("`", ""), links.absolute(links.ENTRY, row.kind, str(row.id))) for row in rows]
        told = {"subject": count, "heading": count, "lines": lines, "said": "", "entries": entries}
        where = links.absolute(links.OWN_REVIEWS)
        send(event, [person], {**told, "url": where, "action": "All of them", "why": "you own them"}, can_wait=True)


def event_and_review(event_id: int) -> tuple[Event | None, Review | None]:
    """An event about a review, and the review. Two statements."""
    event = db.session.get(Event, event_id)
    return event, db.session.get(Review, event.facts["review_id"]) if event is not None else None


def locale_of(event: Event) -> str:
    """The language that an event is about; those of earlier releases were about originals."""
    return str(event.facts.get("locale") or ORIGINAL)


def title_of(event: Event) -> str:
    """What an event is about, with the language where it is a translation."""
    title, locale = str(event.facts["title"]), locale_of(event)
    return title if locale == ORIGINAL else f"{title} ({language(locale)})"


def editor_of(event: Event) -> str:
    """Where one works on what an event is about."""
    entry, locale = (event.facts["kind"], str(event.facts["entry_id"])), locale_of(event)
    return links.absolute(links.ENTRY, *entry) if locale == ORIGINAL else links.absolute(links.TRANSLATION, *entry, locale)


def reviewers(review: Review) -> Sequence[User]:
    """Who is asked: the person, or the leads, without whoever asks. Demo people ask demo leads."""
    if review.reviewer_id is not None:
        return people([review.reviewer_id])
    asker = db.session.get(User, review.asked_by_id)
    leads = select(User).where(User.role.in_(LEADS), User.is_enabled, User.id != review.asked_by_id)
    return queries.people(leads.where(User.is_demo == bool(asker and asker.is_demo)).order_by(User.id))


def people(numbers: Sequence[int]) -> Sequence[User]:
    """Those of these people who may sign in."""
    return queries.people(select(User).where(User.id.in_(numbers), User.is_enabled))


def send(event: Event, readers: Sequence[User], facts: dict[str, object], *, can_wait: bool = False) -> None:
    """Write the mails, commit, hand them over; those that can wait do until their reader works."""
    now = utcnow()
    if "url" not in facts:
        facts["url"] = editor_of(event)
    wanted = {"entries": [], **facts}
    mails = [queue_mail(event, "knowledge_notice", queries.recipient(person), wanted, now=now) for person in readers]
    written = [mail.id for mail in mails if mail is not None]
    if can_wait:
        wait_for_hours(written, now=now)
    db.session.commit()
    hand_over(written)
