"""Three thousand FAQ entries for the search to be measured on: sentences of the shipped ones, recombined, about made-up tools.

They are not real answers and only ever lie in a benchmark's own database. The same seed makes the same entries.
"""

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.servers import ROOT

ENTRIES = 3000
SEED = 20261127
SHIPPED = ROOT / "app" / "knowledge" / "content" / "faq.json"
SYLLABLES = (
    "ra",
    "mo",
    "ti",
    "ken",
    "sol",
    "ver",
    "qu",
    "li",
    "gar",
    "pex",
    "don",
    "ul",
    "bri",
    "sta",
    "fen",
    "zo",
    "ha",
    "net",
    "cur",
    "vi",
)
ASKS = (
    "How do I set up {tool} with {topic}?",
    "Why does {topic} fail when {tool} runs?",
    "Where does {tool} keep its {topic}?",
    "Can {tool} use another {topic}?",
    "What happens to {topic} after an update of {tool}?",
    "{tool} says that {topic} is missing. What now?",
)


def shipped() -> list[dict[str, Any]]:
    """The entries that come with the product."""
    found: list[dict[str, Any]] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return found


def entries(count: int = ENTRIES) -> list[dict[str, Any]]:
    """Made-up entries in the format of `faq import`."""
    rng, real = random.Random(SEED), shipped()
    sentences = [s for one in real for s in re.split(r"(?<=[.!?])\s+", one["answer"]) if 20 < len(s) < 240]
    topics = sorted({" ".join(words) for one in real for words in pairs(one["question"])})
    made = []
    for number in range(count):
        tool = "".join(rng.sample(SYLLABLES, 3))
        made.append(
            {
                "id": f"bench-{number}",
                "question": rng.choice(ASKS).format(tool=tool, topic=rng.choice(topics)),
                "answer": " ".join(rng.sample(sentences, rng.randint(2, 5))),
                "category": rng.choice(real)["category"],
                "tags": [tool],
                "popularity": rng.randint(0, 1000),
            }
        )
    return made


def pairs(question: str) -> list[list[str]]:
    """Neighbouring words of four letters and more."""
    words = re.findall(r"[a-z]{4,}", question.lower())
    return [words[n : n + 2] for n in range(len(words) - 1)]


def queries(kind: str, count: int = 40, about: Sequence[dict[str, Any]] = ()) -> list[str]:
    """Queries of a kind: `one word`, `two words`, `a typo`, `half typed` or `a question`, each about another entry that is there."""
    rng = random.Random(f"{SEED}-{kind}")
    chosen = rng.sample(about or entries(), count)
    return [asked(kind, one, rng) for one in chosen]


def asked(kind: str, entry: dict[str, Any], rng: random.Random) -> str:
    """What somebody types who looks for an entry."""
    words = [word for word in re.findall(r"[a-z]+", entry["question"].lower()) if len(word) > 4] or ["install"]
    if kind == "a question":
        return str(entry["question"])
    if kind == "two words":
        return " ".join(rng.sample(words, 2)) if len(words) > 1 else words[0]
    word = rng.choice(words)
    if kind == "one word":
        return word
    if kind == "half typed":
        return word[: len(word) - 2]
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def write(path: Path) -> None:
    """The entries as a file for `faq import`."""
    path.write_text(json.dumps(entries(), ensure_ascii=False), encoding="utf-8")
