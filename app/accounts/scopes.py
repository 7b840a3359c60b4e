"""What an API token may be allowed to do. Pure: a scope never gives more than its owner's role does."""

from app.accounts.permissions import ADMINS, LEADS, MODERATORS, ROLES, STAFF

EVERYBODY = frozenset(ROLES)
MANAGERS = frozenset({"customer_admin", "admin"})

# scope: (what it allows, the roles that can have it)
SCOPES: dict[str, tuple[str, frozenset[str]]] = {
    "tickets:read": ("Read tickets, their messages, clocks and events", EVERYBODY),
    "tickets:write": ("Open, answer and change tickets", EVERYBODY),
    "attachments:write": ("Upload files", EVERYBODY),
    "people:read": ("Read people", STAFF | MANAGERS),
    "people:write": ("Invite and change people", MANAGERS),
    "organizations:read": ("Read organizations", STAFF | MANAGERS),
    "organizations:write": ("Create and change organizations", ADMINS),
    "articles:write": ("Write articles and FAQ entries", STAFF),
    "surveys:read": ("Read survey answers", STAFF),
    "sla:read": ("Read the SLA report", STAFF | MANAGERS),
    "analytics:read": ("Read the figures of the desk", STAFF),
    "webhooks:write": ("Manage outgoing webhooks", ADMINS),
    "community:write": ("Work on the moderation ledger and the community inbox", MODERATORS),
    "announcements:write": ("Publish announcements", LEADS),
    "audit:read": ("Read the audit log", ADMINS),
}


def scopes_for(role: str) -> list[str]:
    """The scopes that a person of this role can give to a token."""
    return [scope for scope, (_, roles) in SCOPES.items() if role in roles]


def allows(scopes: list[str], role: str, scope: str) -> bool:
    """Whether a token with these scopes, of an owner who has this role today, may do it. Raises KeyError for an unknown scope."""
    return scope in scopes and role in SCOPES[scope][1]
