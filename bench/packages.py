"""Ten thousand entries with words that people really wrote: what the installed packages say of themselves and of their parts.

They only ever lie in a benchmark's own database. The same packages and the same count make the same entries.
"""

import ast
import random
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from app.knowledge.sections import CATEGORIES

SEED = 20261128
SHORTEST, LONGEST = 60, 1500
ASKS = (
    "How do I {verb} with {package}?",
    "What does {name} do?",
    "When should I use {name} of {package}?",
    "Can {package} {verb}?",
    "{name} does not do what I expect. What is it for?",
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
Described = tuple[str, str, str]


@lru_cache(maxsize=2)
def entries(count: int) -> tuple[dict[str, Any], ...]:
    """Entries in the format of `faq import`, every question another one. Raises ValueError where the packages do not say enough."""
    rng = random.Random(SEED)
    asked: set[str] = set()
    made: list[dict[str, Any]] = []
    for package, name, text in by_turns():
        verb = " ".join(word.lower() for word in WORD.findall(name))
        question = rng.choice(ASKS).format(verb=verb, name=name, package=package)
        if question in asked:
            continue
        asked.add(question)
        tags = [package, *verb.split()[:2]]
        about = {"category": rng.choice([*CATEGORIES]), "tags": tags, "popularity": rng.randint(0, 1000)}
        made.append({"id": f"bench-{len(made)}", "question": question, "answer": text, **about})
        if len(made) == count:
            return tuple(made)
    raise ValueError(f"the installed packages describe {len(made)} things, not {count}")


def by_turns() -> Iterator[Described]:
    """(package, name of a part, what it says of itself): one of each package, then the next of each."""
    found = sorted(metadata.distributions(), key=lambda one: one.name.lower())
    by_package = [described(one.name, sources(one)) for one in found]
    return (one for one in chain.from_iterable(zip_longest(*by_package)) if one is not None)


def sources(distribution: metadata.Distribution) -> Iterator[Path]:
    """The modules of a package, by name."""
    files = sorted(str(file.locate()) for file in distribution.files or () if file.suffix == ".py")
    return map(Path, files)


def described(package: str, files: Iterator[Path]) -> Iterator[Described]:
    """The classes and functions of a package that have something to say."""
    for path in files:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = " ".join((ast.get_docstring(node) or "").split())
                if len(text) >= SHORTEST and not node.name.startswith("_"):
                    yield package, node.name, text[:LONGEST]


def tree_of(path: Path) -> ast.Module:
    """A module, parsed; an empty one where this Python cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return ast.Module([], [])
