"""A text as the numbers of pieces of words that a BERT model reads. Pure.

WordPiece as in Devlin and others, "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019, uncased: lower case
without accents, marks apart from words, then for each word the longest beginning that the vocabulary has, and so on.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

BEGIN, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
# A piece that is not the beginning of its word.
INSIDE = "##"
LONGEST_WORD = 100
WORD = re.compile("[\u3400-\u9fff]|[^\\W_\u3400-\u9fff]+|[^\\w\\s]|_")


class WordPiece:
    """The pieces of one vocabulary: a piece a line, numbered from 0. Raises ValueError without the three special ones."""

    def __init__(self, pieces: list[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(pieces)}
        if not {BEGIN, END, UNKNOWN} <= self.numbers.keys():
            raise ValueError(f"the vocabulary lacks {BEGIN}, {END} or {UNKNOWN}")
        self.known = lru_cache(maxsize=16384)(self.pieces_of)

    @classmethod
    def read(cls, path: Path) -> "WordPiece":
        """From a vocab.txt. Raises OSError and ValueError."""
        return cls(path.read_text(encoding="utf-8").split("\n"))

    def numbered(self, text: str, most: int) -> list[int]:
        """The pieces of a text between beginning and end, `most` of them at most with these two."""
        found = [self.numbers[BEGIN]]
        for word in words(text):
            found += self.known(word)
            if len(found) >= most:
                break
        return [*found[: most - 1], self.numbers[END]]

    def pieces_of(self, word: str) -> tuple[int, ...]:
        """The pieces of a word; unknown as a whole where any part of it is."""
        found: list[int] = []
        at = 0
        while at < len(word) <= LONGEST_WORD:
            piece, end = self.longest(word, at)
            if end == at:
                break
            found.append(piece)
            at = end
        return tuple(found) if found and at == len(word) else (self.numbers[UNKNOWN],)

    def longest(self, word: str, at: int) -> tuple[int, int]:
        """(piece, where it ends) of the longest that the word has at a place; it ends there where there is none."""
        for end in range(len(word), at, -1):
            piece = self.numbers.get((INSIDE if at else "") + word[at:end])
            if piece is not None:
                return piece, end
        return 0, at


def words(text: str) -> Iterator[str]:
    """Words and marks in order, in lower case without accents."""
    plain = text.lower()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFD", plain) if unicodedata.category(c) != "Mn")
    return (match[0] for match in WORD.finditer(plain))
