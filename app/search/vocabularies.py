"""The words that the texts of an index have, in a file for each language: what spelling goes by."""

from collections.abc import Mapping
from pathlib import Path

from app.search import store
from app.search.languages import ENGLISH_LOCALE

NAME = "vocabulary"


def read(folder: Path) -> dict[str, set[str]]:
    """Language → its words. Raises OSError."""
    found = {}
    for path in folder.glob(f"{NAME}.*"):
        locale = path.name.removeprefix(f"{NAME}.").removesuffix("txt").removesuffix(".")
        found[locale or ENGLISH_LOCALE] = set(path.read_text(encoding="utf-8").split("\n"))
    return found


def write(folder: Path, words: Mapping[str, set[str]]) -> None:
    """Write the files of these languages."""
    for locale, known in words.items():
        path = folder / (f"{NAME}.txt" if locale == ENGLISH_LOCALE else f"{NAME}.{locale}.txt")
        store.replace_text(path, "\n".join(sorted(known - {""})))
