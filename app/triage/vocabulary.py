"""The words of triage: priorities, categories, teams, subjects, plans and triggers, with the names that people read."""

PRIORITIES = ("low", "medium", "high", "critical", "emergency")
CATEGORY_NAMES = {
    "cli": "CLI Interface",
    "tui": "TUI Interface",
    "consensus": "Consensus Engine",
    "repository": "Repository Analysis",
    "planning": "Planning Mode",
    "enterprise": "Enterprise Features",
    "performance": "Performance",
    "security": "Security",
    "documentation": "Documentation",
    "installation": "Installation",
    "billing": "Account & Billing",
    "other": "Other",
}
CATEGORIES = tuple(CATEGORY_NAMES)
TEAMS = ("engineering", "product", "security", "docs", "performance", "enterprise", "support")
DEFAULT_TEAM = "support"
# What urgency rules are about; see urgency.py for how subjects count together.
SUBJECTS = {
    "outage": "Outage",
    "data_loss": "Data loss",
    "security": "Security",
    "blocked": "Blocked work",
    "fault": "Any fault",
    "reach": "How many are hit",
    "acute": "Began just now",
    "stakes": "What depends on it",
    "deadline": "Deadline",
    "money": "Money",
    "escalation": "Asks to escalate",
    "patience": "Loses patience",
    "public": "May become public",
}
# Lists are no rules: other rules name them in braces instead of writing their words out.
# Points are given to traits (traits.py), not to phrases.
GROUPS = ("team", "words", "urgency", "weight", "trigger", "category", "list")
FIELDS = ("labels", "title", "text", "traits")
PLAN_TIERS = {"community": 1, "technical": 2, "enterprise_standard": 3, "enterprise_priority": 3, "enterprise_emergency": 3}
PLAN_TOP = {
    "community": "medium",
    "technical": "critical",
    "enterprise_standard": "emergency",
    "enterprise_priority": "emergency",
    "enterprise_emergency": "emergency",
}
PLAN_ALIASES = {
    "enterprise": "enterprise_standard",
    "standard": "enterprise_standard",
    "priority": "enterprise_priority",
    "emergency": "enterprise_emergency",
}
KIND_LABELS = {"bug": "bug", "feature": "enhancement"}
TRIGGER_NAMES = {
    "production_down": "Production down",
    "security_vulnerability": "Security vulnerability",
    "data_loss": "Data loss or corruption",
    "enterprise_escalation": "Escalation by an enterprise customer",
    "critical_unresolved_24h": "Critical, unresolved for 24 hours",
    "public_relations": "Public-relations impact",
}
TRIGGERS = tuple(TRIGGER_NAMES)
