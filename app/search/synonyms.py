"""Words that mean the same, as an editor keeps them in synonyms.txt. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

# Between the stems of a phrase; no word has it.
JOIN = "\x03"


@dataclass(frozen=True)
class Synonyms:
    """`others`: term → terms that may stand for it. `phrases`: first stem → the phrases that begin so, longest first."""

    others: dict[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    # Every single word, as it is written.
    words: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str, stems_of: Callable[[str], list[str]]) -> "Synonyms":
        """From lines `a, b, two words` (each for each) and `a => b, c` (only that way). Raises ValueError naming a bad line."""
        others: dict[str, dict[str, None]] = {}
        written: set[str] = set()
        phrases: dict[str, set[tuple[str, ...]]] = {}

        def term(words: str) -> str:
            stems = tuple(stems_of(words))
            written.update(words.lower().split())
            if len(stems) > 1:
                phrases.setdefault(stems[0], set()).add(stems)
            return JOIN.join(stems)

        for number, line in enumerate(text.splitlines(), 1):
            line = line.partition("#")[0].strip()
            if not line:
                continue
            left, arrow, right = line.partition("=>")
            sources = [term(words) for words in left.split(",") if words.strip()]
            targets = [term(words) for words in right.split(",") if words.strip()] if arrow else sources
            if not sources or not targets or (not arrow and len(sources) < 2):
                raise ValueError(f"line {number}: give two words or phrases, or `word => word`")
            for source in sources:
                others.setdefault(source, {}).update(dict.fromkeys(target for target in targets if target != source))
        ordered = {first: tuple(sorted(found, key=len, reverse=True)) for first, found in phrases.items()}
        return cls({source: tuple(found) for source, found in others.items()}, ordered, frozenset(written))

    def phrases_in(self, stems: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(where it begins, phrase) of each phrase in a row of stems; of several at one place, the longest."""
        for at, first in enumerate(stems):
            for phrase in self.phrases.get(first, ()):
                if tuple(stems[at : at + len(phrase)]) == phrase:
                    yield at, phrase
                    break
