"""From text to terms: words, the parts of compound and command words, stems, phrases that count as one word. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from app.search.languages import ENGLISH, HERE, Language
from app.search.synonyms import JOIN, Synonyms

MAX_WORD = 40
SEPARATORS = re.compile(r"[-._'’+#]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=32)
def read_synonyms(text: str, language: Language = ENGLISH) -> Synonyms:
    """Words that mean the same, from lines as in synonyms.txt, as a language reads them. Raises ValueError naming a bad line."""
    return Synonyms.read(text, lambda words: [language.stem(language.lower(word)) for word in words.split()])


# As they ship; an index is built with those that its editors keep.
SHIPPED = (HERE / "synonyms.txt").read_text(encoding="utf-8")
SYNONYMS = read_synonyms(SHIPPED)
# What people say for one another in any trade.
EVERYDAY = read_synonyms((HERE / "everyday.txt").read_text(encoding="utf-8"))
NO_SYNONYMS = Synonyms()


def everyday(language: Language) -> Synonyms:
    """Those in a language: they are English."""
    return EVERYDAY if language.is_english else NO_SYNONYMS


class Token(NamedTuple):
    """A word of a text: in lower case (English without accents), with its place, and the whole and parts of a compound (none for a plain word)."""

    word: str
    start: int
    end: int
    parts: tuple[str, ...] = ()

    @property
    def is_command(self) -> bool:
        """Whether it is written as one types it to a program: `--no-cache`, `hive.toml`, `E_TIMEOUT`."""
        return bool(self.parts) or self.word.startswith("-")


def tokens(text: str, language: Language = ENGLISH) -> Iterator[Token]:
    """The words of a text in order. Offsets are those of `text` itself."""
    for match in language.chunk.finditer(text):
        raw = match[0]
        if raw.isascii() and raw.isalpha() and (raw.islower() or raw.istitle()):
            yield Token(raw.lower()[:MAX_WORD], match.start(), match.end())
        else:
            yield from compound(raw, match.start(), match.end(), language)


def compound(raw: str, start: int, end: int, language: Language) -> Iterator[Token]:
    """A chunk that is more than plain letters: contraction, possessive, compound, camel case, ideographs."""
    if CJK.search(raw):
        pairs = [raw[i : i + 2] for i in range(max(1, len(raw) - 1))]
        yield from (Token(pair, start + i, start + i + len(pair)) for i, pair in enumerate(pairs))
        return
    plain = raw.replace("’", "'")
    if plain.endswith(("'s", "'S")):
        plain, end = plain[:-2], end - 2
    if "'" in plain and plain.replace("'", "").isalpha():
        yield Token(language.lower(plain.replace("'", ""))[:MAX_WORD], start, end)
        return
    core = plain.lstrip("-_")
    pieces = [language.lower(part) for piece in SEPARATORS.split(core) for part in CAMEL.split(piece) if part]
    parts = tuple(part[:MAX_WORD] for part in pieces) if len(pieces) > 1 else ()
    yield Token(language.lower(plain)[:MAX_WORD], start, end, parts)


def words_of(token: Token) -> list[str]:
    """Every word form that a token can be found by: itself, its parts, and its parts written as one."""
    if not token.parts:
        bare = token.word.lstrip("-_")
        return [token.word] if bare == token.word else [token.word, bare]
    bare = token.word.lstrip("-_")
    forms = [token.word, bare, "".join(token.parts), *token.parts]
    return list(dict.fromkeys(form for form in forms if form))


def terms(text: str, synonyms: Synonyms = SYNONYMS, language: Language = ENGLISH) -> list[str]:
    """What the index keeps of a text: the stems of its words in order without stop words, and its phrases."""
    found: list[str] = []
    stems: list[str] = []
    stem, stop = language.stem, language.stop
    for token in tokens(text, language):
        forms = words_of(token)
        stems.append(stem(forms[0]))
        found.extend(stem(form) for form in forms if form not in stop)
    phrases = dict.fromkeys((*synonyms.phrases_in(stems), *everyday(language).phrases_in(stems)))
    found.extend(JOIN.join(phrase) for _, phrase in phrases)
    return found


def gist(text: str, language: Language = ENGLISH) -> list[str]:
    """What a title is about: a stem for each word that is not in every other title, in order; all of them if there are no others."""
    stems = [language.stem(token.word) for token in tokens(text, language) if token.word not in language.stop]
    return [term for term in stems if term not in language.weak] or stems


def words(text: str, language: Language = ENGLISH) -> set[str]:
    """The word forms of a text, for spelling and for half-typed words."""
    return {form for token in tokens(text, language) for form in words_of(token) if form not in language.stop and len(form) > 1}


def beginnings(text: str, language: Language = ENGLISH, longest: int = 12) -> set[str]:
    """What people may have typed of the words of a title."""
    keys = {key for word in words(text, language) for key in language.keys(word)}
    return {key[:n] for key in keys for n in range(1, min(len(key), longest) + 1)}
