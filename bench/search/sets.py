"""Entries, and questions about them with the answers that are right: the content that ships, and folders from elsewhere.

A folder has `entries.jsonl` (id, question, answer, category, tags, popularity; a line for each entry) and `queries.tsv`
(question, tab, keys of right answers apart by commas; the first line is a header). A key is `faq:<id>`.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.knowledge.defaults import shipped_articles, shipped_faqs
from app.knowledge.render import plain
from bench.search.mistakes import half_typed, misspelt

HERE = Path(__file__).resolve().parent
QUESTIONS = HERE / "questions"
SEED = "20261128"
# What a rival needs half a second for is not asked ten thousand times.
MOST_QUESTIONS = 400


@dataclass(frozen=True)
class Entry:
    """A text to be found; `body` is plain text."""

    key: str
    title: str
    body: str
    tags: tuple[str, ...]
    category: str = ""
    popularity: int = 0


@dataclass(frozen=True)
class Asked:
    """A question with the keys of the entries that answer it."""

    text: str
    keys: frozenset[str]


@dataclass(frozen=True)
class QuestionSet:
    """Questions of one kind over some entries. `kind` is `clean`, `misspelt` or `half-typed`; `by_people`: real people asked them."""

    name: str
    kind: str
    entries: tuple[Entry, ...]
    questions: tuple[Asked, ...]
    by_people: bool = False


def hive_entries() -> tuple[Entry, ...]:
    """What ships with the product, as far as everybody may read it."""
    faqs = [Entry(f"faq:{f.external_id}", f.question, plain(f.answer), f.tags, f.category, f.popularity) for f in shipped_faqs()]
    articles = [
        Entry(f"article:{a.section}/{a.slug}", a.title, f"{a.summary} {plain(a.body)}", a.tags, a.section)
        for a in shipped_articles()
        if a.audience == "public"
    ]
    return (*faqs, *articles)


def hive_sets(most: int = MOST_QUESTIONS) -> Iterator[QuestionSet]:
    """The questions about Hive: paraphrases clean, misspelt and half-typed; human misspellings; the search field while somebody types."""
    entries = hive_entries()
    for half in ("tune", "judge"):
        path = QUESTIONS / f"hive-paraphrases-{half}.tsv"
        if path.exists():
            yield from variants(f"hive {half}", entries, read_questions(path), most)
    for name, kind in (("hive-typos-human", "misspelt"), ("hive-halftyped-judge", "half-typed")):
        path = QUESTIONS / f"{name}.tsv"
        if path.exists():
            yield QuestionSet(name.replace("-", " "), kind, entries, sampled(read_questions(path), most))


def own_sets(most: int = MOST_QUESTIONS) -> Iterator[QuestionSet]:
    """All that comes with the bench: about Hive, and about other trades."""
    yield from hive_sets(most)
    for path in sorted(QUESTIONS.glob("*/queries.tsv")):
        yield from folder_sets(path.parent, most=most)


def people_sets(folder: Path, half: str = "", most: int = MOST_QUESTIONS) -> Iterator[QuestionSet]:
    """The questions that real people asked, of a folder from elsewhere."""
    yield from (replace(one, by_people=True) for one in folder_sets(folder, half, most))


def folder_sets(folder: Path, half: str = "", most: int = MOST_QUESTIONS) -> Iterator[QuestionSet]:
    """The questions of a folder; only one half of them when `half` is `tune` or `judge`."""
    questions = [asked for asked in read_questions(folder / "queries.tsv") if not half or half_of(asked.text) == half]
    yield from variants(f"{folder.name} {half}".strip(), tuple(read_entries(folder / "entries.jsonl")), questions, most)


def variants(name: str, entries: tuple[Entry, ...], questions: Iterable[Asked], most: int = MOST_QUESTIONS) -> Iterator[QuestionSet]:
    """The same questions as they are, misspelt, and half-typed."""
    some = sampled(questions, most)
    yield QuestionSet(name, "clean", entries, some)
    yield QuestionSet(name, "misspelt", entries, tuple(Asked(misspelt(asked.text, SEED), asked.keys) for asked in some))
    yield QuestionSet(name, "half-typed", entries, tuple(Asked(half_typed(asked.text, SEED), asked.keys) for asked in some))


def sampled(questions: Iterable[Asked], most: int) -> tuple[Asked, ...]:
    """So many of them at most, always the same."""
    return tuple(sorted(questions, key=lambda asked: digest(asked.text))[:most])


def half_of(question: str) -> str:
    """Which half a question belongs to: `tune`, which may be looked at, or `judge`."""
    return "tune" if digest("half " + question) % 2 else "judge"


def digest(text: str) -> int:
    """A number that looks like chance and is always the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def read_questions(path: Path) -> list[Asked]:
    """A file of questions. Raises ValueError naming a line that is none."""
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if number == 1 or not row:
                continue
            if len(row) < 2 or not row[0].strip() or not row[1].strip():
                raise ValueError(f"{path}:{number}: give a question, a tab and the keys of its answers")
            found.append(Asked(row[0].strip(), frozenset(key.strip() for key in row[1].split(",") if key.strip())))
    return found


def read_entries(path: Path) -> Iterator[Entry]:
    """A file of entries, each line an object as `faq import` takes it."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            tags = tuple(map(str, row.get("tags") or ()))
            category, popularity = str(row.get("category") or ""), int(row.get("popularity") or 0)
            yield Entry(f"faq:{row['id']}", str(row["question"]), plain(str(row["answer"])), tags, category, popularity)
