"""What a text shows to the learned part of the scorer: its words, pairs of words and their meanings. Pure, linear.

A trait is a string that a lead can read: `nobody` is a word (by its stem), `nobody can` two words that follow each other,
`@people` any word of that meaning (meanings.toml), `title @people` one in the title, `no @gone` a denied one, `if @gone` one
that is asked about or supposed, `#2` a number of two digits. Each counts once, however often it stands in the text.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from app.triage.context import ASKING_WORDS, IMAGINED_BEFORE, NEGATORS
from app.triage.phrases import PhraseBook, Sentence

MEANINGS_FILE = Path(__file__).with_name("meanings.toml")
# Meanings that say the contrary when they are denied, and nothing has happened when they are supposed.
GRAVE = frozenset({
    "gone", "corrupt", "exposed", "attack", "stopped", "idle", "foreign", "now", "money", "ask", "authority", "again", "event",
    "stop_it", "press", "senior",
})  # fmt: skip
SUPPOSING = frozenset(IMAGINED_BEFORE - {"should"})
DENYING = frozenset(NEGATORS | {"none", "nobody"})
DENIAL_REACH = 4
COUNT_REACH = 3
HIT = frozenset({"people", "outsiders"})
THINGS = frozenset({"production", "stored"})
CLOCK_BEFORE = frozenset({"since", "from", "at", "around", "until", "by", "before"})
# A text of this many words is taken as it is; what a longer one shows is thinner by this power of its length.
USUAL_WORDS, FEWEST_WORDS, THINNING = 30, 15, 0.6
# Words that stand everywhere: alone, or two of them together, they show nothing.
EVERYWHERE = {
    "a", "an", "the", "and", "of", "to", "in", "on", "at", "by", "for", "with", "from", "as", "into", "it", "its", "this", "that",
    "these", "those", "is", "are", "was", "were", "be", "been", "has", "have", "had", "or", "so", "your", "their", "his", "her",
    "them", "they", "he", "she", "there", "then", "than", "which", "who", "also", "about",
}  # fmt: skip
ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))
OWNER = re.compile(r"'s$|s'$|'$")
SMILEY = re.compile(r"[:;]-?[)D(P]|\^\^|[\U0001F600-\U0001F64F]")
AMOUNT = re.compile(r"\d\s?(?:k|%)?\s?(?:€|\$|eur\b|usd\b|chf\b|gbp\b)|[€$£]\s?\d", re.I)


@dataclass(slots=True)
class Trait:
    """Where a trait was seen: the author's words, and whether they stand in a sentence that may soothe, or that may alarm."""

    words: str
    may_soothe: bool = False
    may_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything a text shows, and by how much its length thins it."""

    traits: dict[str, Trait]
    thinning: float


def shown(sentences: list[Sentence], title_sentences: int, marks: Sequence[str], plain: set[int], quiet: set[int]) -> Shown:
    """Read a text. `marks` are traits of the ticket itself (see `marks_of`).

    `plain` are the numbers of plainly urgent sentences: they never soothe and do not count for the length, so adding one
    never makes a ticket look calmer. Those of `quiet` tell of what is over or on a test machine, and never alarm.
    """
    traits = {mark: Trait(mark[1:], True, True) for mark in marks}
    length = 0
    hits: dict[int, list[tuple[str, str]]] = {}
    for found in phrase_book().find(sentences):
        words = sentences[found.sentence].words[found.positions[0] : found.positions[-1] + 1]
        hits.setdefault(found.sentence, []).append((found.key, " ".join(words)))
    for number, sentence in enumerate(sentences):
        length += 0 if number in plain else len(sentence.words)
        for trait, words in [*_of_sentence(sentence, number < title_sentences), *hits.get(number, ())]:
            seen = traits.setdefault(trait, Trait(words))
            seen.may_soothe |= number not in plain
            seen.may_alarm |= number not in quiet
    return Shown(traits, (max(length, FEWEST_WORDS) / USUAL_WORDS) ** THINNING)


def marks_of(title: str, text: str, is_wish: bool) -> list[str]:
    """Traits that no single word shows: a smile, an amount of money, a title that asks, a wish."""
    both = f"{title} {text}"
    found = {"@smile": SMILEY.search(both), "@amount": AMOUNT.search(both), "@asking title": "?" in title, "@wish form": is_wish}
    return [name for name, is_there in found.items() if is_there]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending: `locked`, `locks` and `locking` are one."""
    word = OWNER.sub("", word)
    if len(word) < 4:
        return word
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@cache
def written() -> dict[str, Any]:
    """The file of meanings: `words` and `phrases` by meaning."""
    return tomllib.loads(MEANINGS_FILE.read_text(encoding="utf-8"))


@cache
def phrase_book() -> PhraseBook:
    """The phrases of all meanings, ready to be looked for."""
    return PhraseBook((f"@{name}".replace("_", " "), phrase) for name, phrases in written()["phrases"].items() for phrase in phrases)


@cache
def meanings() -> dict[str, tuple[str, ...]]:
    """Each word that has a meaning → its meanings."""
    found: dict[str, list[str]] = {}
    for name, words in written()["words"].items():
        for word in dict.fromkeys(words.split("|")):
            found.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in found.items()}


@lru_cache(maxsize=50_000)
def meant(word: str) -> tuple[str, ...]:
    """The meanings of a word as it is written."""
    known = meanings()
    return known.get(word) or known.get(OWNER.sub("", word), ())


def _of_sentence(sentence: Sentence, in_title: bool) -> list[tuple[str, str]]:
    """The traits of one sentence, each with the words that show it."""
    words, clauses = sentence.words, sentence.clauses
    found: list[tuple[str, str]] = [("@question", "?")] if sentence.is_question and not in_title else []
    supposed = not SUPPOSING.isdisjoint(words) or (sentence.is_question and words[0] in ASKING_WORDS)
    denier, before = -DENIAL_REACH - 1, ""
    for at, word in enumerate(words):
        denied = at - denier <= DENIAL_REACH and clauses[at] == clauses[denier]
        denier = at if word in DENYING else denier
        is_number = word[:1].isdigit()
        name = _number(word) if is_number else stem(word)
        says_little = word in EVERYWHERE
        if not says_little:
            found.append((name, word))
        if before and clauses[at] == clauses[at - 1] and not (says_little and words[at - 1] in EVERYWHERE):
            found.append((f"{before} {name}", f"{words[at - 1]} {word}"))
        before = name
        if is_number:
            found.extend((meaning, word) for meaning in _counted(words, at, name))
        for meaning in meant(word):
            if meaning in GRAVE and (denied or supposed):
                found.append((f"no @{meaning}" if denied else f"if @{meaning}", word))
                continue
            found.append((f"@{meaning}", word))
            if in_title:
                found.append((f"title @{meaning}", word))
    return found


def _number(word: str) -> str:
    """A number by its length, a year as such."""
    if not word.isdecimal():
        return "#mixed"
    if len(word) == 4 and word.startswith(("19", "20")):
        return "#year"
    return f"#{min(len(word), 3)}"


def _counted(words: list[str], at: int, name: str) -> list[str]:
    """What a number counts or tells: many people, many things, a time of day."""
    if name not in ("#2", "#3"):
        return []
    after = {meaning for word in words[at + 1 : at + 1 + COUNT_REACH] for meaning in meant(word)}
    found = ["@many people"] * (not HIT.isdisjoint(after)) + ["@many things"] * (not THINGS.isdisjoint(after))
    beside = words[max(0, at - 1) : at] + words[at + 1 : at + 2]
    found += ["@time of day"] * any(word.isdecimal() for word in beside)
    if at and words[at - 1] in CLOCK_BEFORE:
        found.append(f"@{words[at - 1]} a number")
    return found
