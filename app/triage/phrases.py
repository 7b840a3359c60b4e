"""Words and phrases in running text: cutting text into sentences, and finding phrases in them. Pure, linear.

A phrase is what a lead types into a rule: words divided by blanks. `a|b` is either word, `word*` any word that starts so,
`#` any number of two digits or more, and `~` between two words allows up to four others there (`~2` up to two). Phrases never cross a comma or a full stop.
A hyphenated word is one word: "non-blocking" is not "blocking".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_SENTENCE = 80
DEFAULT_GAP = 4
NUMBER = "#"
CLAUSE_WORDS = {"but", "however", "although", "though", "except", "while", "whereas", "yet"}
SCAN = re.compile(
    r"(?P<word>(?<!\w)[-+]{0,3}\w+(?:['-]\w+)*)"
    r"|(?P<end>[.!?]+(?=\s|$|[)\"'*_\]])|;|\n\s*\n|\n(?=\s{0,12}(?:[-*+#|]|\d{1,4}[.)])\s)|\n(?=[^\na-z]))"
    r"|(?P<clause>[,()]|:\s|\s[-–—]+\s|—|\.{3}|…)"
)
PHRASE = re.compile(r"^(?:~\d?|[^\s|~*]+\*?(?:\|[^\s|~*]+\*?)*)$")


@dataclass(slots=True)
class Sentence:
    """One sentence: its words in lower case, the clause each word stands in, and whether it ends with a question mark."""

    words: list[str]
    clauses: list[int]
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a phrase: the spellings it accepts and how many other words may stand before it."""

    exact: frozenset[str]
    starts: tuple[str, ...]
    gap: int
    is_number: bool = False

    def accepts(self, word: str) -> bool:
        """Whether a word of the text is this one."""
        if word in self.exact or (self.starts and word.startswith(self.starts)):
            return True
        return self.is_number and len(word) > 1 and word.isdecimal()


@dataclass(frozen=True, slots=True)
class Found:
    """Where a phrase stands: the number of its sentence and the positions of the words that matched."""

    key: str
    sentence: int
    positions: tuple[int, ...]


class PhraseBook:
    """Many phrases, each under a key, ready to be looked for in one pass over a text."""

    def __init__(self, phrases: Iterable[tuple[str, str]]):
        self._phrases = [(key, parse_phrase(phrase)) for key, phrase in phrases]
        self._by_first_word = lru_cache(maxsize=50_000)(self._starting_with)

    def find(self, sentences: list[Sentence]) -> Iterator[Found]:
        """Yield every place where a phrase stands, in the order of the text."""
        for number, sentence in enumerate(sentences):
            for at, word in enumerate(sentence.words):
                for key, parts in self._by_first_word(word):
                    positions = _match(sentence, parts, at)
                    if positions:
                        yield Found(key, number, positions)

    def _starting_with(self, word: str) -> tuple[tuple[str, tuple[Part, ...]], ...]:
        return tuple((key, parts) for key, parts in self._phrases if parts[0].accepts(word))


def parse_phrase(phrase: str) -> tuple[Part, ...]:
    """Return the parts of a phrase. Raises ValueError with a sentence for people when it is not a phrase."""
    parts, gap = [], 0
    for item in phrase.lower().split():
        if not PHRASE.match(item):
            raise ValueError(f"“{item}” cannot be read: use words, a|b for either word, word* for a beginning, ~ for a gap.")
        if item.startswith("~"):
            gap = int(item[1:] or DEFAULT_GAP)
            continue
        spellings = item.split("|")
        if NUMBER not in spellings and not any(map(str.isalnum, item)):
            raise ValueError(f"“{item}” cannot be found: a word has a letter or a digit, and signs alone are passed over in every text.")
        exact = frozenset(word for word in spellings if not word.endswith("*"))
        starts = tuple(word[:-1] for word in spellings if word.endswith("*"))
        parts.append(Part(exact - {NUMBER}, starts, gap, NUMBER in exact))
        gap = 0
    if not parts or gap or parts[0].gap:
        raise ValueError("A phrase starts and ends with a word.")
    return tuple(parts)


def sentences_of(text: str) -> list[Sentence]:
    """Cut text into sentences of at most 80 words, each word in lower case and marked with its clause."""
    sentences: list[Sentence] = []
    words: list[str] = []
    clauses: list[int] = []
    clause = 0
    for piece in SCAN.finditer(text):
        word = piece["word"]
        if word:
            word = word.strip("_'").lower()
            clause += word in CLAUSE_WORDS
            words.append(word)
            clauses.append(clause)
        elif piece["clause"]:
            clause += 1
        if words and (piece["end"] or len(words) >= LONGEST_SENTENCE):
            sentences.append(Sentence(words, clauses, "?" in (piece["end"] or "")))
            words, clauses, clause = [], [], 0
    if words:
        sentences.append(Sentence(words, clauses))
    return sentences


def _match(sentence: Sentence, parts: tuple[Part, ...], at: int) -> tuple[int, ...]:
    """Return the positions of the phrase that starts at a word, nearest words first; empty when it does not stand there."""
    positions = [at]
    for part in parts[1:]:
        last = positions[-1]
        end = min(last + part.gap + 2, len(sentence.words))
        for position in range(last + 1, end):
            if sentence.clauses[position] != sentence.clauses[at]:
                return ()
            if part.accepts(sentence.words[position]):
                positions.append(position)
                break
        else:
            return ()
    return tuple(positions)
