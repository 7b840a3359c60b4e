"""What differs between two texts: line beside line, and within a changed line word by word. Pure, and bounded in time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Lines shown around a change, and pairs of lines above which nobody looks for the best match.
CONTEXT = 3
MOST_PAIRS = 4_000_000
# Above so many words in two lines, and below so much in common, a line is new as a whole.
MOST_WORDS = 2_000
LEAST_ALIKE = 0.3
WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A part of a line; `is_changed` where the other side has something else."""

    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class Line:
    """One side of a row: its number from 1, and its pieces, which together are the line."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Row:
    """`same`, `changed`, `removed`, `added`; or `gap`, which stands for `hidden` lines that are the same on both sides."""

    kind: str
    old: Line | None = None
    new: Line | None = None
    hidden: int = 0


@dataclass(frozen=True)
class Diff:
    """Two texts side by side, and how many lines went and came."""

    rows: tuple[Row, ...]
    removed: int
    added: int

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.removed and not self.added


def diff(old: str, new: str, *, context: int = CONTEXT) -> Diff:
    """The difference of two texts by line; equal stretches longer than the context are folded."""
    rows = list(compared(old.split("\n") if old else [], new.split("\n") if new else []))
    removed = sum(row.kind in {"removed", "changed"} for row in rows)
    added = sum(row.kind in {"added", "changed"} for row in rows)
    return Diff(tuple(folded(rows, context)), removed, added)


def compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """Row by row, without folding. Common ends are cut off first, so that a small change in a long text is cheap."""
    head = common(old, new)
    tail = common(old[head:][::-1], new[head:][::-1])
    for at in range(head):
        yield same(at, at, old[at])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    for tag, a1, a2, b1, b2 in steps(middle_old, middle_new):
        if tag == "equal":
            for offset in range(a2 - a1):
                yield same(head + a1 + offset, head + b1 + offset, middle_old[a1 + offset])
        else:
            yield from replaced(middle_old[a1:a2], middle_new[b1:b2], head + a1, head + b1)
    for offset in range(tail, 0, -1):
        yield same(len(old) - offset, len(new) - offset, old[-offset])


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two texts have in common at their beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def steps(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """How one becomes the other. Texts too long to be compared are replaced as a whole."""
    if not old and not new:
        return []
    if len(old) * len(new) > MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()  # type: ignore[return-value]


def same(old_at: int, new_at: int, text: str) -> Row:
    """A line that both have."""
    pieces = (Piece(text),)
    return Row("same", Line(old_at + 1, pieces), Line(new_at + 1, pieces))


def replaced(old: Sequence[str], new: Sequence[str], old_at: int, new_at: int) -> Iterator[Row]:
    """Lines that gave way to others: those at the same place that are alike as pairs, the others on their own."""
    for offset in range(max(len(old), len(new))):
        before = old[offset] if offset < len(old) else None
        after = new[offset] if offset < len(new) else None
        pair = words(before, after) if before is not None and after is not None else None
        if pair is not None:
            yield Row("changed", Line(old_at + offset + 1, pair[0]), Line(new_at + offset + 1, pair[1]))
            continue
        if before is not None:
            yield Row("removed", Line(old_at + offset + 1, (Piece(before, True),)))
        if after is not None:
            yield Row("added", None, Line(new_at + offset + 1, (Piece(after, True),)))


def words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]] | None:
    """Two lines in pieces; None if they have too little in common to be one line that changed."""
    one, other = WORD.findall(old), WORD.findall(new)
    if len(one) + len(other) > MOST_WORDS:
        return None
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < LEAST_ALIKE:
        return None
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        changed = tag != "equal"
        left += [Piece("".join(one[a1:a2]), changed)] if a2 > a1 else []
        right += [Piece("".join(other[b1:b2]), changed)] if b2 > b1 else []
    return tuple(left), tuple(right)


def folded(rows: Sequence[Row], context: int) -> Iterator[Row]:
    """Without the lines that are far from any change; what is left out is counted."""
    near = [False] * len(rows)
    for at, row in enumerate(rows):
        if row.kind != "same":
            for place in range(max(0, at - context), min(len(rows), at + context + 1)):
                near[place] = True
    hidden = 0
    for row, is_near in zip(rows, near, strict=True):
        if not is_near:
            hidden += 1
            continue
        if hidden:
            yield Row("gap", hidden=hidden)
            hidden = 0
        yield row
    if hidden:
        yield Row("gap", hidden=hidden)
