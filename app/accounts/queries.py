"""The only readers of accounts: who signs in, whose sessions and tokens, whom an administrator looks after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, column, func, or_, select, table
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload, selectinload

from app.accounts.models import ApiToken, OneTimeLink, Organization, OrganizationDomain, Plan, SignIn, Team, TeamMember, User
from app.accounts.permissions import may
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from app.lib.database import hold
from app.lib.errors import Gone, NotAllowed, NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.tokens import fingerprint

Row = TypeVar("Row")

PAGE = 50
COUNTED = 1000
MAX_ID = 2**31 - 1
# The audit log names tickets. They are a layer above this one, so their table is named here without their model.
TICKETS = table("tickets", column("id"), column("ref"))
LINKS = {"reset": "This link to set a new password", "invite": "This invitation"}
ROLE_NAMES = {
    "customer": "Customer",
    "customer_admin": "Customer admin",
    "agent": "Support engineer",
    "lead": "Lead",
    "admin": "Administrator",
    "moderator": "Community moderator",
}


def person_by_email(email: str) -> User | None:
    """Who has this address, in any spelling of case. One statement."""
    return db.session.scalar(select(User).where(User.email == email.lower()))


def person_by_id(person_id: int, *, for_change: bool = False) -> User:
    """A person with their organization, or NotFound. For administrators; others go through `member`.

    What is read `for_change` nobody else changes before the end of the transaction; so with all that have it.
    """
    person = one_row(select(User).options(joinedload(User.organization)), User.id, User.id == person_id, for_change=for_change)
    if person is None:
        raise NotFound()
    return person


def one_row(query: Select[Row], row_id: InstrumentedAttribute[int], *conditions: ColumnElement[bool], for_change: bool) -> Row | None:
    """The row of a query under these conditions; held, and as it stands now, if it is to be changed."""
    if for_change:
        hold(db.session, row_id, *conditions)
    return db.session.scalar(query.where(*conditions).execution_options(populate_existing=for_change))


def still_theirs(
    who: InstrumentedAttribute[int], home: InstrumentedAttribute[int | None], person: Any, organization: Any
) -> ColumnElement[bool]:
    """What a person asked, as a member of an organization or of none, and may still read; `User.is_still_of` in SQL.

    Who they are and what they are of now are ids, or parameters of a statement that is kept.
    """
    return and_(who == person, or_(home.is_(None), home == organization))


def link_for(secret: str, purpose: str, now: datetime) -> tuple[OneTimeLink, User]:
    """The open link of a secret, and whom it is for. Raises NotFound for a forged one, Gone for one that was used or is too old."""
    row = db.session.execute(
        select(OneTimeLink, User)
        .join(User, User.id == OneTimeLink.user_id)
        .outerjoin(User.organization)
        .options(joinedload(User.organization))
        .where(OneTimeLink.secret_hash == fingerprint(secret), OneTimeLink.purpose == purpose)
    ).first()
    if row is None:
        raise NotFound(f"{LINKS[purpose]} is not one of ours. Copy the whole address from the mail.")
    link, person = row
    if link.used_at is not None:
        raise Gone(f"{LINKS[purpose]} has been used.")
    if link.expires_at <= now or not person.is_enabled:
        raise Gone(f"{LINKS[purpose]} has expired.")
    return link, person


def sessions_of(person: User, now: datetime) -> Sequence[SignIn]:
    """The sessions that are open, last used first. Those in which an administrator acts as the person are among them."""
    mine = select(SignIn).where(SignIn.user_id == person.id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
    return db.session.scalars(mine.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc()).limit(PAGE)).all()


def session_of(person: User, session_id: int) -> SignIn:
    """One of a person's own sessions, or NotFound."""
    session = db.session.scalar(select(SignIn).where(SignIn.id == session_id, SignIn.user_id == person.id))
    if session is None:
        raise NotFound()
    return session


def tokens_of(person: User) -> Sequence[ApiToken]:
    """A person's tokens that still work, newest first."""
    mine = select(ApiToken).where(ApiToken.user_id == person.id, ApiToken.revoked_at.is_(None))
    return db.session.scalars(mine.order_by(ApiToken.id.desc())).all()


def token_of(person: User, token_id: int) -> ApiToken:
    """One of a person's own tokens, or NotFound."""
    token = db.session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == person.id))
    if token is None:
        raise NotFound()
    return token


def token_by_secret(secret: str) -> tuple[ApiToken, User] | None:
    """The token of a secret and its owner, with organization and plan; None if it is unknown, revoked, or its owner shut out."""
    row = db.session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .options(joinedload(User.organization))
        .where(ApiToken.secret_hash == fingerprint(secret), ApiToken.revoked_at.is_(None), User.is_enabled)
    ).first()
    return (row[0], row[1]) if row else None


def own_organization(viewer: User) -> Organization:
    """The organization that a customer admin looks after. Raises NotAllowed for anybody else."""
    if not may(viewer.role, "organization.people") or viewer.organization is None:
        raise NotAllowed("Only the admins of an organization look after its people. Ask one of them.")
    return viewer.organization


def member(viewer: User, person_id: int, *, for_change: bool = False) -> User:
    """Somebody of the viewer's own organization, or NotFound."""
    mine = (User.id == person_id, User.organization_id == own_organization(viewer).id)
    person = one_row(select(User).options(joinedload(User.organization)), User.id, *mine, for_change=for_change)
    if person is None:
        raise NotFound()
    return person


PERSON = (User.id, User.name, User.email, User.role, User.is_enabled, User.time_zone, User.created_at, User.organization_id)
LAST_SEEN = select(func.max(SignIn.last_seen_at)).where(SignIn.user_id == User.id, SignIn.impersonator_id.is_(None)).scalar_subquery()
# Invited, and not here yet: neither a password, nor ever a session by a link.
IS_PENDING = and_(User.password_hash.is_(None), LAST_SEEN.is_(None))
ROW = (*PERSON, IS_PENDING.label("is_pending"), LAST_SEEN.label("last_seen_at"))


def members(organization: Organization, search: str = "", cursor: str = "") -> Page:
    """The people of an organization by name, a page at a time. One statement, by the index ix_users_organization."""
    query = select(*ROW).where(User.organization_id == organization.id, *matching(search))
    return paged(query, (User.name, User.id), cursor)


@dataclass(frozen=True)
class PeopleFilter:
    """What an administrator looks for. `state`: enabled, disabled or pending; all empty for everybody."""

    search: str = ""
    role: str = ""
    state: str = ""
    organization_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter in SQL."""
        found = matching(self.search)
        if self.role:
            found.append(User.role == self.role)
        if self.organization_id:
            found.append(User.organization_id == self.organization_id)
        if self.state == "pending":
            found.append(and_(IS_PENDING, User.is_enabled))
        elif self.state:
            found.append(User.is_enabled == (self.state == "enabled"))
        return found


def people(wanted: PeopleFilter, cursor: str = "") -> Page:
    """People, newest first, a page at a time. One statement, whose cost does not grow with the page's number."""
    query = select(*ROW, Organization.name.label("organization")).outerjoin(Organization, Organization.id == User.organization_id)
    return paged(query.where(*wanted.conditions()), (User.id,), cursor, newest_first=True)


def count_people(wanted: PeopleFilter) -> int:
    """How many people match; counting ends at COUNTED."""
    return bounded(select(User.id).where(*wanted.conditions()))


def matching(search: str) -> list[ColumnElement[bool]]:
    """People whose name or address holds the words typed; nothing for no words."""
    text = search.strip().lower()[:100]
    if not text:
        return []
    return [or_(func.lower(User.name).contains(text, autoescape=True), User.email.contains(text, autoescape=True))]


def organizations(search: str = "", cursor: str = "") -> Page:
    """Organizations by name with their plan and how many people they have, a page at a time. One statement."""
    size = select(func.count()).where(User.organization_id == Organization.id).scalar_subquery()
    columns = (Organization.id, Organization.name, Organization.sharing, Organization.created_at, Organization.is_demo)
    query = select(*columns, Plan.name.label("plan"), size.label("people")).join(Plan, Plan.id == Organization.plan_id)
    text = search.strip().lower()[:100]
    if text:
        domains = select(OrganizationDomain.organization_id).where(OrganizationDomain.domain.contains(text, autoescape=True))
        query = query.where(or_(func.lower(Organization.name).contains(text, autoescape=True), Organization.id.in_(domains)))
    return paged(query, (Organization.name, Organization.id), cursor)


def organization_by_id(organization_id: int, *, for_change: bool = False) -> Organization:
    """An organization with its domains and plan, or NotFound."""
    query = select(Organization).options(selectinload(Organization.domains))
    organization = one_row(query, Organization.id, Organization.id == organization_id, for_change=for_change)
    if organization is None:
        raise NotFound()
    return organization


def organization_named(name: str) -> Organization | None:
    """The organization of this name, in any case; what the people form's field holds."""
    wanted = select(Organization).options(selectinload(Organization.domains)).where(func.lower(Organization.name) == name.strip().lower())
    return db.session.scalar(wanted.limit(1))


def organization_names(limit: int = 200) -> Sequence[str]:
    """Names to choose from while one types; the field takes any other, too."""
    return db.session.scalars(select(Organization.name).order_by(Organization.name).limit(limit)).all()


def plans() -> Sequence[Plan]:
    """Every plan, the least first."""
    return db.session.scalars(select(Plan).order_by(Plan.rank)).all()


def teams() -> Sequence[Team]:
    """Every team by name."""
    return db.session.scalars(select(Team).order_by(Team.name)).all()


def team_keys_of(person: User) -> list[str]:
    """The teams that somebody is on."""
    mine = select(Team.key).join(TeamMember, TeamMember.team_id == Team.id).where(TeamMember.user_id == person.id)
    return list(db.session.scalars(mine.order_by(Team.name)))


def staff() -> Sequence[User]:
    """Everybody who works at the desk and may sign in, by name."""
    return db.session.scalars(select(User).where(User.is_at_desk).order_by(User.name, User.id)).all()


@dataclass(frozen=True)
class AuditFilter:
    """What an administrator looks for in the event log. `actor` is a name or an address; dates are whole days in `zone`."""

    kind: str = ""
    actor: str = ""
    ticket: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_by_date(self) -> bool:
        """Whether dates are all that narrows it: then the log is read by its index on time, otherwise by that of kind, actor or ticket."""
        return bool(self.since or self.until) and not (self.kind or self.actor or self.ticket)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter in SQL. A kind may end with a dot, for all of its noun."""
        found: list[ColumnElement[bool]] = []
        if self.kind:
            wanted = [kind for kind in KINDS if kind.startswith(self.kind)] if self.kind.endswith(".") else [self.kind]
            found.append(Event.kind.in_(wanted))
        if self.actor:
            found.append(done_by(self.actor))
        if self.ticket:
            found.append(Event.ticket_id.in_(select(TICKETS.c.id).where(TICKETS.c.ref == self.ticket.upper())))
        if self.since:
            found.append(Event.at >= self.since)
        if self.until:
            found.append(Event.at < self.until)
        return found


def done_by(search: str) -> ColumnElement[bool]:
    """Events of people whose name or address holds the words, also of those whom they acted as. Two statements for the ids.

    Whom somebody acted as is known from their sessions, so that the log is read by its index on the actor.
    """
    ids = db.session.scalars(select(User.id).where(*matching(search)).limit(PAGE)).all()
    acted = db.session.scalars(select(SignIn.user_id).where(SignIn.impersonator_id.in_(ids)).distinct().limit(COUNTED)).all()
    return and_(Event.actor_id.in_({*ids, *acted}), or_(Event.actor_id.in_(ids), Event.impersonator_id.in_(ids)))


def audit(wanted: AuditFilter, cursor: str = "") -> Page:
    """The event log, newest first, a page at a time: who did what to what, and who was at the keyboard. One statement."""
    actor, behind = aliased(User), aliased(User)
    columns = (
        *(Event.id, Event.kind, Event.at, Event.facts, Event.is_public),
        *(actor.name.label("actor"), actor.email.label("actor_email"), behind.name.label("behind")),
        *(Organization.name.label("organization"), TICKETS.c.ref.label("ref")),
    )
    query = (
        select(*columns)
        .outerjoin(actor, actor.id == Event.actor_id)
        .outerjoin(behind, behind.id == Event.impersonator_id)
        .outerjoin(Organization, Organization.id == Event.organization_id)
        .outerjoin(TICKETS, TICKETS.c.id == Event.ticket_id)
        .where(*wanted.conditions())
    )
    key = (Event.at, Event.id) if wanted.is_by_date else (Event.id,)
    return paged(query, key, cursor, newest_first=True)


def organizations_called(ids: Iterable[int]) -> dict[int, str]:
    """The names of organizations by id. One statement, none without ids."""
    wanted = set(ids)
    return dict(iter(db.session.execute(select(Organization.id, Organization.name).where(Organization.id.in_(wanted))))) if wanted else {}


def names_of(user_ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id; what the facts of events hold."""
    wanted = set(user_ids)
    return dict(iter(db.session.execute(select(User.id, User.name).where(User.id.in_(wanted))))) if wanted else {}


def paged(query: Select[*tuple[Any, ...]], key: tuple[Any, ...], cursor: str, *, newest_first: bool = False) -> Page:
    """One page of a query in the order of `key`, whose last column is unique. Backwards reads in the other order and turns round."""
    values, back = decode_cursor(cursor, *(column.type.python_type for column in key)) if cursor else ([], False)
    descending = newest_first != back
    if values:
        query = query.where(beyond(key, values, descending))
    rows = list(db.session.execute(query.order_by(*(c.desc() if descending else c for c in key)).limit(PAGE + 1)))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if not rows:
        return Page([])
    if back:
        rows.reverse()
    has_next, has_previous = (True, more) if back else (more, bool(values))
    return Page(
        rows,
        next=encode_cursor(place(rows[-1], key)) if has_next else None,
        previous=encode_cursor(place(rows[0], key), back=True) if has_previous else None,
    )


def place(row: Any, key: tuple[Any, ...]) -> list[Any]:
    """The key of a row."""
    return [getattr(row, part.key) for part in key]


def beyond(key: tuple[Any, ...], values: list[Any], descending: bool) -> ColumnElement[bool]:
    """Rows after `values` in the order of `key`, written out so that both databases use an index for it.

    The bound of the first column follows from the rest; it tells them where in the index to begin.
    """
    found = []
    for n, part in enumerate(key):
        after = part < values[n] if descending else part > values[n]
        found.append(and_(*(key[i] == values[i] for i in range(n)), after))
    return and_(key[0] <= values[0] if descending else key[0] >= values[0], or_(*found))


def bounded(query: Select[Any]) -> int:
    """How many rows a query has, up to COUNTED."""
    return db.session.scalar(select(func.count()).select_from(query.limit(COUNTED).subquery())) or 0
