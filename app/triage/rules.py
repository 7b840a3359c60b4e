"""Triage as pure decisions: which team, how urgent, which category and tier, and why. Standard library only.

Rules are data that a lead edits; `defaults.py` holds the ones we begin with. Labels and the kind are looked up together,
and the first rule in the table's order wins: a bug that is also labelled "security" goes to engineering.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

from app.triage import context, forms_text, learned
from app.triage.phrases import PhraseBook, Sentence, parse_phrase, sentences_of
from app.triage.text import own_text, own_title
from app.triage.traits import marks_of
from app.triage.urgency import Reading, Scorer, Seen, Signal
from app.triage.vocabulary import CATEGORIES, DEFAULT_TEAM, GROUPS, KIND_LABELS, PLAN_ALIASES, PLAN_TIERS, PLAN_TOP, PRIORITIES, TRIGGERS

HIGHEST_TIER = 3
# When a first answer comes: by tier, for the priority that is promised.
TIER_TIMES = {
    2: {"low": "1 week", "medium": "3 business days", "high": "24 hours", "critical": "2 hours", "emergency": "2 hours"},
    3: {"low": "3 days", "medium": "24 hours", "high": "4 hours", "critical": "1 hour", "emergency": "15 minutes"},
}
HEAVIEST = 200
LIST_NAME = re.compile(r"\{([a-z_]{1,40})\}")
LISTED = re.compile(r"[^\s|~{}]+|\{[a-z_]{1,40}\}")
DEEPEST_LIST = 4
LONGEST_PHRASE = 10_000
# A category word in the title says more than one in the text.
TITLE_FACTOR = 3
WISH_LABELS = frozenset({"enhancement", "documentation", "question"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `field` says where `words` are looked for; `outcome` is a team, priority, subject, trigger or category.

    Labels are compared whole; words elsewhere are phrases (see phrases.py), in which `{people}` stands for the words of
    the list rule with the outcome `people`. `weight` is in points for urgency and
    category rules; `trigger` is what an urgency rule pulls besides.
    """

    key: str
    group: str
    field: str
    words: tuple[str, ...]
    outcome: str
    explanation: str
    position: int = 0
    weight: int = 0
    trigger: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known of a ticket when it comes in. `priority` and `category` are what the requester chose, if they did."""

    title: str = ""
    body: str | None = ""
    labels: tuple[str, ...] = ()
    kind: str | None = None
    plan: str | None = None
    priority: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """One decision: what was decided, on which value, by which rule, and why in a sentence."""

    what: str
    to: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of triage. `promised` is the priority that the plan lets us promise until a person confirms more."""

    priority: str
    promised: str
    team: str
    category: str
    tier: int
    escalate: tuple[str, ...]
    needs_confirmation: bool
    because: tuple[Because, ...]
    points: float = 0.0
    seen: tuple[Seen, ...] = field(default=())
    words: tuple[learned.Word, ...] = field(default=())

    @property
    def rules(self) -> list[str]:
        """The keys of the rules that fired, in the order in which they were asked."""
        return list(dict.fromkeys(reason.rule for reason in self.because))


class RuleBook:
    """Rules made ready for many tickets; see `book_for`. `points` stand in for the learned ones."""

    def __init__(self, rules: Iterable[Rule], points: Mapping[str, float] | None = None):
        live = sorted(
            (rule for rule in rules if rule.enabled or rule.group == "list"),
            key=lambda rule: (GROUPS.index(rule.group), rule.position, rule.key),
        )
        lists = lists_of(live)
        plain = ("labels", "traits")
        live = [rule if rule.field in plain else replace(rule, words=tuple(written_out(rule.words, lists))) for rule in live]
        self.by_key = {rule.key: rule for rule in live}
        self.label_rules = [rule for rule in live if rule.field == "labels"]
        self.word_books = {where: _phrase_book(live, "words", where) for where in ("title", "text")}
        self.categories = _phrase_book(live, "category", "text")
        own_points = {rule.words[0]: float(rule.weight) for rule in live if rule.group == "weight"}
        self.scorer = Scorer(
            [Signal(rule.key, rule.outcome, rule.words, rule.weight, rule.trigger) for rule in live if rule.group == "urgency"],
            {**(learned.weights() if points is None else points), **own_points},
        )


@lru_cache(maxsize=8)
def book_for(rules: tuple[Rule, ...]) -> RuleBook:
    """The rules made ready; the same rules again cost nothing."""
    return RuleBook(rules)


def decide(intake: Intake, rules: Sequence[Rule], book: RuleBook | None = None) -> Decision:
    """Triage one ticket. Takes time linear in the length of its text; never raises on odd values in the intake."""
    book = book or book_for(tuple(rules))
    plan = plan_key(intake.plan)
    labels = {label.strip().casefold() for label in intake.labels}
    named = labels_of(intake)
    title, sentences, is_wish, marks = words_of(intake, named)
    reading = book.scorer.read(sentences, len(title), is_wish, marks)
    team = _team(book, named)
    priority, raises = _priority(book, intake, title, sentences, reading)
    triggers, pulled = _triggers(book, reading, labels, plan)
    category = _category(book, intake, title, sentences, labels, triggers)
    tier, tiers = _tier(plan, triggers)
    promised = allowed(priority, plan)
    waits = promised != priority
    held = [
        Because(
            "needs_confirmation", promised, "plan.limit", f"The plan promises {PLAN_TOP[plan]} at most until a person confirms {priority}."
        )
    ]
    because = (team, *raises, *pulled, category, *tiers, *(held if waits else ()))
    return Decision(
        priority, promised, team.to, category.to, tier, triggers, waits, because, reading.points, reading.seen, reading.learned.alarming
    )


def labels_of(intake: Intake) -> set[str]:
    """The labels, with the one that the kind stands for."""
    return {label.strip().casefold() for label in intake.labels} | {KIND_LABELS.get(intake.kind or "", "")} - {""}


def words_of(intake: Intake, named: set[str]) -> tuple[list[Sentence], list[Sentence], bool, list[str]]:
    """(the sentences of the title, those of the whole ticket, whether it is a wish, its marks)."""
    title_text, text = own_title(intake.title), own_text(intake.body)
    title = sentences_of(title_text)
    is_wish = intake.kind == "feature" or bool(named & WISH_LABELS)
    return title, title + sentences_of(text), is_wish, marks_of(title_text, text, "enhancement" in named)


def plan_key(plan: object) -> str:
    """The key of a plan by its key or its name, in any case; anything unknown is the community plan."""
    if not isinstance(plan, str):
        return "community"
    key = "_".join(plan.casefold().replace("-", " ").replace("_", " ").split())
    key = PLAN_ALIASES.get(key, key)
    return key if key in PLAN_TIERS else "community"


def higher(first: str, second: str) -> str:
    """The more urgent of two priorities."""
    return max(first, second, key=PRIORITIES.index)


def allowed(priority: str, plan: str | None) -> str:
    """What a plan lets us promise for a priority: the priority itself, or the plan's highest."""
    return min(priority, PLAN_TOP[plan_key(plan)], key=PRIORITIES.index)


def timeframe(promised: str, plan: str | None, source: str = "portal") -> str:
    """When a first answer comes, in words that follow a verb: `within 4 hours`.

    The Community plan promises nothing, except to those who file on GitHub: they get the figures of tier 2.
    """
    tier = PLAN_TIERS[plan_key(plan)]
    times = TIER_TIMES.get(max(tier, 2) if source == "github" else tier)
    return f"within {times[promised]}" if times else "as soon as possible"


def lists_of(rules: Iterable[Rule]) -> dict[str, str]:
    """The lists among the rules: name → the words, divided by bars."""
    return {rule.outcome: "|".join(rule.words) for rule in rules if rule.group == "list"}


def write_out(phrase: str, lists: Mapping[str, str]) -> str:
    """The phrase with each `{list}` replaced by its words; lists may name lists. Raises ValueError for a name that is none."""
    for _ in range(DEEPEST_LIST):
        names = LIST_NAME.findall(phrase)
        if not names:
            return phrase
        if missing := [name for name in names if name not in lists]:
            known = ", ".join(f"{{{name}}}" for name in sorted(lists))
            raise ValueError(f"There is no list {{{missing[0][:40]}}}. The lists are: {known}.")
        phrase = LIST_NAME.sub(lambda match: lists[match[1]], phrase)[:LONGEST_PHRASE]
    raise ValueError("A list cannot be in itself.")


def written_out(words: Iterable[str], lists: Mapping[str, str]) -> Iterator[str]:
    """The phrases that can be read, written out. One that cannot (its list is gone) is passed over: no ticket may fail on it."""
    for word in words:
        with suppress(ValueError):
            phrase = write_out(word, lists)
            parse_phrase(phrase)
            yield phrase


def checked(rule: Rule, lists: Mapping[str, str]) -> Rule:
    """Return the rule with its words tidied. Raises ValueError with a sentence for people when it cannot work."""
    words = tuple(dict.fromkeys(" ".join(word.lower().split()) for word in rule.words if word.strip()))
    if not words:
        raise ValueError("Give at least one word or phrase.")
    if rule.group == "list":
        if wrong := [word for word in words if not LISTED.fullmatch(word)]:
            raise ValueError(f"“{wrong[0][:60]}” cannot stand in a list: it takes single words, one on each line.")
        lists = {**lists, rule.outcome: "|".join(words)}
    if rule.field != "labels":
        for word in words:
            parse_phrase(write_out(word, lists))
    if not 0 <= rule.weight <= HEAVIEST:
        raise ValueError(f"A weight is a number from 0 to {HEAVIEST}.")
    return replace(rule, words=words)


def _phrase_book(rules: Iterable[Rule], group: str, where: str) -> PhraseBook:
    return PhraseBook((rule.key, words) for rule in rules if rule.group == group and rule.field == where for words in rule.words)


def _team(book: RuleBook, named: set[str]) -> Because:
    """The first team rule whose label (or kind) the ticket has."""
    for rule in book.label_rules:
        if rule.group == "team" and named.intersection(rule.words):
            return Because("team", rule.outcome, rule.key, rule.explanation)
    return Because("team", DEFAULT_TEAM, "team.default", "No label or kind names another team.")


def _priority(
    book: RuleBook, intake: Intake, title: list[Sentence], sentences: list[Sentence], reading: Reading
) -> tuple[str, list[Because]]:
    """The requester's choice, raised by the words' floor and by the urgency read; never lowered."""
    priority = intake.priority if intake.priority in PRIORITIES else "medium"
    because = []
    for rule, words in _word_rules(book, title, title if intake.kind == "feature" else sentences):
        priority = higher(priority, rule.outcome)
        because.append(Because("priority", rule.outcome, rule.key, f"{rule.explanation} Seen: “{words}”."))
    if reading.priority and higher(priority, reading.priority) != priority:
        priority = reading.priority
        because.extend(_raised_by(book, seen, priority, reading.points) for seen in reading.seen)
        because.append(Because("priority", priority, "weight.words", learned.account(reading.learned, reading.points)))
    return priority, because


def _word_rules(book: RuleBook, title: list[Sentence], sentences: list[Sentence]) -> list[tuple[Rule, str]]:
    """The word rules that fire, in their order, with the words seen.

    A word that is denied ("not blocking"), supposed, over, part of a name ("critical path") or taken back ("no hurry") is not said.
    Of a wish only the title is asked: what it tells of is not there yet.
    """
    fired: dict[str, str] = {}
    for where, text in (("title", title), ("text", sentences)):
        for found in book.word_books[where].find(text):
            if found.key not in fired and context.is_claimed(sentences, len(title), found):
                fired[found.key] = " ".join(text[found.sentence].words[at] for at in found.positions)
    return [(rule, fired[key]) for key, rule in book.by_key.items() if key in fired]


def _raised_by(book: RuleBook, seen: Seen, priority: str, points: float) -> Because:
    """One line of the account of a score."""
    weakened = f", weakened because {seen.note}" if seen.note else ""
    why = f"{book.by_key[seen.key].explanation} Seen: “{seen.words}” ({seen.points:g} of {points:g} points{weakened})."
    return Because("priority", priority, seen.key, why)


def _triggers(book: RuleBook, reading: Reading, labels: set[str], plan: str) -> tuple[tuple[str, ...], list[Because]]:
    """The escalation triggers pulled, in the table's order; an enterprise escalation needs an enterprise plan."""
    pulled = {seen.trigger: seen.key for seen in reversed(reading.seen) if seen.trigger}
    for trigger in reading.triggers:
        pulled.setdefault(trigger, f"trigger.{trigger}")
    for rule in book.label_rules:
        if rule.group == "trigger" and labels.intersection(rule.words):
            pulled.setdefault(rule.outcome, rule.key)
    if PLAN_TIERS[plan] < HIGHEST_TIER:
        pulled.pop("enterprise_escalation", None)
    triggers = tuple(trigger for trigger in TRIGGERS if trigger in pulled)
    return triggers, [Because("escalate", trigger, pulled[trigger], f"{TRIGGER_WORDS[trigger]}.") for trigger in triggers]


TRIGGER_WORDS = {
    "production_down": "The customer reports that production is down",
    "security_vulnerability": "A vulnerability or a breach is reported",
    "data_loss": "Data was lost or corrupted",
    "enterprise_escalation": "An enterprise customer asks to escalate",
    "critical_unresolved_24h": "A critical ticket is unresolved for more than 24 hours",
    "public_relations": "The matter may become public",
}


def _category(
    book: RuleBook, intake: Intake, title: list[Sentence], sentences: list[Sentence], labels: set[str], triggers: tuple[str, ...]
) -> Because:
    """The requester's choice, else the form's answer, else a label, else the words that weigh most."""
    chosen = intake.category if intake.category in CATEGORIES and intake.category != "other" else None
    if chosen := chosen or forms_text.chosen_category(intake.body):
        return Because("category", chosen, "category.chosen", "The author chose it.")
    for rule in book.label_rules:
        if rule.group == "category" and labels.intersection(rule.words):
            return Because("category", rule.outcome, rule.key, rule.explanation)
    if "security_vulnerability" in triggers:
        return Because("category", "security", "category.security", "A vulnerability or a breach is reported.")
    points: dict[str, int] = {}
    for key in {found.key for found in book.categories.find(sentences)}:
        points[key] = book.by_key[key].weight
    for key in {found.key for found in book.categories.find(title)}:
        points[key] = book.by_key[key].weight * TITLE_FACTOR
    if not points:
        return Because("category", "other", "category.default", "Nothing in the words names a category.")
    best = book.by_key[min(points, key=lambda key: (-points[key], book.by_key[key].position))]
    return Because("category", best.outcome, best.key, best.explanation)


def _tier(plan: str, triggers: tuple[str, ...]) -> tuple[int, list[Because]]:
    """The plan's tier, one higher when a trigger was pulled."""
    tier = PLAN_TIERS[plan]
    because = [Because("tier", str(tier), f"tier.{plan}", "The tier of the plan.")]
    if triggers and tier < HIGHEST_TIER:
        tier += 1
        because.append(Because("tier", str(tier), "tier.escalated", "A trigger moves the ticket up one tier."))
    return tier, because
