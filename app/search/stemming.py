"""English word stems by the Snowball English ("Porter2") rules, https://snowballstem.org/algorithms/english/stemmer.html. Pure."""

import re
from functools import lru_cache

VOWELS = "aeiouy"
DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
LI_ENDINGS = "cdeghkmnrt"
# Words that the rules would spoil, and verbs whose past does not look like them.
EXCEPTIONS = {
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "idly": "idl", "gently": "gentl",
    "ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl", "sky": "sky", "news": "news", "howe": "howe",
    "atlas": "atlas", "cosmos": "cosmos", "bias": "bias", "andes": "andes",
    "forgot": "forget", "forgotten": "forget", "lost": "lose", "wrote": "write", "written": "write", "bought": "buy",
    "paid": "pay", "sent": "send", "broke": "break", "broken": "break", "found": "find", "chose": "choos",
    "chosen": "choos", "froze": "freez", "frozen": "freez", "ran": "run", "began": "begin", "built": "build", "kept": "keep",
    "left": "leav", "made": "make", "said": "say", "saw": "see", "seen": "see", "shown": "show", "spoke": "speak",
    "taken": "take", "took": "take", "thought": "think", "told": "tell", "went": "go", "gone": "go", "hidden": "hide",
    "hung": "hang", "stuck": "stick", "children": "child", "indices": "index", "indexes": "index", "indexing": "index",
}  # fmt: skip
WHOLE_AFTER_1A = frozenset({"inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"})
STEP_2 = (
    ("ization", "ize"), ("ational", "ate"), ("fulness", "ful"), ("ousness", "ous"), ("iveness", "ive"), ("tional", "tion"),
    ("biliti", "ble"), ("lessli", "less"), ("entli", "ent"), ("ation", "ate"), ("alism", "al"), ("aliti", "al"),
    ("ousli", "ous"), ("iviti", "ive"), ("fulli", "ful"), ("enci", "ence"), ("anci", "ance"), ("abli", "able"),
    ("izer", "ize"), ("ator", "ate"), ("alli", "al"), ("bli", "ble"), ("ogi", "og"), ("li", ""),
)  # fmt: skip
STEP_3 = (
    ("ational", "ate"), ("tional", "tion"), ("alize", "al"), ("icate", "ic"), ("iciti", "ic"), ("ative", ""), ("ical", "ic"),
    ("ness", ""), ("ful", ""),
)  # fmt: skip
STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion", "al", "er", "ic",
)  # fmt: skip
REGION = re.compile("[aeiouy][^aeiouy]")


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """The stem of a lower-case word; words of one or two letters, or with anything but a-z, come back as they are."""
    known = EXCEPTIONS.get(word)
    if known is not None:
        return known
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    word = mark_consonant_y(word)
    r1 = first_region(word)
    match = REGION.search(word, r1)
    r2 = match.end() if match else len(word)
    word = without_plural(word)
    if word in WHOLE_AFTER_1A:
        return word
    word = without_past(word, r1)
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in VOWELS:
        word = word[:-1] + "i"
    word = shorter(word, r1, r2)
    return without_last(word, r1, r2).lower()


def mark_consonant_y(word: str) -> str:
    """Write Y where y is a consonant: at the beginning, and after a vowel."""
    if "y" not in word:
        return word
    letters = list(word)
    for i, letter in enumerate(letters):
        if letter == "y" and (i == 0 or letters[i - 1] in VOWELS):
            letters[i] = "Y"
    return "".join(letters)


def first_region(word: str) -> int:
    """Where R1 begins: after the first consonant that follows a vowel."""
    for prefix in ("gener", "commun", "arsen"):
        if word.startswith(prefix):
            return len(prefix)
    match = REGION.search(word)
    return match.end() if match else len(word)


def without_plural(word: str) -> str:
    """Step 1a."""
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and any(letter in VOWELS for letter in word[:-2]):
        return word[:-1]
    return word


def without_past(word: str, r1: int) -> str:
    """Step 1b."""
    for ending in ("eedly", "eed"):
        if word.endswith(ending):
            return word[: -len(ending)] + "ee" if len(word) - len(ending) >= r1 else word
    for ending in ("ingly", "edly", "ing", "ed"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return mended(rest, r1) if any(letter in VOWELS for letter in rest) else word
    return word


def mended(rest: str, r1: int) -> str:
    """What is left after -ed or -ing, with its e back or its double letter single."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if rest.endswith(DOUBLES):
        return rest[:-1]
    return rest + "e" if r1 >= len(rest) and ends_short(rest) else rest


def ends_short(word: str) -> bool:
    """Whether a word ends in a short syllable."""
    if len(word) == 2:
        return word[0] in VOWELS and word[1] not in VOWELS
    return len(word) > 2 and word[-3] not in VOWELS and word[-2] in VOWELS and word[-1] not in VOWELS + "wxY"


def shorter(word: str, r1: int, r2: int) -> str:
    """Steps 2, 3 and 4: endings that make nouns and adjectives."""
    for ending, short in STEP_2:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            fits = rest.endswith("l") if ending == "ogi" else ending != "li" or rest[-1:] in LI_ENDINGS
            word = rest + short if len(rest) >= r1 and rest and fits else word
            break
    for ending, short in STEP_3:
        if word.endswith(ending):
            at = len(word) - len(ending)
            word = word[:at] + short if at >= (r2 if ending == "ative" else r1) else word
            break
    for ending in STEP_4:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return rest if len(rest) >= r2 and (ending != "ion" or rest.endswith(("s", "t"))) else word
    return word


def without_last(word: str, r1: int, r2: int) -> str:
    """Step 5: a last e or l."""
    at = len(word) - 1
    if word.endswith("e"):
        return word[:-1] if at >= r2 or (at >= r1 and not ends_short(word[:-1])) else word
    return word[:-1] if word.endswith("ll") and at >= r2 else word
