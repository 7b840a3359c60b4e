"""Questions as people really type them: misspelt, or half done. Pure; the same seed makes the same mistakes."""

import random
import string
from functools import lru_cache

# Words that say what a question is about are rarely shorter, and typos in shorter ones often make other words.
LONG_ENOUGH = 4
# From this many letters a word may get two mistakes.
TWO_FROM = 8
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def misspelt(question: str, seed: str) -> str:
    """The question with one or two of its longer words misspelt; as it is when it has none. At most two edits a word."""
    chance = random.Random(f"{seed}\0{question}")
    words = question.split(" ")
    places = [i for i, word in enumerate(words) if is_plain(word)]
    for i in chance.sample(places, min(len(places), 1 if len(places) < 4 else 2)):
        edits = 2 if len(words[i]) >= TWO_FROM and chance.random() < 0.25 else 1
        for _ in range(edits):
            words[i] = edited(words[i], chance)
    return " ".join(words)


def is_plain(word: str) -> bool:
    """Whether a word is long enough to be misspelt, and no code."""
    return len(word) >= LONG_ENOUGH and word.isalpha() and word.isascii()


def edited(word: str, chance: random.Random) -> str:
    """One slip of the fingers after the first letter: a letter left out, doubled, swapped with the next, or a neighbour's key."""
    at = chance.randrange(1, len(word))
    letter = word[at]
    slips = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + chance.choice(beside(letter)) + word[at + 1 :]]
    if at + 1 < len(word) and word[at + 1] != letter:
        slips.append(word[:at] + word[at + 1] + letter + word[at + 2 :])
    return chance.choice(slips)


@lru_cache(maxsize=64)
def beside(letter: str) -> str:
    """The keys beside a letter's; any other letter for one that is on no row."""
    for row in ROWS:
        at = row.find(letter.lower())
        if at >= 0:
            return row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    return string.ascii_lowercase


def half_typed(question: str, seed: str) -> str:
    """What stands in the field a moment before the end: the last word without its last letters, two or three of them left at least."""
    head, space, last = question.rstrip(" ?!.").rpartition(" ")
    if len(last) < LONG_ENOUGH or not last.isalnum():
        return head + space + last
    return head + space + last[: random.Random(f"{seed}\0{question}").randint(3, len(last) - 1)]
