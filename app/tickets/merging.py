"""Two tickets about one thing: the newer is folded into the older, which goes on with all that was said, and can be parted again.

As in actions.py, each action checks, changes rows, records its events and flushes; none commits. The older keeps its
number, its clocks and its people; docs/decisions/merging.md says why.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, WrongState
from app.sla import actions as sla
from app.tickets import rules
from app.tickets.actions import set_status, tell, work
from app.tickets.models import Attachment, Draft, Follower, Message, Ticket, TicketLink, TicketMerge, TicketTag

# What the session has read of these rows is not looked at again.
AT_ONCE = {"synchronize_session": False}


def ordered(one: Ticket, other: Ticket) -> tuple[Ticket, Ticket]:
    """(the one that stays, the one that is folded into it): the older stays, since its promise is the earlier one."""
    older, newer = sorted((one, other), key=lambda ticket: (ticket.created_at, ticket.id))
    return older, newer


def merge(one: Ticket, other: Ticket, *, link: str, actor: User, now: datetime) -> Ticket:
    """Fold the newer of two tickets into the older, which is returned. Both are held by the caller. Again changes nothing.

    Its messages and files go over, whoever asked or followed it follows the older, which gets its tags, what was typed on it is kept
    there, and it is closed with its clocks called off. If it waited for an answer, the older one does now. `link` is the address that leads back
    from the older. Raises as `check_pair` does.
    """
    work(actor)
    into, folded = ordered(one, other)
    done = db.session.get(TicketMerge, folded.id)
    if done is not None and done.into_id == into.id:
        return into
    check_pair(into, folded)
    said = list(db.session.scalars(select(Message.id).where(Message.ticket_id == folded.id).order_by(Message.id)))
    made = TicketMerge(ticket_id=folded.id, into_id=into.id, status=folded.status, messages=said, merged_at=now, merged_by_id=actor.id)
    carry(said, into)
    made.followers, made.tags, made.link_id = take_followers(folded, into, now), take_tags(folded, into), link_back(folded, into, link, now)
    db.session.add(made)
    keep_drafts(folded, into)
    is_unanswered = folded.is_open and folded.last_public_by == "customer"
    fold(folded, into, len(said), actor=actor, now=now)
    join(into, folded, len(said), is_unanswered, actor=actor, now=now)
    db.session.flush()
    return into


def check_pair(into: Ticket, folded: Ticket) -> None:
    """Raise Invalid where two tickets are none of one customer, and WrongState where one of them has ended."""
    if into.id == folded.id:
        raise Invalid("That is this very ticket.")
    is_same = into.requester_id == folded.requester_id or into.organization_id is not None
    if not is_same or into.organization_id != folded.organization_id:
        raise Invalid(
            f"{folded.ref} and {into.ref} are of different customers. Only tickets of one organization, or of one person, can be merged."
        )
    if not into.is_open:
        raise WrongState(f"{into.ref} is the older one and stays, but it is {rules.STATUSES[into.status].lower()}. Reopen it first.")
    if folded.status == "closed":
        raise WrongState(f"{folded.ref} is closed already.")


def carry(messages: Sequence[int], into: Ticket) -> None:
    """Messages and their files belong to another ticket from here on. Two statements."""
    said = update(Message).where(Message.id.in_(messages)).values(ticket_id=into.id)
    sent = update(Attachment).where(Attachment.message_id.in_(messages)).values(ticket_id=into.id)
    for moved in (said, sent):
        db.session.execute(moved, execution_options=AT_ONCE)


def take_followers(folded: Ticket, into: Ticket, now: datetime) -> list[str]:
    """Whoever asked or followed one ticket follows the other; the addresses of those who did not before."""
    have = {*db.session.scalars(select(Follower.email).where(Follower.ticket_id == into.id)), into.requester.email}
    asker = folded.requester
    theirs: list[tuple[str, int | None, str]] = [(asker.email, asker.id, asker.name)] if asker.is_still_of(folded.organization_id) else []
    query = select(Follower.email, Follower.user_id, Follower.name).where(Follower.ticket_id == folded.id).order_by(Follower.id)
    theirs += [(email, person, name) for email, person, name in db.session.execute(query)]
    new = {email: (person, name) for email, person, name in reversed(theirs) if email not in have}
    for email, (person, name) in new.items():
        db.session.add(Follower(ticket_id=into.id, user_id=person, email=email, name=name, created_at=now))
    return sorted(new)


def take_tags(folded: Ticket, into: Ticket) -> list[str]:
    """The one is filed under what the other is filed under, as far as it takes more tags; those that it did not have before."""
    have = set(db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == into.id)))
    theirs = db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == folded.id).order_by(TicketTag.tag)).all()
    new = [tag for tag in theirs if tag not in have][: max(0, rules.MAX_TAGS - len(have))]
    db.session.add_all(TicketTag(ticket_id=into.id, tag=tag) for tag in new)
    return new


def link_back(folded: Ticket, into: Ticket, url: str, now: datetime) -> int | None:
    """A link from the ticket that stays to the one that was folded; its id, None where there is one already."""
    if db.session.scalar(select(TicketLink.id).where(TicketLink.ticket_id == into.id, TicketLink.url == url)):
        return None
    made = TicketLink(ticket_id=into.id, other_id=folded.id, label=f"{folded.ref}, merged into this one", url=url, created_at=now)
    db.session.add(made)
    db.session.flush()
    return made.id


def keep_drafts(folded: Ticket, into: Ticket) -> None:
    """What people have typed on the one waits for them on the other, unless they write there as well."""
    have = select(Draft.user_id).where(Draft.ticket_id == into.id)
    moved = update(Draft).where(Draft.ticket_id == folded.id, Draft.user_id.not_in(have)).values(ticket_id=into.id)
    db.session.execute(moved, execution_options=AT_ONCE)


def fold(folded: Ticket, into: Ticket, messages: int, *, actor: User, now: datetime) -> None:
    """Close the one: nothing is owed on it any more."""
    old = folded.status
    set_status(folded, "closed", now)
    folded.closed_at = now
    facts = {"into": into.ref, "messages": messages, "old": old, "status": "closed"}
    record("ticket.merged", now=now, actor=actor, ticket=folded, public=True, facts=facts)
    sla.called_off(folded, folded.created_at, now=now)


def join(into: Ticket, folded: Ticket, messages: int, is_unanswered: bool, *, actor: User, now: datetime) -> None:
    """The other goes on, as if what was said had been said on it: a customer who waits is answered there."""
    old = into.status
    if is_unanswered:
        set_status(into, rules.status_after_reply(old, by_staff=False, wanted=None), now)
        into.last_public_by = "customer"
    into.active_at = now
    tell(into, actor, now)
    changed = into.status if into.status != old else None
    facts = {"ref": folded.ref, "messages": messages, "is_unanswered": is_unanswered, "status": changed}
    record("ticket.joined", now=now, actor=actor, ticket=into, public=True, facts=facts)
    db.session.flush()
    if is_unanswered:
        sla.public_reply(into, by_staff=False, now=now)


def unmerge(folded: Ticket, into: Ticket, *, actor: User, now: datetime) -> None:
    """Part them again: the folded one has its messages, status and clocks back, the other loses its followers and tags. Both are held by the caller.

    What was written since stays where it was written, and what the other has become since, too: where the merge opened it for an
    answer, it goes on to wait for one. Raises WrongState where they are not merged, or the other is merged itself.
    """
    work(actor)
    made = db.session.get(TicketMerge, folded.id)
    if made is None or made.into_id != into.id:
        raise WrongState(f"{folded.ref} is not merged any more. Load the page again.")
    theirs = (Message.id.in_(made.messages), Message.ticket_id == into.id)
    if db.session.scalar(select(func.count()).select_from(Message).where(*theirs)) != len(made.messages):
        went = (
            "is merged itself. Undo that first."
            if into.status == "closed"
            else "has lost some of them by a split. Merge that ticket back first."
        )
        raise WrongState(f"{into.ref} {went}")
    carry(made.messages, folded)
    new = delete(Follower).where(Follower.ticket_id == into.id, Follower.email.in_(made.followers))
    tags = delete(TicketTag).where(TicketTag.ticket_id == into.id, TicketTag.tag.in_(made.tags or ()))
    for gone in (new, tags, delete(TicketLink).where(TicketLink.id == made.link_id)):
        db.session.execute(gone, execution_options=AT_ONCE)
    was_resolved_at = folded.resolved_at
    set_status(folded, made.status, now)
    folded.resolved_at, folded.closed_at = None if folded.is_open else was_resolved_at, None
    into.active_at = now
    tell(into, actor, now)
    record("ticket.unmerged", now=now, actor=actor, ticket=folded, public=True, facts={"into": into.ref, "status": made.status})
    record("ticket.parted", now=now, actor=actor, ticket=into, public=True, facts={"ref": folded.ref})
    db.session.delete(made)
    db.session.flush()
    sla.retarget(folded, now=now)
