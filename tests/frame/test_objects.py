"""Objects made of the columns of a row are the session's own, as those that it makes itself."""

from sqlalchemy import inspect, select
from sqlalchemy.orm import aliased

from app.accounts.models import Organization, Team, User
from app.extensions import db
from app.lib.database import plain_rows
from app.lib.objects import SideBySide
from app.tickets.models import Draft, Ticket
from tests import factories

ASKER = aliased(User)
SIDES = SideBySide(Ticket, ASKER, Organization, Team)
QUERY = select(*SIDES.columns).join(ASKER, ASKER.id == Ticket.requester_id)
QUERY = QUERY.outerjoin(Organization, Organization.id == Ticket.organization_id).outerjoin(Team, Team.id == Ticket.team_id)


def made(ticket_id, *, anew=False):
    """The objects of a ticket's row."""
    row = plain_rows(db.session, QUERY.where(Ticket.id == ticket_id), {}).one()
    return SIDES.of(db.session, row, anew=anew)


def an_id(user, **over):
    """A ticket of somebody, of which the session knows nothing."""
    number = factories.ticket(user, **over).id
    db.session.flush()
    db.session.expunge_all()
    return number


def columns(thing):
    """What stands in a row, by attribute."""
    return {one.key: getattr(thing, one.key) for one in inspect(type(thing)).column_attrs}


def test_each_side_has_what_the_session_would_have_loaded(people):
    number = an_id(people.user)
    ticket, asker, home, team = made(number)
    found = [columns(one) for one in (ticket, asker, home)]
    assert team is None or ticket.team_id == team.id
    db.session.expunge_all()
    loaded = db.session.get_one(Ticket, number)
    around = db.session.get_one(User, loaded.requester_id), db.session.get_one(Organization, loaded.organization_id)
    assert found == [columns(one) for one in (loaded, *around)]


def test_what_an_outer_join_did_not_find_is_none(people):
    assert made(an_id(people.guest))[2] is None


def test_the_session_knows_them_and_writes_what_is_changed(people):
    number = an_id(people.user)
    ticket, asker, *_ = made(number)
    assert db.session.get(Ticket, number) is ticket and db.session.get(User, asker.id) is asker
    assert not db.session.dirty
    version = ticket.version
    ticket.subject = "Another subject"
    db.session.flush()
    assert db.session.scalar(select(Ticket.subject).where(Ticket.id == number)) == "Another subject"
    assert ticket.version == version + 1


def test_what_the_session_knows_stays_as_it_is_unless_it_is_asked_anew(people):
    number = an_id(people.user)
    ticket, asker, *_ = made(number)
    table = Ticket.__table__
    db.session.connection().execute(
        table.update().where(table.c.id == number).values(subject="Changed beside us", requester_id=people.colleague.id)
    )
    again = made(number)[0]
    assert again is ticket and ticket.subject != "Changed beside us" and ticket.requester_id == asker.id
    assert made(number, anew=True)[0] is ticket
    assert ticket.subject == "Changed beside us" and ticket.requester_id == people.colleague.id and not db.session.dirty


def test_what_the_session_has_forgotten_is_filled_again_by_the_row(people, statements):
    number = an_id(people.user)
    ticket = made(number)[0]
    db.session.expire(ticket)
    with statements() as seen:
        assert made(number)[0].subject == ticket.subject
    assert len(seen) == 1


def test_a_key_may_have_two_columns(people, now):
    number, kept = an_id(people.user), SideBySide(Draft)
    db.session.add(Draft(ticket_id=number, user_id=people.agent.id, body="Begun", visibility="public", files=[], saved_at=now))
    db.session.flush()
    db.session.expunge_all()
    [draft] = kept.of(db.session, plain_rows(db.session, select(*kept.columns), {}).one())
    assert draft.body == "Begun" and db.session.get(Draft, (number, people.agent.id)) is draft
