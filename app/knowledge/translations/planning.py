"""Publishing what an entry is in another language, or taking it back, at a time: as writing/plans.py, of which the rules and rows are."""

from datetime import datetime

from app.accounts.models import User
from app.knowledge.models import Entry
from app.knowledge.translations import actions
from app.knowledge.translations.models import Translation
from app.knowledge.writing import plans
from app.knowledge.writing.models import Plan
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Stale, WrongState


def plan(entry: Entry, there: Translation, verb: str, wall: datetime | None, *, seen: int, actor: User, now: datetime) -> Plan:
    """Publish a translation as it stands, or take it back to a draft, at a time of the writer's wall clock. One plan of each verb;
    another time replaces the first, the same again changes nothing.

    Raises NotAllowed and Stale as publishing does, WrongState where there is nothing to do, Invalid for a time that has passed
    or does not exist.
    """
    writers_only(actor.role)
    if verb == "publish":
        if not actions.has_work(there):
            raise WrongState("Readers see this text already. Change it first.")
        if there.version != seen:
            raise Stale(plans.UNSEEN)
        actions.allow_publishing(entry, there, actor)
    return plans.put(entry, verb, wall, number=there.version, locale=there.locale, actor=actor, now=now)


def follow(entry: Entry, there: Translation, verb: str, number: int, now: datetime) -> None:
    """Do what was planned. Whoever planned it was allowed to, and the text must be the one that it was planned for."""
    if verb == "withdraw":
        if there.status == "published":
            actions.vanish(entry, there, actor=None, now=now)
    elif there.version != number:
        raise WrongState(plans.LATER_TEXT)
    elif actions.has_work(there):
        actions.show(entry, there, actor=None, now=now)
