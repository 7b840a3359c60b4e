"""`python -m bench.search.gather RAW INTO`: folders of questions by real people, from the public files that questions/README.md names.

The questions are not ours, so they are not kept here. What is: how they are chosen, and what readers said of them, in
questions/corrections: a line for each question that does not say which entry is meant (`-`) or that further entries answer as well,
under the beginning of its SHA-256. `CORRECTED=no` leaves all questions as their authors labelled them.
"""

import csv
import html
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path

from bench.search.sets import QUESTIONS, digest

CORRECTIONS = QUESTIONS / "corrections"
WORD = re.compile(r"[\w']+")
OUT = "-"


@dataclass
class Gathered:
    """An entry with the questions that people asked about it."""

    key: str
    title: str
    answer: str
    questions: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """As a folder's entries.jsonl has it."""
        return {"id": self.key, "question": self.title, "answer": self.answer, "category": "all", "tags": [], "popularity": 0}


def main() -> None:
    """Write every folder."""
    raw, into = (Path(argument) for argument in sys.argv[1:3])
    for name, gather in SETS.items():
        entries = gather(raw)
        kept = write(into / name, entries, corrections(name) if os.environ.get("CORRECTED") != "no" else {})
        sys.stdout.write(f"{name}: {len(entries)} entries, {kept} questions of {sum(len(entry.questions) for entry in entries)}\n")


def write(folder: Path, entries: list[Gathered], corrected: dict[str, str]) -> int:
    """A folder as bench/search/sets.py reads it; how many questions are in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entries.jsonl").write_text("".join(json.dumps(e.line(), ensure_ascii=False) + "\n" for e in entries), encoding="utf-8")
    lines = ["question\tanswers"]
    for entry in entries:
        for question in entry.questions:
            found = corrected.get(name_of(question), "")
            if found != OUT:
                lines.append(f"{question}\t" + ",".join(f"faq:{key}" for key in (entry.key, *filter(None, found.split(",")))))
    (folder / "queries.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1


def corrections(name: str) -> dict[str, str]:
    """Beginning of a question's SHA-256 → `-`, or keys of further right entries with commas between."""
    path = CORRECTIONS / f"{name}.tsv"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return dict(line.split("\t") for line in lines)  # type: ignore[misc]


def name_of(question: str) -> str:
    """Under what a question is known here."""
    return sha256(question.encode()).hexdigest()[:16]


def stackfaq(raw: Path) -> list[Gathered]:
    """A thread with all its answers is an entry; of the ten ways in which people asked for it, four."""
    found = []
    for number, pair in zip(count(1), re.findall(r"<qapair>(.*?)</qapair>", (raw / "stackExchange-FAQ.xml").read_text("utf-8"), re.S)):
        (title,), answers, asked = (texts(pair, name) for name in ("question", "answer", "rephr"))
        entry = Gathered(f"t{number:03}", title, "\n\n".join(answers))
        entry.questions = chosen((text for text in asked if text != "*" and plain(text) != plain(title)), 4)
        found.append(entry)
    return found


def texts(piece: str, name: str) -> list[str]:
    """The texts of all elements of that name; the file is no well-formed XML."""
    return [" ".join(html.unescape(text).split()) for text in re.findall(f"<{name}>(.*?)</{name}>", piece, re.S)]


def quebec(raw: Path) -> list[Gathered]:
    """The FAQ of a government; workers saw an answer and wrote the question to it. Two an entry, which are questions of their own."""
    found: dict[str, Gathered] = {}
    for file in ("a1571487.csv", "a1571615.csv"):
        with (raw / file).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                title, answer = " ".join(row["questions"].split()), " ".join(row["answers"].split())
                entry = found.setdefault(plain(title + answer), Gathered(f"c{len(found) + 1:03}", title, answer))
                written = next(value for name, value in row.items() if name.startswith("write_") and "gold" not in name)
                entry.questions += [" ".join(line.split()) for line in written.splitlines()]
    for entry in found.values():
        entry.questions = chosen(filter(lambda text, entry=entry: is_own(text, entry), entry.questions), 2)  # type: ignore[misc]
    return list(found.values())


def is_own(question: str, entry: Gathered) -> bool:
    """Whether a worker wrote it: four to twenty words, copied from nowhere, at most three quarters of its words in the entry's title."""
    words = WORD.findall(question.lower())
    if not 4 <= len(words) <= 20 or plain(question) in plain(entry.title) or plain(question) in plain(entry.answer):
        return False
    return share(question, entry.title) <= 0.75


def nl2bash(raw: Path) -> list[Gathered]:
    """What a shell command does, in people's words. Commands with three descriptions or more: the first is the entry, two others ask."""
    described: dict[str, list[str]] = {}
    with (raw / "all.nl").open(encoding="utf-8") as said, (raw / "all.cm").open(encoding="utf-8") as commands:
        for text, command in zip(said, commands, strict=True):
            described.setdefault(command.strip(), []).append(" ".join(text.split()))
    found: list[Gathered] = []
    programs: dict[str, int] = {}
    for command, (title, *others) in described.items():
        program = command.split()[0]
        asked = chosen((text for text in others if share(text, title) <= 0.6), 2)
        if asked and programs.get(program, 0) < 45 and not any(is_near(title, command, other) for other in found):
            programs[program] = programs.get(program, 0) + 1
            found.append(Gathered(f"b{len(found) + 1:03}", title, command, asked))
    return found


def is_near(title: str, command: str, other: Gathered) -> bool:
    """Whether two commands are hard to tell apart."""
    return common(title, other.title) >= 0.5 or common(command, other.answer) >= 0.7


def banking77(raw: Path) -> list[Gathered]:
    """Questions to the app of a bank, five of each intent. The entries are ours, written from the names of the intents alone."""
    lines = (QUESTIONS / "bank" / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    found = {row["id"]: Gathered(row["id"], row["question"], row["answer"]) for row in map(json.loads, lines)}
    with (raw / "test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[key_of(row["category"])].questions.append(" ".join(row["text"].split()))
    for entry in found.values():
        entry.questions = chosen(entry.questions, 5)
    return list(found.values())


def key_of(intent: str) -> str:
    """The entry of an intent."""
    return intent.lower().replace("_", "-").replace("?", "")


def chosen(questions: Iterable[str], most: int) -> list[str]:
    """So many of them, always the same, each once."""
    return sorted(dict.fromkeys(questions), key=lambda text: digest("gather " + text))[:most]


def plain(text: str) -> str:
    """Its words, for comparing."""
    return " ".join(WORD.findall(text.lower()))


def share(text: str, other: str) -> float:
    """How much of a text's words is in another."""
    words = set(WORD.findall(text.lower()))
    return len(words & set(WORD.findall(other.lower()))) / max(len(words), 1)


def common(text: str, other: str) -> float:
    """How much of the words of both is in both."""
    one, two = (set(WORD.findall(piece.lower())) for piece in (text, other))
    return len(one & two) / max(len(one | two), 1)


SETS: dict[str, Callable[[Path], list[Gathered]]] = {
    "stackfaq-webapps": stackfaq,
    "quebec-covid": quebec,
    "nl2bash": nl2bash,
    "banking77": banking77,
}

if __name__ == "__main__":
    main()
