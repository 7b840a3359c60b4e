"""Using an answer in a message."""

from datetime import datetime

from app.accounts.models import User
from app.events.actions import record
from app.knowledge.composing import rules
from app.knowledge.composing.queries import is_theirs
from app.knowledge.models import Article, Faq
from app.lib.errors import Invalid, NotAllowed
from app.tickets.models import Ticket

HOW = ("link", "answer")


def use(
    entry: Faq | Article, ticket: Ticket | None, how: str, *, url: str, base_url: str, is_note: bool, actor: User, now: datetime
) -> str:
    """The Markdown that is put into a message on this ticket (None: into a macro, for everybody): a link to `url`, or the answer (an article's summary) and the link.

    What the customer may not read goes into notes only. The use is an event; each one counts. Raises NotAllowed, Invalid.
    """
    if how not in HOW:
        raise Invalid("Choose a link or the answer.")
    if not is_note and not is_theirs(entry, ticket):
        raise NotAllowed("The customer may not read this. Put it into an internal note, or answer in your own words.")
    where = {"ticket_id": ticket.id, "ref": ticket.ref} if ticket is not None else {"ticket_id": None, "ref": None}
    facts = {"kind": entry.kind, "entry_id": entry.id, **where, "how": how, "is_note": is_note}
    record("knowledge.entry_used", now=now, actor=actor, facts=facts)
    if how == "link":
        return rules.link(entry.heading, url)
    return rules.whole(entry.answer if isinstance(entry, Faq) else entry.summary, entry.heading, url, base_url)
