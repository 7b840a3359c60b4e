"""Whether a text may reach its readers: what the role allows, or what another person has said of this very version."""

from collections.abc import Collection

from flask import current_app
from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.translations.rules import ORIGINAL, kind_in
from app.knowledge.writing.models import Review
from app.knowledge.writing.rules import needs_approval, writers_only
from app.knowledge.writing.versions import current_number
from app.lib.errors import NotAllowed

ASK_FIRST = "Texts for these readers are looked at by a second person. Save it as a draft and ask for a review, then it can be published."


def required(actor: User, audiences: Collection[str]) -> bool:
    """Whether this person's texts for these audiences wait for somebody else's word."""
    return needs_approval(actor.role, audiences, current_app.config["SETTINGS"].knowledge_review)


def last_review(entry: Entry, locale: str = ORIGINAL) -> Review | None:
    """What was asked of others last about an entry, or about what it is in a language. One statement."""
    mine = select(Review).where(Review.kind == kind_in(entry.kind, locale), Review.entry_id == entry.id)
    return db.session.scalar(mine.order_by(Review.id.desc()).limit(1))


def approved(review: Review | None, number: int) -> bool:
    """Whether the last word of others is that the version `number` may be published."""
    return review is not None and review.state == "approved" and review.number == number


def allow_publishing(entry: Entry, audiences: Collection[str], *, actor: User) -> None:
    """Raise NotAllowed for who may not publish the text that is worked on. No statement for who may always, else two."""
    writers_only(actor.role)
    if not required(actor, audiences):
        return
    review = last_review(entry)
    if review is None or not approved(review, current_number(entry)):
        raise NotAllowed(ASK_FIRST)
