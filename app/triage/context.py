"""What the words around a phrase do to its meaning: denied, imagined, over, or only on a test machine. Pure.

`standing` looks at one sentence; `TicketContext` at what the whole ticket says about itself ("no rush", "back to normal").
Every look is bounded by the length of a sentence, so the whole stays linear.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.triage.phrases import Found, PhraseBook, Sentence

DENIED = 0.0
IMAGINED = 0.2
OVER = 0.25
ELSEWHERE = 0.3
CALM = 0.5
FULL = 1.0
# How many words before a phrase a "not" still reaches.
DENIAL_REACH = 5
NEGATORS = {
    "no", "not", "non", "never", "without", "nothing", "none", "nobody", "neither", "nor", "hardly",
    "isn't", "aren't", "wasn't", "weren't", "don't", "doesn't", "didn't", "hasn't", "haven't", "won't", "wouldn't",
    "isnt", "arent", "wasnt", "dont", "doesnt", "didnt", "hasnt", "havent", "wont", "can't", "cannot", "couldn't",
}  # fmt: skip
# Words between a "not" and the phrase that end its reach: "I do not know why production is down".
DENIAL_ENDS = {
    "know", "understand", "why", "how", "because", "since", "only", "just", "and", "so", "until", "unless", "sure",
    "that", "when", "after", "before", "then", "please", "wait", "care", "explain", "what",
}  # fmt: skip
DENIED_AFTER = {"none", "unlikely", "impossible", "nope"}
IMAGINED_BEFORE = {"if", "whether", "would", "suppose", "supposing", "hypothetically", "unless", "imagine", "assuming", "should", "might"}
IMAGINED_ANYWHERE = PhraseBook(
    ("imagined", phrase)
    for phrase in (
        "what happens", "what if", "in case", "in the event", "risk of", "best practice*", "how do|does|should|would|can|could",
        "documentation|docs|article|guide|tutorial|webinar|faq|questionnaire|glossary", "typo|wording", "policy on|for|regarding|about",
        "drill|exercise|simulate*|simulation|simulating|rehearse*", "prevent|prevents|preventing|prevention|avoid|avoiding",
        "protect|protects", "protection against|from", "hypothetical*", "post-mortem|postmortem|retrospective", "for example", "e.g",
        "curious", "wondering", "roadmap", "planning for", "is|are there a|any way|plan|option", "tabletop", "chaos",
        "example", "tested", "looking forward", "evaluate|evaluating|evaluation", "worried|afraid",
    )
)  # fmt: skip
# What a ticket is about as a whole, when its title says so.
TOPICS = (
    "questionnaire*", "webinar|training|workshop|newsletter", "quote|quotation|pricing", "best practice*", "roadmap",
    "penetration|pen test|tests|testing", "feature|enhancement request|idea|suggestion|proposal", "question|questions on|about|regarding",
    "thank|thanks|kudos|feedback", "follow up|up-to", "follow-up",
    "planned|scheduled|planning|plan ~2 maintenance|downtime|migration|move|upgrade",
)  # fmt: skip
ASKING_WORDS = {
    "where",
    "who",
    "whom",
    "how",
    "is",
    "are",
    "does",
    "do",
    "would",
    "will",
    "should",
    "can",
    "could",
    "has",
    "have",
    "did",
    "may",
    "which",
}
JOINS = {"or", "and", "but", "so", "then", "also"}
# "Critical path", "urgent care", "blocking calls": names of things.
NAMED_AFTER = {
    "path", "paths", "section", "sections", "mass", "css", "care", "lane", "badge", "label", "labels", "call", "calls", "of", "mode", "list",
    "lists", "operation", "operations", "filter", "priority", "feature",
}  # fmt: skip
# What is done on purpose.
PLANNED = {"shut", "shutting", "decommission", "decommissioning", "retire", "retiring", "planned", "scheduled", "announced"}
PLANNED_REACH = 4
OVER_WORDS = {"fixed", "resolved", "recovered", "restored", "solved", "mitigated", "over"}
NOT_YET = {
    "unless", "not", "until", "when", "please", "need", "needs", "must", "be", "get", "to", "never", "hasn't", "isn't", "wasn't", "still",
    "once", "if", "can", "could", "how", "supposedly", "allegedly", "cannot", "can't", "haven't", "won't", "all",
}  # fmt: skip
PAST_VERBS = {"was", "were", "had", "went", "lost", "caused", "got"}
# "last month's outage", "yesterday's incident".
PAST_OWNERS = {"yesterday's", "week's", "month's", "year's", "night's", "quarter's"}
PAST_TIMES = PhraseBook(
    ("past", phrase)
    for phrase in (
        "last week|month|year|quarter|spring|summer|autumn|winter|january",
        "years|months|weeks|days ago",
        "back in",
        "used to",
        "previously",
        "yesterday's",
    )
)
# How many words from a phrase a time may stand that puts it into the past.
PAST_REACH = 6
STILL = {"still", "now", "again", "since", "currently", "keeps", "today", "ongoing", "right"}
RECOVERED = (
    "back up|online", "back to normal", "works|working ~1 again", "all good|clear|well now|again", "false alarm", "resolved itself",
    "recovered", "issue|problem|incident|outage|it|this|that is|was|got fixed|resolved|solved|over",
    "issue|problem|incident|outage|it|this|that has|have been|since fixed|resolved|solved|recovered", "no action needed|required",
    "no longer down|blocked|blocking|affected|failing|broken|happening|reproducible",
)  # fmt: skip
ENVIRONMENTS = (
    "in|on|only|our ~1 sandbox", "sandbox environment|account|system|server|cluster",
    "staging|preprod|pre-production|uat|localhost|non-production|nonprod|non-prod|playground|homelab",
    "test|testing|dev|development|demo|qa|local|lab|trial environment|environments|server|servers|cluster|system|instance|account|box|machine|tenant|vm|repo|repository",
    "proof of concept", "poc",
)  # fmt: skip
PRODUCTION = {"production", "prod", "live"}
CALM_WORDS = (
    "no|not rush|hurry|urgent|pressing", "low priority|urgency", "whenever you have|get|find|can", "not ~2 urgent|emergency|blocker|critical",
    "isn't ~2 urgent|emergency|blocker|critical", "nice to have", "just curious", "minor|cosmetic issue|problem|bug|glitch|thing", "take your time", "for the record",
    "just a|an question|idea|suggestion",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a phrase may be taken at its word: a factor from 0 to 1, and why if it is below 1."""

    factor: float
    note: str = ""


def is_denied(sentence: Sentence, positions: tuple[int, ...]) -> bool:
    """Whether a "not" (or the like) before, within or right after the phrase takes it back."""
    start, end = positions[0], positions[-1]
    clause = sentence.clauses[start]
    inside = [sentence.words[at] for at in range(start + 1, end) if at not in positions]
    if any(word in NEGATORS for word in inside):
        return True
    for at in range(start - 1, max(-1, start - 1 - DENIAL_REACH), -1):
        word = sentence.words[at]
        if sentence.clauses[at] != clause or word in DENIAL_ENDS:
            break
        if word in NEGATORS:
            return True
    return _taken_back(sentence.words[end + 1 : end + 5], sentence.words[end + 1 : end + 2])


def is_claimed(sentences: list[Sentence], title_sentences: int, found: Found) -> bool:
    """Whether the author says of this very ticket what a phrase of one or two words says (title sentences come first)."""
    sentence = sentences[found.sentence]
    following = sentence.words[found.positions[-1] + 1 : found.positions[-1] + 2]
    if NAMED_AFTER & set(following) or standing(sentence, found.positions).factor < FULL:
        return False
    ticket = TicketContext(sentences, title_sentences)
    return not ticket.is_calm and found.sentence > ticket.last_recovery


def standing(sentence: Sentence, positions: tuple[int, ...]) -> Standing:
    """Say how far a phrase in this sentence may be taken at its word."""
    if is_denied(sentence, positions):
        return Standing(DENIED, "denied")
    if _is_imagined(sentence, positions):
        return Standing(IMAGINED, "asked or imagined")
    if _is_over(sentence, positions):
        return Standing(OVER, "over already")
    return Standing(FULL)


class TicketContext:
    """What a ticket says about itself as a whole. Built once for each ticket, asked once for each phrase found.

    `is_calm`: the author is in no hurry, in so many words.
    `elsewhere` are the numbers of the sentences that speak of a test machine.
    `last_recovery` is the number of the last sentence that tells of a recovery, or -1: what stands before it is over.
    """

    def __init__(self, sentences: list[Sentence], title_sentences: int):
        self._sentences = sentences
        marks = {name: list(BOOKS[name].find(sentences)) for name in BOOKS}
        self.is_calm = bool(marks["calm"])
        recovered = [found for found in marks["recovered"] if _has_happened(sentences[found.sentence], found.positions)]
        self.last_recovery = max((found.sentence for found in recovered), default=-1)
        elsewhere = [found for found in marks["elsewhere"] if not is_denied(sentences[found.sentence], found.positions)]
        self.elsewhere = {found.sentence for found in elsewhere}
        speaks_of_production = any(_names_production(sentence.words) for sentence in sentences)
        self._is_topic = any(found.sentence < title_sentences for found in marks["topic"])
        in_title = any(number < title_sentences for number in self.elsewhere)
        only = any({"only", "just"} & set(sentences[number].words) for number in self.elsewhere)
        self._all_elsewhere = bool(self.elsewhere) and (in_title or only or len(sentences) <= 3) and not speaks_of_production

    def standing(self, number: int, positions: tuple[int, ...], anywhere: bool = False) -> Standing:
        """The phrase's own standing in sentence `number`, weakened by what the ticket says elsewhere.

        `anywhere`: it weighs the same on a machine that is not in production.
        """
        own = standing(self._sentences[number], positions)
        if own.factor < FULL:
            return own
        if number <= self.last_recovery:
            return Standing(OVER, "over already")
        here = number in self.elsewhere and not _names_production(self._sentences[number].words)
        if (here or self._all_elsewhere) and not anywhere:
            return Standing(ELSEWHERE, "not production")
        if self._is_topic:
            return Standing(IMAGINED, "asked or imagined")
        if self.is_calm:
            return Standing(CALM, "the author is in no hurry")
        return own


def _book(name: str, phrases: Iterable[str]) -> PhraseBook:
    return PhraseBook((name, phrase) for phrase in phrases)


BOOKS = {
    "calm": _book("calm", CALM_WORDS),
    "recovered": _book("recovered", RECOVERED),
    "elsewhere": _book("elsewhere", ENVIRONMENTS),
    "topic": _book("topic", TOPICS),
}


def _taken_back(following: list[str], next_word: list[str]) -> bool:
    """Whether the words after a phrase deny it: "data loss: none", "the outage was ruled out"."""
    if set(next_word) & (DENIED_AFTER | {"no", "not"}) or "ruled" in following:
        return True
    denies = any(word in NEGATORS for word in following[:2])
    return denies and bool({"happen", "happened", "occur", "occurred", "possible", "affected", "case", "involved"} & set(following))


def _is_imagined(sentence: Sentence, positions: tuple[int, ...]) -> bool:
    """Whether the phrase is asked about, supposed or a topic rather than reported."""
    start = positions[0]
    clause = sentence.clauses[start]
    before = [sentence.words[at] for at in range(start) if sentence.clauses[at] == clause]
    nearby = {*before[-PLANNED_REACH:], *sentence.words[start : positions[-1]]}
    if any(word in IMAGINED_BEFORE for word in before) or PLANNED & nearby:
        return True
    own_clause = Sentence(
        [word for word, number in zip(sentence.words, sentence.clauses, strict=True) if number == clause],
        [clause] * sentence.clauses.count(clause),
    )
    first = next((word for word in before if word not in JOINS), "")
    if "why" in before or first == "when":
        return False
    if any(True for _ in IMAGINED_ANYWHERE.find([own_clause])):
        return True
    return sentence.is_question and first in ASKING_WORDS


def _is_over(sentence: Sentence, positions: tuple[int, ...]) -> bool:
    """Whether the sentence tells of something past: fixed since, or long ago and not said to last."""
    words = sentence.words
    if PAST_OWNERS & set(words[max(0, positions[0] - 2) : positions[0] + 1]):
        return True
    for at in range(positions[-1] + 1, len(words)):
        if words[at] in OVER_WORDS and not set(words[max(0, at - 4) : at]) & NOT_YET:
            return True
    if STILL & set(words) or not PAST_VERBS & set(words):
        return False
    return any(min(abs(at - end) for at in found.positions for end in positions) <= PAST_REACH for found in PAST_TIMES.find([sentence]))


def _has_happened(sentence: Sentence, positions: tuple[int, ...]) -> bool:
    """Whether a recovery is told as done, not wished for, asked for or denied."""
    start = positions[0]
    around = set(sentence.words[max(0, start - 5) : positions[-1] + 1])
    return not sentence.is_question and not around & (NOT_YET - {"all"} | NEGATORS - {"no"} | {"want", "hope", "expect"})


def _names_production(words: list[str]) -> bool:
    return not PRODUCTION.isdisjoint(words)
