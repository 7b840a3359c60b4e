"""What the default rules decide: teams, the floor of words, categories, tiers, the plan's limit."""

import pytest

from app.triage import defaults
from app.triage.rules import Intake, decide, plan_key, timeframe

RULES = defaults.rules()


def decided(title="", body="", labels=(), kind=None, plan="technical", **over):
    """The decision of the default rules."""
    return decide(Intake(title, body, tuple(labels), kind, plan, **over), RULES)


@pytest.mark.parametrize(
    ("labels", "kind", "team", "rule"),
    [
        (["bug"], None, "engineering", "team.bug"),
        (["enhancement"], None, "product", "team.enhancement"),
        (["security"], None, "security", "team.security"),
        (["documentation"], None, "docs", "team.documentation"),
        (["performance"], None, "performance", "team.performance"),
        (["enterprise"], None, "enterprise", "team.enterprise"),
        ([], "bug", "engineering", "team.bug"),
        ([], "feature", "product", "team.enhancement"),
        ([], "question", "support", "team.default"),
        ([], None, "support", "team.default"),
        (["security", "bug"], None, "engineering", "team.bug"),
        (["enterprise", "performance"], None, "performance", "team.performance"),
        (["Security "], "question", "security", "team.security"),
        (["needs-triage", "not-a-bug"], None, "support", "team.default"),
        (["security"], "bug", "engineering", "team.bug"),
    ],
)
def test_the_first_label_or_kind_names_the_team(labels, kind, team, rule):
    decision = decided(labels=labels, kind=kind)
    assert (decision.team, decision.rules[0]) == (team, rule)


FENCE = "I like it.\n\n```\nproduction down, blocking\n```\n"
GITHUB_FORM = """### Feature Summary

Remember my choice

### Motivation

It saves a click.

### Proposed Solution

A check box.

### Priority

Critical (blocking current work)

### Category

TUI Interface
"""


@pytest.mark.parametrize(
    ("title", "body", "priority"),
    [
        # the floor
        ("Critical error", "", "critical"),
        ("CRITICAL: look", "", "critical"),
        ("Hello", "Our production down, help", "critical"),
        ("Production down", "", "critical"),
        ("Hello", "It is Production\ndown here", "critical"),
        ("Urgent request", "", "high"),
        ("Hello", "This is blocking my work", "high"),
        ("Blocking", "", "high"),
        ("Critical and urgent", "blocking", "critical"),
        # words, not parts of words
        ("Uncritical remark", "", "medium"),
        ("Non-blocking mode", "", "medium"),
        ("Hello", "A non-blocking call in an unblocking queue", "medium"),
        ("Insurgent theme", "", "medium"),
        # the title's words in the body are no floor
        ("Hello", "A critical remark", "medium"),
        ("Hello", "An urgent matter it is, says my friend", "medium"),
        # denied
        ("Not critical", "", "medium"),
        ("Not urgent", "The font looks odd", "medium"),
        ("Hello", "It is not blocking anything", "medium"),
        ("Hello", "It isn't blocking, by the way", "medium"),
        # somebody else's words
        ("Hello", "> our production down\n\nThat was another ticket.", "medium"),
        ("Hello", FENCE, "medium"),
        ("Hello", "The log says `production down` and goes on.", "medium"),
        ("Hello", "<!-- production down -->\nA question.", "medium"),
        ("Hello", "A question.\n\nOn Mon, 1 Nov 2026 at 10:00 Ada wrote:\nproduction down", "medium"),
        ("Hello", 'It prints "production down" in red.', "medium"),
        ('Rename the "critical" filter', "", "medium"),
        ("Hello", "Thanks\n-- \nproduction down since 1999", "medium"),
        ("Small wish", GITHUB_FORM, "medium"),
        # nothing at all
        ("", "", "medium"),
        ("Hello", None, "medium"),
        (None, None, "medium"),
        (5, ["production down"], "medium"),
    ],
)
def test_words_set_the_floor_in_the_authors_own_text(title, body, priority):
    assert decided(title, body).priority == priority


@pytest.mark.parametrize(
    ("title", "body", "trigger"),
    [
        ("Help", "Our production cluster has been down for an hour.", "production_down"),
        ("Data gone", "The upgrade deleted our whole history.", "data_loss"),
        ("Corruption", "Our repository is corrupted after the last run.", "data_loss"),
        ("Report", "Remote code execution through a crafted plan file.", "security_vulnerability"),
        ("Leak", "Our API keys were leaked into a public log.", "security_vulnerability"),
        ("Press", "A journalist contacted us about this.", "public_relations"),
    ],
)
def test_the_triggers_are_pulled_by_words_and_name_their_rule(title, body, trigger):
    decision = decided(title, body, plan="enterprise_priority")
    assert trigger in decision.escalate
    [reason] = [reason for reason in decision.because if reason.what == "escalate" and reason.to == trigger]
    assert reason.rule.startswith("urgency.") and reason.why


@pytest.mark.parametrize(
    ("label", "trigger"),
    [("outage", "production_down"), ("vulnerability", "security_vulnerability"), ("data-loss", "data_loss"), ("press", "public_relations")],
)
def test_a_label_pulls_its_trigger(label, trigger):
    assert decided("Hello", labels=[label]).escalate == (trigger,)


def test_only_enterprise_customers_escalate_by_asking():
    asks = ("Hello", "Please escalate this ticket to your manager immediately.")
    assert "enterprise_escalation" in decided(*asks, plan="enterprise_standard").escalate
    assert "enterprise_escalation" not in decided(*asks, plan="technical").escalate


@pytest.mark.parametrize(
    "body",
    [
        "There was no data loss.",
        "We have not lost any data.",
        "What happens if production is down?",
        "How do I avoid data loss?",
        "Production is not down.",
        "The staging server is down, only a test.",
        "The outage is over, everything is back to normal.",
        "Last year we had an outage.",
        "Data loss: none. Outage: none.",
        "Is there a plan for when production goes down?",
        "We planned the shutdown, and shut the old servers down ourselves.",
    ],
)
def test_what_is_denied_asked_over_or_elsewhere_is_no_emergency(body):
    decision = decided("A question", body)
    assert decision.priority == "medium"
    assert decision.escalate == ()


@pytest.mark.parametrize(
    ("given", "category", "rule"),
    [
        ({"title": "hello"}, "other", "category.default"),
        ({"title": "hello", "category": "billing"}, "billing", "category.chosen"),
        ({"title": "hello", "category": "other", "body": "an invoice"}, "billing", "category.billing"),
        ({"title": "hello", "category": "nonsense"}, "other", "category.default"),
        ({"title": "hello", "body": GITHUB_FORM}, "tui", "category.chosen"),
        ({"title": "hello", "labels": ("documentation",)}, "documentation", "category.documentation_label"),
        ({"title": "The TUI flickers"}, "tui", "category.tui"),
        ({"title": "Cannot install on macOS"}, "installation", "category.installation"),
        ({"title": "SAML with Okta"}, "enterprise", "category.enterprise"),
        ({"title": "Typo in the documentation"}, "documentation", "category.documentation"),
        ({"title": "hive analyze skips a folder"}, "repository", "category.repository"),
        ({"title": "Planning mode forgets a task"}, "planning", "category.planning"),
        ({"title": "Stage two of the consensus"}, "consensus", "category.consensus"),
        ({"title": "Shell completion for fish in the CLI"}, "cli", "category.cli"),
        ({"title": "Very slow since the last release"}, "performance", "category.performance"),
        ({"title": "Report", "body": "SQL injection in the search field"}, "security", "category.security"),
    ],
)
def test_a_category_is_chosen_labelled_or_read(given, category, rule):
    decision = decided(**given)
    assert decision.category == category
    assert rule in decision.rules


@pytest.mark.parametrize(
    ("plan", "tier", "escalated"),
    [
        ("community", 1, 2),
        ("technical", 2, 3),
        ("enterprise_emergency", 3, 3),
        ("Enterprise Priority", 3, 3),
        ("", 1, 2),
        (None, 1, 2),
        (7, 1, 2),
    ],
)
def test_the_plan_gives_the_tier_and_a_trigger_raises_it(plan, tier, escalated):
    assert decided("Hello", plan=plan).tier == tier
    assert decided("Production down", "Production is down.", plan=plan).tier == escalated


@pytest.mark.parametrize(
    ("plan", "promised", "waits"),
    [
        ("community", "medium", True),
        ("technical", "critical", False),
        ("enterprise_standard", "critical", False),
        ("unheard-of", "medium", True),
    ],
)
def test_a_raise_beyond_the_plan_waits_for_a_person(plan, promised, waits):
    decision = decided("Critical", plan=plan)
    assert (decision.priority, decision.promised, decision.needs_confirmation) == ("critical", promised, waits)
    assert ("plan.limit" in decision.rules) == waits


def test_the_requesters_own_choice_is_raised_but_never_lowered():
    assert decided("Hello", priority="low").priority == "low"
    assert decided("Blocking", priority="low").priority == "high"
    assert decided("Blocking", priority="emergency", plan="enterprise_priority").priority == "emergency"
    assert decided("Hello", priority="nonsense").priority == "medium"


def test_every_decision_names_its_rule_and_says_why():
    decision = decided("URGENT: production down", "We lost all our data, 300 engineers cannot work.", ["bug"], "bug", "community")
    assert {"team", "priority", "escalate", "category", "tier", "needs_confirmation"} == {reason.what for reason in decision.because}
    assert all(reason.rule and reason.why and reason.to for reason in decision.because)
    assert any("Seen: “" in reason.why for reason in decision.because)


@pytest.mark.parametrize(
    ("priority", "plan", "source", "words"),
    [
        ("critical", "technical", "portal", "within 2 hours"),
        ("high", "technical", "portal", "within 24 hours"),
        ("medium", "technical", "email", "within 3 business days"),
        ("low", "technical", "portal", "within 1 week"),
        ("emergency", "enterprise_emergency", "portal", "within 15 minutes"),
        ("high", "enterprise_standard", "portal", "within 4 hours"),
        ("medium", "community", "portal", "as soon as possible"),
        ("medium", None, "portal", "as soon as possible"),
        ("medium", None, "github", "within 3 business days"),
        ("critical", "enterprise_priority", "github", "within 1 hour"),
    ],
)
def test_the_timeframe_is_the_contracts(priority, plan, source, words):
    assert timeframe(priority, plan, source) == words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Enterprise Priority", "enterprise_priority"),
        ("ENTERPRISE-EMERGENCY", "enterprise_emergency"),
        ("enterprise", "enterprise_standard"),
        ({}, "community"),
    ],
)
def test_plans_are_known_by_key_and_name(name, key):
    assert plan_key(name) == key
