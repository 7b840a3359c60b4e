"""How each language is read: what its words are, their stems, those that say nothing. Pure.

English has rules and lists of our own. Others are read by the Snowball stemmers and stop words that come with whoosh; a
language without a stemmer there is read without one. A word is stemmed as it is written and then loses its accents, since
stemmers know endings by them; `keys` are what it may be typed as by whoever leaves them out.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from threading import Lock

from whoosh.lang import NoStemmer, NoStopWords, stemmer_for_language, stopwords_for_language

from app.search import german, stemming

HERE = Path(__file__).resolve().parent
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# A chunk is a word with what holds it together: `--no-cache`, `consensus.stage_timeout`, `doesn't`, `C++`.
CHUNK = re.compile(r"(?:(?<![\w-])--?|_+)?[^\W_]+(?:[-._'’+#]{1,2}[^\W_]+)*(?:\+\+|#)?")
# An apostrophe parts words elsewhere: `l'installation`, `geht's`.
CHUNK_ABROAD = re.compile(r"(?:(?<![\w-])--?|_+)?[^\W_]+(?:[-._+#]{1,2}[^\W_]+)*(?:\+\+|#)?")
# How much words count that are in every question.
WEAK_WORD, STOP_WORD = 0.4, 0.05
ENGLISH_LOCALE, GERMAN = "en", "de"
# Written Norwegian is two, with stems alike.
SAME = {"nb": "no", "nn": "no"}
# Letters that are no others with an accent, and what is typed for them.
PLAIN = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe"})
# Where two letters are typed for one with an accent.
NORDIC = str.maketrans({"å": "aa", "ø": "oe"})
COMPOUNDING = frozenset({"da", "de", "fi", "hu", "nl", "no", "sv"})
TYPED = {GERMAN: str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"}), "da": NORDIC, "no": NORDIC}
PAIRS = {GERMAN: ("ae", "oe", "ue"), "da": ("aa", "oe"), "no": ("aa", "oe")}
# Endings that stemmers know by their accents alone.
ENDINGS = {"es": {"cion": "ción", "sion": "sión"}, "pt": {"cao": "ção", "coes": "ções"}}
# Words that only say something in a help centre: `estado` is also the status of a service.
SAYING = {"es": frozenset({"estado", "estados"})}


def word_list(name: str) -> frozenset[str]:
    """A file of words; lines that begin with # are comments."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=16384)
def fold(word: str) -> str:
    """Lower case without accents; compatibility forms (full width, ligatures) as their plain letters."""
    if not NOT_ASCII.search(word):
        return word.lower()
    # Lowered again, since plain letters of some forms are capitals: those of "㎆" are "MB".
    decomposed = unicodedata.normalize("NFKD", word.casefold()).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))


STOP = word_list("stopwords.txt")
SMALL_WORDS = word_list("smallwords.txt")
WEAK_WORDS = word_list("weakwords.txt") | SMALL_WORDS


@dataclass(frozen=True, eq=False)
class Language:
    """How texts of one language are read."""

    locale: str
    chunk: re.Pattern[str]
    # A word as it is read: in lower case.
    lower: Callable[[str], str]
    # The term of a word as it is read.
    stem: Callable[[str], str]
    # What a word as it is read may be typed as, the likeliest first.
    keys: Callable[[str], tuple[str, ...]]
    # Words that say nothing, those that are in every question, and those that only decide between texts found by others.
    stop: frozenset[str]
    usual: frozenset[str]
    small: frozenset[str] = frozenset()
    # Whether two words are written as one; what may part from the front of a verb and stand at the end.
    has_compounds: bool = False
    particles: tuple[str, ...] = ()

    def contracted(self, word: str) -> str:
        """A word with one letter for each two that may be typed for it: `loeschen`."""
        for pair in PAIRS.get(self.locale, ()):
            word = word.replace(pair, pair[0])
        return word

    @cached_property
    def weak(self) -> frozenset[str]:
        """The stems of words that are in every question."""
        return frozenset(map(self.stem, self.usual))

    @cached_property
    def common(self) -> Mapping[str, float]:
        """Stem → how much a word counts that says little or nothing."""
        return dict.fromkeys(self.weak, WEAK_WORD) | dict.fromkeys(map(self.stem, self.stop), STOP_WORD)

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that people use although no text may have them."""
        return self.stop | self.usual

    @cached_property
    def parted(self) -> Mapping[str, str]:
        """What may part from a verb, as it may be typed → as it is written."""
        return {key: particle for particle in self.particles for key in (particle, *self.keys(particle))}

    @property
    def is_english(self) -> bool:
        """Whether our own lists of meanings are in it."""
        return self.locale == ENGLISH_LOCALE

    def flat(self, text: str) -> str:
        """A text with plain letters for those with accents, each where it stood."""
        return text if self.is_english else text.translate(FLAT)


class Flat(dict[int, int]):
    """Code point → the one of its letter without accents; its own where that is no single letter."""

    def __missing__(self, code: int) -> int:
        letters = unicodedata.normalize("NFKD", chr(code))
        self[code] = ord(letters[0]) if len(letters) > 1 and all(map(unicodedata.combining, letters[1:])) else code
        return self[code]


FLAT = Flat({ord("ß"): ord("s"), ord("ø"): ord("o"), ord("ı"): ord("i"), ord("ł"): ord("l"), ord("đ"): ord("d")})

ENGLISH = Language(ENGLISH_LOCALE, CHUNK, fold, stemming.stem, lambda word: (word,), STOP, WEAK_WORDS, SMALL_WORDS)


@cache
def language(locale: str) -> Language:
    """How texts of a language are read (a primary tag: de, fr, pt). One that nobody here knows is read without stems."""
    if locale == ENGLISH_LOCALE:
        return ENGLISH
    locale = SAME.get(locale, locale)
    stop = stop_words(locale) - SAYING.get(locale, frozenset())
    keys = keys_of(locale)
    forms = frozenset(form for word in stop for form in (word, *keys(word)))
    ways = (CHUNK_ABROAD, lower, stems_of(locale), keys)
    particles = german.PARTICLES if locale == GERMAN else ()
    return Language(locale, *ways, forms, weak_words(locale), has_compounds=locale in COMPOUNDING, particles=particles)


def stop_words(locale: str) -> frozenset[str]:
    """The words of a language that say nothing, as whoosh lists them; none where it has no list."""
    try:
        return frozenset(map(lower, stopwords_for_language(locale)))
    except NoStopWords:
        return frozenset()


def weak_words(locale: str) -> frozenset[str]:
    """The words of a language that are in every question, from its line of weakwords_abroad.txt."""
    lines = (HERE / "weakwords_abroad.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line.partition(":")[0] == locale for word in line.partition(":")[2].split())


@lru_cache(maxsize=16384)
def lower(word: str) -> str:
    """Lower case with accents; compatibility forms as their plain letters."""
    # One sign may stand for several words.
    return word.lower() if word.isascii() else "".join(unicodedata.normalize("NFKC", word).lower().split())


@lru_cache(maxsize=16384)
def key(word: str) -> str:
    """A word without accents and in lower case, as it may be typed anywhere."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFC", fold(word).translate(PLAIN))


def keys_of(locale: str) -> Callable[[str], tuple[str, ...]]:
    """What a word may be typed as: without accents, and with two letters for one where that is usual."""
    typed = TYPED.get(locale)

    @lru_cache(maxsize=16384)
    def keys(word: str) -> tuple[str, ...]:
        first = key(word)
        second = key(word.translate(typed)) if typed and not word.isascii() else first
        return (first,) if first == second else (first, second)

    return keys


def stems_of(locale: str) -> Callable[[str], str]:
    """The stemmer of a language: Snowball's on the word as it is written, then without accents."""
    prepared = german.plain_form if locale == GERMAN else accented(ENDINGS.get(locale, {}))
    try:
        # Arabic has another kind of stemmer there, which makes one of too many words.
        snowball = stemmer_for_language(locale) if locale != "ar" else None
    except NoStemmer:
        snowball = None

    # Some stemmers note in themselves what they have taken away.
    turn = Lock()

    @lru_cache(maxsize=16384)
    def stem(word: str) -> str:
        if snowball is None or len(word) < 3 or not word.isalpha():
            return key(word)
        with turn:
            return key(snowball(prepared(word))) or key(word)

    return stem


def accented(endings: Mapping[str, str]) -> Callable[[str], str]:
    """What gives a word the accent of its ending, where it was typed without."""

    def with_accent(word: str) -> str:
        return next((word.removesuffix(typed) + written for typed, written in endings.items() if word.endswith(typed)), word)

    return with_accent
