"""The writers of other people's accounts and of organizations: by administrators, and by a customer's own admins. None commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from app.accounts import sign_in, standing
from app.accounts.actions import Browser, revoke_all, spend_links
from app.accounts.domains import domain_of
from app.accounts.models import OneTimeLink, Organization, OrganizationDomain, Plan, Team, TeamMember, User
from app.accounts.permissions import CUSTOMERS, STAFF, belongs_to_organization, may, may_act_as, may_give
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.lib.text import one_line

SHARING = {"own": "Only their own tickets", "all": "All tickets of the organization"}


@dataclass(frozen=True)
class Invitation:
    """Who is to come in, and as what."""

    email: str
    name: str
    role: str = "customer"
    organization: Organization | None = None


@dataclass(frozen=True)
class OrganizationValues:
    """What an administrator says about an organization. `domains` are clean (see domains.py)."""

    name: str
    plan: Plan
    sharing: str
    domains: Sequence[str] = ()
    engineer: User | None = None
    slack_url: str = ""


def invite(wanted: Invitation, *, actor: User, now: datetime) -> User | None:
    """Invite somebody by mail; again, while they have not accepted, sends another link. Returns them, or None (see below).

    Who is new waits among the organization's people; who has asked as a guest, or was invited elsewhere, becomes a member by
    accepting (docs/decisions/leaving.md), unless the organization owns the domain of their address. A customer admin invites into
    their own organization only, and hears the same whether or not an address has an account somewhere else: None then, and
    whoever it belongs to is told what to do. Raises NotAllowed, and Invalid for an account that stands already.
    """
    check_place(actor, wanted.role, wanted.organization)
    serialize_on(db.session, f"invite:{wanted.email}")
    person = db.session.scalar(select(User).where(User.email == wanted.email))
    home_id = wanted.organization.id if wanted.organization else None
    if person is None:
        person = newcomer(wanted, home_id, actor, now)
    elif not is_invitable(person, wanted, home_id):
        if actor.role == "customer_admin" and person.organization_id != home_id:
            told = {"user_id": person.id, "email": person.email}
            record("account.elsewhere_invited", now=now, actor=actor, organization_id=home_id, facts=told)
            return None
        raise Invalid(f"{wanted.email} has an account already. Change that one, or write another address.")
    elif owns_address(wanted.organization, person):
        person.organization_id, person.role = home_id, wanted.role
    facts = {"user_id": person.id, "email": person.email, "role": wanted.role}
    record("account.invited", now=now, actor=actor, organization_id=home_id, facts=facts)
    return person


def is_invitable(person: User, wanted: Invitation, home_id: int | None) -> bool:
    """Whether an account can be invited: it is open, and has no password; of ours and of moderators none but as what they are."""
    if person.password_hash is not None or not person.is_enabled:
        return False
    return person.role in CUSTOMERS or (person.organization_id, person.role) == (home_id, wanted.role)


def owns_address(organization: Organization | None, person: User) -> bool:
    """Whether somebody's address is in a domain of the organization."""
    return organization is not None and domain_of(person.email) in {row.domain for row in organization.domains}


def is_member(person: User) -> bool:
    """Whether what they do is their organization's, too: they have chosen a password, or it owns their address.

    Its admins may invite any address. Until whoever it belongs to agrees, they are a guest.
    """
    return person.organization is None or person.password_hash is not None or owns_address(person.organization, person)


def stay_guest(person: User, *, now: datetime) -> None:
    """They come as a guest and have accepted no invitation, so they are nobody's member; the link of one leads in as before."""
    if is_member(person):
        return
    changes: dict[str, Any] = {"organization_id": [person.organization_id, None]}
    changes |= {"role": [person.role, "customer"]} if person.role != "customer" else {}
    person.organization, person.role = None, "customer"
    db.session.flush()
    record_change(person, changes, actor=person, now=now)


def newcomer(wanted: Invitation, home_id: int | None, actor: User, now: datetime) -> User:
    """The row of somebody who has not accepted yet."""
    is_demo = bool(wanted.organization and wanted.organization.is_demo) or actor.is_demo
    person = User(
        email=wanted.email, name=one_line(wanted.name), role=wanted.role, organization_id=home_id, is_demo=is_demo, created_at=now
    )
    db.session.add(person)
    db.session.flush()
    return person


def check_place(actor: User, role: str, organization: Organization | None) -> None:
    """Raise NotAllowed for a role or an organization that the actor cannot give, Invalid for two that do not fit."""
    if not may(actor.role, "organization.people") or not may_give(actor.role, role):
        raise NotAllowed("You cannot give somebody this role. Ask an administrator.")
    if actor.role == "customer_admin" and (organization is None or organization.id != actor.organization_id):
        raise NotAllowed("You look after the people of your own organization only.")
    if organization is not None and not belongs_to_organization(role):
        raise Invalid("Our own people are in no customer’s organization. Choose none, or a customer’s role.")
    if organization is None and role == "customer_admin":
        raise Invalid("A customer admin needs an organization. Choose one.")


def change_person(
    person: User, *, name: str, role: str, organization: Organization | None, actor: User, now: datetime, seen: str | None = None
) -> None:
    """Change somebody's name, role or organization; `seen` is the stamp of the page (see standing.py). The same values change nothing.

    Raises NotFound for somebody outside the actor's reach, NotAllowed for a role they cannot give, WrongState for one's own role,
    and Stale.
    """
    check_reach(actor, person)
    check_place(actor, role, organization)
    wanted = {"name": one_line(name), "role": role, "organization": organization.name if organization else ""}
    standing.refuse_stale(standing.of_person(person), seen, wanted)
    if person.id == actor.id and role != person.role:
        raise WrongState("Nobody changes their own role. Ask another administrator.")
    changes = changed(person, {"name": one_line(name), "role": role, "organization_id": organization.id if organization else None})
    if not changes:
        return
    if person.password_hash is None:
        redirect_invitations(person)
    teams = teams_of(person) if "role" in changes and role not in STAFF else {}
    if teams:
        db.session.execute(delete(TeamMember).where(TeamMember.user_id == person.id))
        changes["teams"] = [sorted(teams.values()), []]
    record_change(person, changes, actor=actor, now=now)


def redirect_invitations(person: User) -> None:
    """An invitation that is still open leads to where an administrator has put them since."""
    links = update(OneTimeLink).where(OneTimeLink.user_id == person.id, OneTimeLink.purpose == "invite", OneTimeLink.used_at.is_(None))
    db.session.execute(links.values(role=person.role, organization_id=person.organization_id))


def set_enabled(person: User, is_enabled: bool, *, actor: User, now: datetime) -> None:
    """Let somebody in, or shut them out: every session ends and no open link works. The same state again changes nothing."""
    check_reach(actor, person)
    if person.id == actor.id:
        raise WrongState("Nobody shuts themselves out. Ask another administrator.")
    if person.is_enabled == is_enabled:
        return
    person.is_enabled = is_enabled
    if not is_enabled:
        revoke_all(person.id, now)
        spend_links(person.id, now)
    record_change(person, {"is_enabled": [not is_enabled, is_enabled]}, actor=actor, now=now)


def end_sessions(person: User, *, actor: User, now: datetime) -> int:
    """Sign somebody out everywhere, for a laptop that was lost; they may sign in again. Returns how many sessions there were."""
    check_reach(actor, person)
    if person.id == actor.id:
        raise WrongState("Your own sessions are on your account.")
    count = revoke_all(person.id, now)
    if count:
        record_change(person, {"sessions": [count, 0]}, actor=actor, now=now)
    return count


def set_teams(person: User, teams: Sequence[Team], *, actor: User, now: datetime, seen: str | None = None) -> None:
    """Make the teams of a member of staff exactly these. Raises NotAllowed, Invalid, and Stale after the page with the stamp `seen`."""
    if not may(actor.role, "admin.people"):
        raise NotAllowed("Only administrators put people on teams.")
    if not person.is_staff:
        raise Invalid("Only people who work at the desk are on teams.")
    have = teams_of(person)
    standing.refuse_stale(standing.of_teams(have.values()), seen, standing.of_teams(team.key for team in teams))
    want = {team.id: team.key for team in teams}
    if have == want:
        return
    db.session.execute(delete(TeamMember).where(TeamMember.user_id == person.id, TeamMember.team_id.in_(have.keys() - want.keys())))
    db.session.add_all(TeamMember(team_id=team_id, user_id=person.id) for team_id in sorted(want.keys() - have.keys()))
    record_change(person, {"teams": [sorted(have.values()), sorted(want.values())]}, actor=actor, now=now)


def teams_of(person: User) -> dict[int, str]:
    """The teams that somebody is on: id → key. One statement."""
    mine = select(Team.id, Team.key).join(TeamMember, TeamMember.team_id == Team.id).where(TeamMember.user_id == person.id)
    return dict(iter(db.session.execute(mine)))


def check_reach(actor: User, person: User) -> None:
    """Raise NotFound for somebody whom the actor does not look after."""
    mine = person.organization_id is not None and person.organization_id == actor.organization_id
    if not may(actor.role, "admin.people") and not (may(actor.role, "organization.people") and mine):
        raise NotFound()


def record_change(person: User, changes: dict[str, Any], *, actor: User, now: datetime) -> None:
    """One event for one change of a person."""
    facts = {"user_id": person.id, "changes": changes}
    record("account.changed", now=now, actor=actor, organization_id=person.organization_id, facts=facts)


def changed(row: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set what differs, and return it as {field: [old, new]}."""
    changes = {field: [getattr(row, field), value] for field, value in values.items() if getattr(row, field) != value}
    for field, (_, value) in changes.items():
        setattr(row, field, value)
    return changes


def create_organization(values: OrganizationValues, *, actor: User, now: datetime) -> Organization:
    """Add a customer. Raises Invalid for a name or a domain that another one has."""
    check_values(values, None, actor)
    organization = Organization(
        name=values.name,
        plan_id=values.plan.id,
        sharing=values.sharing,
        engineer_id=values.engineer.id if values.engineer else None,
        slack_url=values.slack_url or None,
        domains=[OrganizationDomain(domain=domain) for domain in values.domains],
        is_demo=actor.is_demo,
        created_at=now,
    )
    db.session.add(organization)
    db.session.flush()
    facts = {"name": organization.name, "plan": values.plan.key}
    record("organization.created", now=now, actor=actor, organization_id=organization.id, facts=facts)
    return organization


def change_organization(
    organization: Organization, values: OrganizationValues, *, actor: User, now: datetime, seen: str | None = None
) -> None:
    """Change what stands of a customer. The same values change nothing. Its open tickets are given the new plan's targets by a job.

    Raises Stale where something else stands than on the page with the stamp `seen` (see standing.py), and what `check_values` does.
    """
    check_values(values, organization.id, actor)
    standing.refuse_stale(standing.of_organization(organization), seen, stands_after(values))
    old_plan, old_domains = organization.plan.key, sorted(row.domain for row in organization.domains)
    plain = {
        "name": values.name,
        "sharing": values.sharing,
        "engineer_id": values.engineer.id if values.engineer else None,
        "slack_url": values.slack_url or None,
    }
    changes: dict[str, Any] = changed(organization, plain)
    if organization.plan_id != values.plan.id:
        organization.plan_id, organization.plan = values.plan.id, values.plan
        changes["plan"] = [old_plan, values.plan.key]
    if old_domains != sorted(values.domains):
        kept = {row.domain: row for row in organization.domains}
        organization.domains = [kept.get(domain) or OrganizationDomain(domain=domain) for domain in values.domains]
        changes["domains"] = [old_domains, sorted(values.domains)]
    if changes:
        record("organization.changed", now=now, actor=actor, organization_id=organization.id, facts={"changes": changes})


def stands_after(values: OrganizationValues) -> dict[str, str]:
    """What will stand of an organization (see standing.py)."""
    return {
        "name": values.name,
        "plan": values.plan.key,
        "domains": "\n".join(sorted(values.domains)),
        "sharing": values.sharing,
        "engineer": str(values.engineer.id) if values.engineer else "",
        "slack_url": values.slack_url or "",
    }


def check_values(values: OrganizationValues, own_id: int | None, actor: User) -> None:
    """Raise NotAllowed, or Invalid for what another organization has or what does not exist."""
    if not may(actor.role, "admin.people"):
        raise NotAllowed("Only administrators change organizations.")
    if values.sharing not in SHARING or (values.engineer is not None and not values.engineer.is_staff):
        raise Invalid("Choose from the lists.")
    serialize_on(db.session, "organizations")
    same_name = select(Organization.id).where(func.lower(Organization.name) == values.name.lower(), Organization.id != (own_id or 0))
    if db.session.scalar(same_name.limit(1)) is not None:
        raise Invalid(f"There is an organization called {values.name} already.")
    rows = select(OrganizationDomain.domain).where(
        OrganizationDomain.domain.in_(values.domains), OrganizationDomain.organization_id != (own_id or 0)
    )
    taken = db.session.scalars(rows).all()
    if taken:
        raise Invalid(f"{', '.join(sorted(taken))} belongs to another organization.")


def set_sharing(organization: Organization, sharing: str, *, actor: User, now: datetime) -> None:
    """Say whose tickets plain members see. The same again changes nothing."""
    own = actor.role == "customer_admin" and actor.organization_id == organization.id
    if not own and not may(actor.role, "admin.people"):
        raise NotAllowed("Only the admins of an organization decide what its members see.")
    if sharing not in SHARING:
        raise Invalid("Choose from the list.")
    changes = changed(organization, {"sharing": sharing})
    if changes:
        record("organization.changed", now=now, actor=actor, organization_id=organization.id, facts={"changes": changes})


def act_as(person: User, *, actor: User, browser: Browser, now: datetime) -> None:
    """Sign an administrator in as somebody else, in this browser and for an hour. Everything done there names both.

    Raises NotAllowed for whoever may not, and for another administrator; WrongState for a closed account or a second time.
    """
    if not may_act_as(actor.role, person.role):
        raise NotAllowed("You cannot sign in as this person.")
    if actor.impersonator_id is not None or not person.is_enabled or person.id == actor.id:
        raise WrongState("You cannot sign in as this person now. End “sign in as” first, or open the account again.")
    if actor.sign_in is not None:
        actor.sign_in.revoked_at = now
    record("account.impersonation_started", now=now, actor=actor, facts={"user_id": person.id, "name": person.name})
    sign_in.begin(person, now=now, ip=browser.ip, user_agent=browser.user_agent, impersonator=actor)


def stop_acting(person: User, *, browser: Browser, now: datetime) -> User:
    """Be oneself again: ends that session and begins one of the administrator's own. Raises WrongState for whoever acts as nobody."""
    administrator = person.impersonator
    if administrator is None or person.sign_in is None:
        raise WrongState("You are signed in as yourself.")
    person.sign_in.revoked_at = now
    sign_in.begin(administrator, now=now, ip=browser.ip, user_agent=browser.user_agent)
    record("account.impersonation_ended", now=now, actor=administrator, facts={"user_id": person.id, "name": person.name})
    return administrator
