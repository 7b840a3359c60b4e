"""Organizations, the plans they are on, their people, and how those sign in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.permissions import STAFF
from app.extensions import Model
from app.lib.database import UTCDateTime, written_out


class Plan(Model):
    """What an organization has bought. `rank` orders plans; `tier` is the support tier that its tickets begin in."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    tier: Mapped[int] = mapped_column()
    rank: Mapped[int] = mapped_column()
    # The highest priority that triage may promise without a person's word.
    top_priority: Mapped[str] = mapped_column()
    # The response after an escalation, at most; None where there is no contract.
    escalated_response_minutes: Mapped[int | None] = mapped_column()


class Organization(Model):
    """A customer. `sharing` says whose tickets its plain members see: `own` or `all` (its admins see all)."""

    __tablename__ = "organizations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    sharing: Mapped[str] = mapped_column(default="all")
    engineer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", use_alter=True))
    slack_url: Mapped[str | None] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    plan: Mapped[Plan] = relationship(lazy="joined", innerjoin=True)
    domains: Mapped[list["OrganizationDomain"]] = relationship(lazy="select", cascade="all, delete-orphan")


class OrganizationDomain(Model):
    """A mail domain whose proven addresses belong to the organization."""

    __tablename__ = "organization_domains"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), index=True)
    domain: Mapped[str] = mapped_column(unique=True)


class User(Model):
    """A person: customer, customer_admin, agent, lead, admin or moderator. A guest is a customer without organization or password."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_organization", "organization_id", "name"), Index("ix_users_role", "role", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    role: Mapped[str] = mapped_column()
    password_hash: Mapped[str | None] = mapped_column()
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    time_zone: Mapped[str] = mapped_column(default="UTC")
    theme: Mapped[str] = mapped_column(default="system")
    keys_off: Mapped[bool] = mapped_column(default=False)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    organization: Mapped[Organization | None] = relationship(foreign_keys=[organization_id], lazy="select")

    # Set by the loader for the length of one request; see accounts/sign_in.py.
    sign_in = None  # type: SignIn | None
    secret = ""
    impersonator = None  # type: User | None

    @property
    def is_staff(self) -> bool:
        """Whether their role is one of the desk."""
        return self.role in STAFF

    @hybrid_property
    def is_at_desk(self) -> bool:
        """Whether they work at the desk now: they have not left. In SQL, too."""
        return self.is_staff and self.is_enabled

    @is_at_desk.inplace.expression
    @classmethod
    def are_at_desk(cls) -> ColumnElement[bool]:
        """The same for a statement. A planner that does not see the roles takes most people for staff."""
        return and_(cls.role.in_([written_out(role) for role in sorted(STAFF)]), cls.is_enabled)

    def is_still_of(self, organization_id: int | None) -> bool:
        """Whether what they asked as a member of an organization, or of none, is theirs to read and hear of: they have not left it."""
        return self.is_enabled and (self.is_staff or organization_id in (None, self.organization_id))

    @property
    def impersonator_id(self) -> int | None:
        """The administrator who acts as this person in this request."""
        return self.sign_in.impersonator_id if self.sign_in else None

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        parts = self.name.split() or [self.email]
        return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else parts[0][1:2])).upper()

    @property
    def plan(self) -> Plan | None:
        """The plan of their organization, or None for guests and staff."""
        return self.organization.plan if self.organization else None

    # What Flask-Login asks of a user.
    @property
    def is_authenticated(self) -> bool:
        """A loaded user is a signed-in one."""
        return True

    @property
    def is_active(self) -> bool:
        """Disabled people cannot sign in."""
        return self.is_enabled

    @property
    def is_anonymous(self) -> bool:
        """Never; Flask-Login has a class of its own for visitors."""
        return False

    def get_id(self) -> str:
        """What the cookie holds: the secret of this sign-in, not the number of a person."""
        return self.secret


class SignIn(Model):
    """One browser in which somebody is signed in. The cookie holds the secret; we hold its fingerprint."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user", "user_id", "revoked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    impersonator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class OneTimeLink(Model):
    """A link that works once and not for long: `reset`, `invite` or `guest`. Only the fingerprint of its secret is kept."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column()
    secret_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    email: Mapped[str] = mapped_column()
    # What an invitation makes of whoever accepts it.
    role: Mapped[str | None] = mapped_column()
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    organization: Mapped[Organization | None] = relationship(lazy="select")


class ApiToken(Model):
    """A bearer token for the REST API. Scopes are words such as `tickets:write`; never more than its owner may do."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column()
    secret_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[Any]] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Team(Model):
    """A group of staff that tickets are routed to. `key` is what triage rules name."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()


class TeamMember(Model):
    """Who is on which team; a person can be on several."""

    __tablename__ = "team_members"
    __table_args__ = (UniqueConstraint("team_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
