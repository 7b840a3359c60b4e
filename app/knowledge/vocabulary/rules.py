"""What a line of the vocabulary may say, and a file of them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.lib.text import one_line
from app.search.languages import SMALL_WORDS, STOP, fold
from app.search.stemming import stem

ARROW = "=>"
MAX_LINE, MAX_TERM, MAX_WORDS, MAX_TERMS, MAX_LINES, MAX_TOPIC = 1000, 60, 5, 40, 3000, 80
MAX_FILE = 300_000
TOPIC = "Other words"


@dataclass(frozen=True)
class Line:
    """Terms that mean the same, or `means`: what those of `terms` also find, only that way. `number` is its line in a file."""

    terms: tuple[str, ...]
    means: tuple[str, ...] = ()
    topic: str = TOPIC
    number: int = 0

    @property
    def text(self) -> str:
        """As it is written."""
        left = ", ".join(self.terms)
        return f"{left} {ARROW} {', '.join(self.means)}" if self.means else left


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, for people. `number` counts from 1; 0 is the file."""

    number: int
    message: str


def parse_line(text: str, topic: str = TOPIC, number: int = 0) -> Line:
    """A line as somebody wrote it, in lower case and checked by itself. Raises ValueError with a sentence for people."""
    if len(text) > MAX_LINE:
        raise ValueError(f"Use {MAX_LINE:,} characters at most.")
    if text.count(ARROW) > 1:
        raise ValueError(f"Use {ARROW} once.")
    if "#" in text:
        raise ValueError("A # begins a heading, on a line of its own.")
    left, arrow, right = text.partition(ARROW)
    line = Line(terms_of(left), terms_of(right), topic, number)
    if arrow and not (line.terms and line.means):
        raise ValueError(f"Write words on both sides of {ARROW}.")
    if not arrow and len(line.terms) < 2:
        raise ValueError(f"Write two words or more, apart by commas, or `word {ARROW} word`.")
    check_terms(line)
    return line


def terms_of(text: str) -> tuple[str, ...]:
    """The words and phrases between commas."""
    return tuple(term for part in text.split(",") if (term := one_line(part).lower()))


def check_terms(line: Line) -> None:
    """Raise ValueError for what says nothing, stands twice, or leads to itself."""
    terms = [*line.terms, *line.means]
    if len(terms) > MAX_TERMS:
        raise ValueError(f"Use {MAX_TERMS} words and phrases at most; make two lines of it.")
    for term in terms:
        words = term.split()
        if len(term) > MAX_TERM or len(words) > MAX_WORDS:
            raise ValueError(f"“{term[:80]}” is too long: a phrase has {MAX_WORDS} words and {MAX_TERM} characters at most.")
        if not any(letter.isalnum() for letter in term):
            raise ValueError(f"“{term}” has no letter and no digit.")
        if all(fold(word) in STOP | SMALL_WORDS for word in words):
            raise ValueError(f"“{term}” says nothing: every text has it, so the search leaves it out.")
        if terms.count(term) > 1:
            raise ValueError(f"“{term}” stands twice.")
    sources, targets = {key_of(term) for term in line.terms}, {key_of(term) for term in line.means}
    for term in line.means:
        if key_of(term) in sources:
            raise ValueError(f"“{term}” leads to itself: to the search both sides are one word.")
    if not line.means and len(sources | targets) < 2:
        raise ValueError("To the search these are forms of one word already.")


def key_of(term: str) -> str:
    """What the search sees of a term: its stems."""
    return " ".join(stem(fold(word)) for word in term.split())


def parse(text: str) -> tuple[list[Line], list[Problem]]:
    """(the lines of a file, what is wrong with it). A line with # is the heading of those below it."""
    lines: list[Line] = []
    problems: list[Problem] = []
    topic = TOPIC
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        written = raw.strip()
        if written.startswith("#"):
            topic = one_line(written.lstrip("# "))[:MAX_TOPIC] or TOPIC
        elif written:
            try:
                lines.append(parse_line(written, topic, number))
            except ValueError as wrong:
                problems.append(Problem(number, str(wrong)))
    if len(lines) > MAX_LINES:
        problems.append(Problem(0, f"There are {len(lines):,} lines; {MAX_LINES:,} at most can be kept."))
    return lines, sorted([*problems, *clashes(lines)], key=lambda problem: problem.number)


def clashes(lines: Sequence[Line]) -> Iterator[Problem]:
    """Lines that say the same as an earlier one, and arrows that lead back to where they began."""
    seen: dict[tuple[frozenset[str], frozenset[str]], Line] = {}
    for line in lines:
        key = (frozenset(line.terms), frozenset(line.means))
        first = seen.setdefault(key, line)
        if first is not line:
            yield Problem(line.number, f"It says the same as {place(first)}.")
    yield from loops([line for line in lines if line.means])


def loops(lines: Sequence[Line]) -> Iterator[Problem]:
    """Arrows that a later line closes to a ring."""
    ways: dict[str, set[str]] = {}
    for line in lines:
        for source in line.terms:
            for target in line.means:
                if leads(ways, key_of(target), key_of(source)):
                    yield Problem(line.number, f"“{source}” leads to “{target}” and back to itself. Write `{source}, {target}` instead.")
                    return
                ways.setdefault(key_of(source), set()).add(key_of(target))


def leads(ways: dict[str, set[str]], start: str, end: str) -> bool:
    """Whether arrows lead from one term to another."""
    waiting, seen = [start], {start}
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        fresh = ways.get(here, set()) - seen
        seen |= fresh
        waiting += fresh
    return False


def place(line: Line) -> str:
    """How to name a line."""
    return f"line {line.number}" if line.number else f"“{line.text[:80]}”"


def compose(lines: Iterable[Line]) -> str:
    """A file of lines, each topic under its heading, in the order in which they come."""
    pieces: list[str] = []
    topic = None
    for line in lines:
        if line.topic != topic:
            pieces += ([""] if pieces else []) + [f"# {line.topic}"]
            topic = line.topic
        pieces.append(line.text)
    return "\n".join([*pieces, ""])
