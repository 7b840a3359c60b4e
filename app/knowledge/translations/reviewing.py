"""A second pair of eyes for what an entry is in another language: as writing/reviewing.py, of which the rules and rows are.

A translation keeps no versions, so a review is of its own `version`, which moves with each change of its text or state.
"""

from datetime import datetime

from app.accounts.models import User
from app.knowledge.models import Entry
from app.knowledge.translations import actions
from app.knowledge.translations.models import Translation
from app.knowledge.writing import reviewing
from app.knowledge.writing.models import Review
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Stale, WrongState


def ask(entry: Entry, there: Translation, reviewer: User | None, note: str, *, actor: User, now: datetime) -> Review:
    """Ask somebody, or any lead, to look at a translation. The same question again changes nothing; another one takes its place.

    Raises NotAllowed, WrongState where readers see all of it already, Invalid for who cannot answer.
    """
    writers_only(actor.role)
    if not actions.has_work(there):
        raise WrongState(reviewing.NOTHING_NEW)
    return reviewing.put(entry, reviewer, note, number=there.version, locale=there.locale, actor=actor, now=now)


def answer(
    entry: Entry,
    there: Translation,
    review: Review,
    comment: str,
    *,
    approve: bool,
    publish: bool = False,
    seen: int,
    actor: User,
    now: datetime,
) -> None:
    """Approve of a translation, or send it back with a comment; `publish` shows an approved one to its readers at once.

    Raises NotAllowed for its writer too, WrongState if it is answered already, Stale where it is not what was `seen`, Invalid
    without a comment.
    """
    reviewing.others_only(review, there.author_id, actor)
    if there.version != seen:
        raise Stale(reviewing.MOVED_ON)
    reviewing.settle(entry, review, comment, number=there.version, approve=approve, actor=actor, now=now)
    if approve and publish:
        actions.publish(entry, there, seen=seen, actor=actor, now=now)
