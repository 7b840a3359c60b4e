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
    "desk.enter": STAFF,
    "analytics.see": STAFF,
    "sla.report": STAFF,
    "surveys.see": STAFF,
    "knowledge.write": STAFF,
    "macros.use": STAFF,
    "macros.write": STAFF,
    "macros.approve": LEADS,
    "announcements.write": LEADS,
    "triage.edit": LEADS,
    "sla.edit": LEADS,
    "organization.people": frozenset({"customer_admin", "admin"}),
    "admin.people": ADMINS,
    "admin.audit": ADMINS,
    "admin.impersonate": ADMINS,
    "community.moderate": MODERATORS,
}


def may(role: str, action: str) -> bool:
    """Whether a role may do an action. Raises KeyError for an action that nobody has defined."""
    return role in ALLOWED[action]
