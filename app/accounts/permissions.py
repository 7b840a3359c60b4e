"""Who may do what. Pure: roles and actions are words. Which ticket somebody may see is tickets/queries.py's one query."""

CUSTOMERS = frozenset({"customer", "customer_admin"})
STAFF = frozenset({"agent", "lead", "admin"})
LEADS = frozenset({"lead", "admin"})
ADMINS = frozenset({"admin"})
MODERATORS = frozenset({"moderator", "lead", "admin"})
ROLES = ("customer", "customer_admin", "agent", "lead", "admin", "moderator")

ALLOWED: dict[str, frozenset[str]] = {
    "ticket.open": CUSTOMERS | STAFF,
    "ticket.reply": CUSTOMERS | STAFF,
    "ticket.follow": CUSTOMERS | STAFF,
    "ticket.resolve": CUSTOMERS | STAFF,
    "ticket.reopen": CUSTOMERS | STAFF,
    "ticket.note": STAFF,
    "ticket.work": STAFF,
    "ticket.confirm": STAFF,
    "ticket.escalate": STAFF,
    "ticket.ask_escalation": CUSTOMERS,
    "escalation.edit": LEADS,
    "desk.enter": STAFF,
    "analytics.see": STAFF,
    "sla.report": STAFF,
    "sla.subscribe": LEADS,
    "sla.statement": STAFF,
    "sla.own_report": frozenset({"customer_admin"}),
    "surveys.see": STAFF,
    "knowledge.write": STAFF,
    "knowledge.train": LEADS,
    "knowledge.exchange": LEADS,
    "knowledge.publish": LEADS,
    "rota.own": STAFF,
    "rota.edit": LEADS,
    "calls.book": CUSTOMERS,
    "calls.work": STAFF,
    "calls.edit": LEADS,
    "macros.use": STAFF,
    "macros.write": STAFF,
    "macros.approve": LEADS,
    "announcements.write": LEADS,
    "triage.edit": LEADS,
    "sla.edit": LEADS,
    "alerts.work": STAFF,
    "alerts.edit": LEADS,
    "organization.people": frozenset({"customer_admin", "admin"}),
    "admin.people": ADMINS,
    "admin.audit": ADMINS,
    "admin.impersonate": ADMINS,
    "community.moderate": MODERATORS,
}


def may(role: str, action: str) -> bool:
    """Whether a role may do an action. Raises KeyError for an action that nobody has defined."""
    return role in ALLOWED[action]


def may_give(actor_role: str, role: str) -> bool:
    """Whether a person may give somebody this role: administrators any, customer admins the two of customers."""
    return role in ROLES if actor_role in ADMINS else actor_role == "customer_admin" and role in CUSTOMERS


def may_act_as(actor_role: str, role: str) -> bool:
    """Whether a person may sign in as somebody of this role. Nobody gains a right by it: administrators are never impersonated."""
    return may(actor_role, "admin.impersonate") and role not in ADMINS


def belongs_to_organization(role: str) -> bool:
    """Whether people of this role can be members of a customer's organization."""
    return role in CUSTOMERS
