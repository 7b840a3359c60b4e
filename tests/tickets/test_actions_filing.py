"""How a ticket is filed: assignment, team, priority, category, tags, followers, links."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale
from app.tickets import filing, queries
from app.tickets.models import Follower, TicketLink
from tests import factories


def facts(ticket, kind):
    """The facts of a ticket's events of one kind."""
    return list(db.session.scalars(select(Event.facts).where(Event.ticket_id == ticket.id, Event.kind == kind).order_by(Event.id)))


def team(key):
    return db.session.scalars(select(Team).where(Team.key == key)).one()


def follow(ticket, email, actor, now, person=None):
    filing.follow(ticket, email, actor=actor, now=now, person=person)
    db.session.commit()


def followers(ticket):
    return [one.email for one in queries.followers(ticket)]


def test_assigning_names_both_people_and_again_changes_nothing(people, now):
    ticket = factories.ticket(people.user)
    for person in (people.agent, people.agent, people.agent2, None):
        filing.assign(ticket, person, actor=people.lead, now=now)
    told = facts(ticket, "ticket.assigned")
    assert [(one["old_name"], one["assignee_name"]) for one in told] == [
        (None, people.agent.name),
        (people.agent.name, people.agent2.name),
        (people.agent2.name, None),
    ]


def test_a_ticket_shows_whom_it_was_given_to_at_once_and_when_it_is_read_again(people, now):
    ticket = factories.ticket(people.user)
    for person, moved_to in ((people.agent, team("security")), (None, None)):
        filing.assign(ticket, person, actor=people.lead, now=now)
        filing.move(ticket, moved_to, actor=people.lead, now=now)
        assert (ticket.assignee, ticket.team) == (person, moved_to)
        db.session.commit()
        db.session.expunge_all()
        ticket = queries.ticket_for(people.agent, ticket.ref)
        shown = (ticket.assignee and ticket.assignee.id, ticket.team and ticket.team.key)
        assert shown == ((person.id, "security") if person else (None, None))


def test_a_change_of_a_ticket_is_written_without_a_look_at_its_people(people, now):
    ticket = queries.ticket_for(people.agent, factories.ticket(people.user).ref)
    ticket.active_at = now
    looked_at = []
    with flushing(lambda uow: looked_at.extend(mapper.class_.__name__ for mapper in uow.mappers)):
        db.session.flush()
    assert looked_at == ["Ticket"]


@contextmanager
def flushing(look):
    """Show the unit of work of each flush within."""

    def after(session, uow):
        look(uow)

    event.listen(db.session, "after_flush", after)
    yield
    event.remove(db.session, "after_flush", after)


def test_tickets_go_to_staff_only_and_by_staff_only(people, now):
    ticket = factories.ticket(people.user)
    with pytest.raises(Invalid):
        filing.assign(ticket, people.user, actor=people.agent, now=now)
    with pytest.raises(Invalid):
        filing.assign(ticket, people.moderator, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        filing.assign(ticket, people.agent, actor=people.owner, now=now)


def test_a_stale_assignment_is_refused(people, now):
    ticket = factories.ticket(people.user)
    filing.assign(ticket, people.agent2, actor=people.lead, now=now)
    with pytest.raises(Stale):
        filing.assign(ticket, people.agent, actor=people.agent, now=now, seen=0)


def test_moving_to_a_team_is_told_once(people, now):
    ticket = factories.ticket(people.user)
    old = ticket.team.name if ticket.team else None
    for _ in range(2):
        filing.move(ticket, team("security"), actor=people.agent, now=now)
    assert facts(ticket, "ticket.moved") == [{"old_team": old, "team": "Security"}]
    with pytest.raises(NotAllowed):
        filing.move(ticket, None, actor=people.user, now=now)


def test_a_priority_set_by_hand_is_promised_and_public(people, now):
    ticket = factories.ticket(people.user, priority="low")
    for _ in range(2):
        filing.set_priority(ticket, "critical", actor=people.agent, now=now, reason="releases are blocked")
    assert (ticket.priority, ticket.promised_priority, ticket.needs_confirmation) == ("critical", "critical", False)
    event = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.priority_changed")).one()
    assert event.is_public and event.facts == {"old": "low", "priority": "critical", "reason": "releases are blocked"}
    with pytest.raises(Invalid):
        filing.set_priority(ticket, "now", actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        filing.set_priority(ticket, "low", actor=people.user, now=now)


@pytest.mark.parametrize(("accept", "becomes"), [(True, "critical"), (False, "medium")])
def test_a_raise_beyond_the_plan_is_accepted_or_declined_once(people, now, accept, becomes):
    ticket = factories.ticket(people.guest)
    ticket.priority, ticket.promised_priority, ticket.needs_confirmation = "critical", "medium", True
    with pytest.raises(NotAllowed):
        filing.confirm_priority(ticket, accept, actor=people.guest, now=now)
    for _ in range(2):
        filing.confirm_priority(ticket, accept, actor=people.agent, now=now)
    assert (ticket.priority, ticket.promised_priority, ticket.needs_confirmation) == (becomes, becomes, False)
    assert facts(ticket, "ticket.priority_confirmed") == [{"accepted": accept, "proposed": "critical", "priority": becomes}]


def test_a_category_comes_from_the_list(people, now):
    ticket = factories.ticket(people.user, category="cli")
    filing.categorise(ticket, "tui", actor=people.agent, now=now)
    filing.categorise(ticket, "tui", actor=people.agent, now=now)
    assert facts(ticket, "ticket.categorised") == [{"old": "cli", "category": "tui"}]
    with pytest.raises(Invalid):
        filing.categorise(ticket, "weather", actor=people.agent, now=now)


def test_tags_become_exactly_what_is_wanted(people, now):
    ticket = factories.ticket(people.user, tags=["Old One", "kept"])
    filing.set_tags(ticket, ["kept", "New Tag", "new tag"], actor=people.agent, now=now)
    filing.set_tags(ticket, ["new-tag", "kept"], actor=people.agent, now=now)
    assert queries.tags([ticket.id])[ticket.id] == ["kept", "new-tag"]
    assert facts(ticket, "ticket.tagged") == [{"added": ["new-tag"], "removed": ["old-one"]}]
    for wrong in (["no/slash"], [f"t{n}" for n in range(21)]):
        with pytest.raises(Invalid):
            filing.set_tags(ticket, wrong, actor=people.agent, now=now)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("Überlauf", "überlauf"), ("U\u0308berlauf", "überlauf"), ("日本語 IME", "日本語-ime"), ("हिन्दी", "हिन्दी"), ("ĞIŞ.v2_x", "ğiş.v2_x")],
)
def test_tags_take_letters_of_any_script_in_one_spelling(people, now, browse, typed, stored):
    ticket = factories.ticket(people.user)
    filing.set_tags(ticket, [typed], actor=people.agent, now=now)
    assert queries.tags([ticket.id])[ticket.id] == [stored]
    found = browse(people.agent).get("/desk/queue/all", query_string={"tag": typed.replace(" ", "-")})
    assert ticket.ref in found.text and found.markup.one("input", id="filter-tag")["value"] == stored


@pytest.mark.parametrize("wrong", ["-begins", "\u0308", "no/slash", "a,b", "🐝", "x" * 41])
def test_what_is_no_word_is_no_tag(people, now, wrong):
    with pytest.raises(Invalid, match="cannot be a tag"):
        filing.set_tags(factories.ticket(people.user), [wrong], actor=people.agent, now=now)


def test_a_person_of_the_own_organization_follows_as_a_person(people, now):
    ticket = factories.ticket(people.user)
    for _ in range(2):
        follow(ticket, people.colleague.email, people.user, now, people.colleague)
    row = db.session.scalars(select(Follower)).one()
    assert (row.user_id, row.name) == (people.colleague.id, people.colleague.name)
    assert facts(ticket, "ticket.follower_added") == [{"email": people.colleague.email, "name": people.colleague.name}]


def test_an_outside_address_follows_by_mail_only_and_learns_no_name(people, now):
    ticket = factories.ticket(people.user)
    follow(ticket, people.stranger.email, people.user, now, people.stranger)
    row = db.session.scalars(select(Follower)).one()
    assert (row.user_id, row.name) == (None, "")
    assert queries.visible_to(people.stranger) is not None
    follow(ticket, people.user.email, people.user, now, people.user)
    assert followers(ticket) == [people.stranger.email]


def test_guests_and_moderators_bring_nobody_in(people, now):
    with pytest.raises(NotAllowed):
        follow(factories.ticket(people.guest), "other@mail.example", people.guest, now)
    with pytest.raises(NotAllowed):
        follow(factories.ticket(people.user), "other@mail.example", people.moderator, now)


def test_a_ticket_takes_so_many_followers(people, now):
    ticket = factories.ticket(people.user)
    for n in range(filing.MAX_FOLLOWERS):
        filing.follow(ticket, f"person{n}@side.example", actor=people.user, now=now)
    with pytest.raises(Invalid):
        filing.follow(ticket, "one.more@side.example", actor=people.user, now=now)


def test_unfollowing_is_told(people, now):
    ticket = factories.ticket(people.user)
    follow(ticket, "other@side.example", people.user, now)
    follower = queries.followers(ticket)[0]
    with pytest.raises(NotAllowed):
        filing.unfollow(ticket, follower, actor=people.moderator, now=now)
    filing.unfollow(ticket, follower, actor=people.user, now=now)
    assert followers(ticket) == []
    assert facts(ticket, "ticket.follower_removed") == [{"email": "other@side.example", "name": ""}]


def test_links_are_added_once_and_removed(people, now):
    ticket, other = factories.ticket(people.user), factories.ticket(people.user)
    for _ in range(2):
        filing.link(ticket, other.ref, f"/desk/tickets/{other.ref}", actor=people.agent, now=now, other=other)
    row = db.session.scalars(select(TicketLink)).one()
    assert row.other_id == other.id
    with pytest.raises(NotAllowed):
        filing.unlink(ticket, row, actor=people.user, now=now)
    filing.unlink(ticket, row, actor=people.agent, now=now)
    assert len(facts(ticket, "ticket.linked")) == len(facts(ticket, "ticket.unlinked")) == 1
