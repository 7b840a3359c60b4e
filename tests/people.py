"""The company that most tests are about: two customers, a guest, and those who help them."""

from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import Organization, OrganizationDomain, Plan, Team, TeamMember, User
from app.extensions import db

PASSWORD = "correct horse battery staple"

# name of the organization: (plan, mail domain)
ORGANIZATIONS = {"Acme Robotics": ("enterprise_priority", "acme.example"), "Globex Energy": ("technical", "globex.example")}

# who: (name, address, role, organization, time zone)
PEOPLE = {
    "owner": ("Frieda Brandt", "owner@acme.example", "customer_admin", "Acme Robotics", "Europe/Berlin"),
    "user": ("Marcus Webb", "user@acme.example", "customer", "Acme Robotics", "America/New_York"),
    "colleague": ("Ines Duarte", "ines@acme.example", "customer", "Acme Robotics", "Europe/Lisbon"),
    "stranger": ("Tomasz Lis", "user@globex.example", "customer", "Globex Energy", "Europe/Warsaw"),
    "guest": ("Priya Nair", "priya.nair@mail.example", "customer", None, "Asia/Kolkata"),
    "agent": ("Aiko Tanaka", "agent@hivetechs.example", "agent", None, "Asia/Tokyo"),
    "agent2": ("Samuel Osei", "samuel@hivetechs.example", "agent", None, "Africa/Accra"),
    "lead": ("Helena Lindqvist", "lead@hivetechs.example", "lead", None, "Europe/Stockholm"),
    "admin": ("Dana Whitfield", "admin@hivetechs.example", "admin", None, "America/Los_Angeles"),
    "moderator": ("Jonas Petit", "moderator@hivetechs.example", "moderator", None, "Europe/Paris"),
}
# team: its members
TEAMS = {"engineering": ("agent", "lead"), "support": ("agent", "lead"), "product": ("agent2",)}


@cache
def password_hash() -> str:
    """The hash of PASSWORD that everybody shares: made once, and cheap to check."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def move_in(now: datetime) -> None:
    """Add the company to a database that has the reference rows. Flushes."""
    founded = now - timedelta(days=400)
    plans = {plan.key: plan for plan in db.session.scalars(select(Plan))}
    teams = {team.key: team for team in db.session.scalars(select(Team))}
    organizations = {}
    for name, (plan, domain) in ORGANIZATIONS.items():
        organizations[name] = Organization(
            name=name, plan_id=plans[plan].id, domains=[OrganizationDomain(domain=domain)], created_at=founded
        )
    db.session.add_all(organizations.values())
    db.session.flush()
    people = {}
    for who, (name, email, role, organization, zone) in PEOPLE.items():
        home = organizations[organization].id if organization else None
        secret = None if who == "guest" else password_hash()
        people[who] = User(
            name=name, email=email, role=role, organization_id=home, time_zone=zone, password_hash=secret, is_demo=False, created_at=founded
        )
        db.session.add(people[who])
        db.session.flush()
    organizations["Acme Robotics"].engineer_id = people["agent"].id
    for team, members in TEAMS.items():
        db.session.add_all(TeamMember(team_id=teams[team].id, user_id=people[who].id) for who in members)
    db.session.flush()


def company() -> SimpleNamespace:
    """Everybody by who they are (`people.owner`, …), and `people.acme` and `people.globex`. One statement."""
    query = select(User).options(joinedload(User.organization)).where(User.email.in_([person[1] for person in PEOPLE.values()]))
    by_email = {user.email: user for user in db.session.scalars(query)}
    everybody = {who: by_email[person[1]] for who, person in PEOPLE.items()}
    return SimpleNamespace(**everybody, acme=everybody["owner"].organization, globex=everybody["stranger"].organization)
