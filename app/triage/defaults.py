"""The rules that we begin with. `ensure` writes them as rows, which leads then edit; `triage try` uses them without a database.

Words are labels (compared whole) or phrases as phrases.py reads them; those of urgency and category stand in
default_words.toml. Weights are points; 40 make high, 100 critical, 240 emergency (urgency.py). bench/triage.py measures them on tickets that nobody tuned them on.
"""

import secrets
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.triage.models import TriageRule
from app.triage.rules import Rule, checked, lists_of

WORDS_FILE = Path(__file__).with_name("default_words.toml")
STEP = 10
# key, labels, outcome, explanation
Labelled = tuple[str, tuple[str, ...], str, str]
# label or kind (a bug report counts as `bug`, a feature request as `enhancement`): team. The first match wins.
TEAMS: tuple[Labelled, ...] = (
    ("bug", ("bug",), "engineering", "Bugs go to engineering."),
    ("enhancement", ("enhancement",), "product", "Wishes go to product."),
    ("security", ("security",), "security", "What is labelled security goes to the security team."),
    ("documentation", ("documentation",), "docs", "Documentation goes to its writers."),
    ("performance", ("performance",), "performance", "Performance goes to its team."),
    ("enterprise", ("enterprise",), "enterprise", "What is labelled enterprise goes to the enterprise team."),
)
# The floor: where the words stand, what they are, and the priority that they make at least.
WORDS: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
    ("critical_in_title", "title", ("critical",), "critical", "The title says critical."),
    ("production_down", "text", ("production down",), "critical", "It says “production down”."),
    ("urgent_in_title", "title", ("urgent",), "high", "The title says urgent."),
    ("blocking", "text", ("blocking",), "high", "It says blocking."),
)
# label: escalation trigger
TRIGGERS: tuple[Labelled, ...] = (
    ("outage_label", ("production-down", "outage", "incident"), "production_down", "A label reports an outage."),
    ("vulnerability_label", ("vulnerability", "cve"), "security_vulnerability", "A label reports a vulnerability."),
    ("data_loss_label", ("data-loss", "data loss", "data-corruption"), "data_loss", "A label reports lost data."),
    ("escalation_label", ("escalation", "executive-escalation"), "enterprise_escalation", "A label asks for an escalation."),
    ("press_label", ("press", "public-relations"), "public_relations", "A label says that the matter may become public."),
)
# label: category
CATEGORY_LABELS: tuple[Labelled, ...] = (
    ("documentation_label", ("documentation",), "documentation", "It is labelled documentation."),
    ("performance_label", ("performance",), "performance", "It is labelled performance."),
    ("security_label", ("security",), "security", "It is labelled security."),
    ("enterprise_label", ("enterprise",), "enterprise", "It is labelled enterprise."),
)


@cache
def rules() -> tuple[Rule, ...]:
    """All of them, in the order in which they are asked."""
    found: list[Rule] = []
    written = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
    for name, entry in written["list"].items():
        add(found, "list", name, "text", tuple(entry["words"].split("|")), name, entry["why"])
    for team_key, labels, team, why in TEAMS:
        add(found, "team", team_key, "labels", labels, team, why)
    for word_key, where, words, priority, why in WORDS:
        add(found, "words", word_key, where, words, priority, why)
    for subject, signals in written["urgency"].items():
        for name, signal in signals.items():
            add_weighed(found, "urgency", f"{subject}.{name}", subject, signal)
    for label_key, labels, to, why in TRIGGERS:
        add(found, "trigger", label_key, "labels", labels, to, why)
    for label_key, labels, to, why in CATEGORY_LABELS:
        add(found, "category", label_key, "labels", labels, to, why)
    for category, signal in written["category"].items():
        add_weighed(found, "category", category, category, signal)
    return tuple(found)


def add_weighed(found: list[Rule], group: str, key: str, to: str, signal: dict[str, Any]) -> None:
    """Append a rule of default_words.toml."""
    add(found, group, key, "text", tuple(signal["phrases"]), to, signal["why"], signal["weight"], signal.get("trigger", ""))


def add(
    found: list[Rule], group: str, key: str, where: str, words: tuple[str, ...], to: str, why: str, weight: int = 0, trigger: str = ""
) -> None:
    """Append one rule, at the next place of its group. Raises ValueError if it cannot work."""
    position = STEP * (1 + sum(rule.group == group for rule in found))
    rule = Rule(f"{group}.{key}", group, where, words, to, why, position, weight, trigger)
    found.append(checked(rule, lists_of(found)))


def ensure(now: datetime) -> None:
    """Add the rules that are missing; those that are there stay as leads edited them.

    One statement when nothing is missing. Flushes.
    """
    there = set(db.session.scalars(select(TriageRule.key)))
    for rule in rules():
        if rule.key not in there:
            db.session.add(as_row(rule, now))
    db.session.flush()


def as_row(rule: Rule, now: datetime) -> TriageRule:
    """The row of a rule."""
    return TriageRule(
        key=rule.key,
        group=rule.group,
        position=rule.position,
        is_enabled=rule.enabled,
        conditions={"field": rule.field, "words": list(rule.words)},
        outcome={"to": rule.outcome, "weight": rule.weight, "trigger": rule.trigger},
        explanation=rule.explanation,
        stamp=new_stamp(),
        changed_at=now,
    )


def new_stamp() -> int:
    """A number that no rule had before, as good as certainly."""
    return 1 + secrets.randbelow(2**40)
