"""The head of a Markdown file: `key: value` between two lines of ---, close enough to YAML for what others write. Pure.

A value goes to the end of its line. One in quotes, and a list in brackets or of lines that begin with `- `, is read as YAML
reads it. Lines of keys that we do not know are kept as they are, with what is indented below them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.lib.text import many_lines, one_line

FENCE = "---"
KEY = re.compile(r"([A-Za-z][\w.-]{0,59})[ \t]*:(?:[ \t]+(.*)|)$")
ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*)|)$")
MOST_LINES = 500


class Unreadable(ValueError):
    """A file or a row of it that cannot be taken in; the message says why, `line` where (1 is the first)."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.line = line


@dataclass
class Head:
    """What stands between the lines: known keys with their lines and values, and the other lines as they are."""

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    @property
    def rest(self) -> str:
        """The lines of keys that we do not know."""
        return "\n".join(self.others)

    def value(self, key: str, default: str = "") -> str:
        """A value, or `default` where the key is not there."""
        return self.values.get(key, default)

    def words(self, key: str) -> list[str]:
        """A value that is a list: `a, b`, `[a, b]`, or lines that begin with `- `."""
        return [*words_of(self.values.get(key, "")), *self.lists.get(key, ())]

    def line(self, key: str) -> int:
        """The line of a key; 1 where it is not there."""
        return self.lines.get(key, 1)


def split(text: str, known: Iterable[str]) -> tuple[Head, str]:
    """The head and the body of a file. Raises Unreadable with the line."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = next((number for number, line in enumerate(lines[: MOST_LINES + 2]) if number and line.rstrip() == FENCE), None)
    if lines[0].rstrip() != FENCE or end is None:
        raise Unreadable("there is no front matter between two lines of ---")
    return head_of(lines[1:end], frozenset(known)), many_lines("\n".join(lines[end + 1 :]))


def head_of(lines: Sequence[str], known: frozenset[str]) -> Head:
    """The lines between. Raises Unreadable with the line."""
    head, key = Head(), ""
    for number, raw in enumerate(lines, 2):
        line = many_lines(raw)
        found = KEY.match(line) if line[:1] not in (" ", "\t", "-", "#") else None
        if found and found[1] in known:
            key = found[1]
            if key in head.lines:
                raise Unreadable(f"{key} stands there twice", number)
            head.lines[key], head.values[key] = number, unquoted(found[2] or "")
        elif found or (not key and not continues(line, head)):
            if not found:
                raise Unreadable(f"this is none of the front matter that we know: {line[:60]!r}", number)
            key = ""
            head.others.append(line)
        elif not key:
            head.others.append(line)
        else:
            belongs(head, key, line, number)
    return head


def continues(line: str, head: Head) -> bool:
    """Whether a line belongs to an unknown key above it, or says nothing."""
    return not line.strip() or line.lstrip()[:1] == "#" or (bool(head.others) and line[:1] in (" ", "\t", "-"))


def belongs(head: Head, key: str, line: str, number: int) -> None:
    """A line below a known key: an item of its list, or nothing. Raises Unreadable for anything else."""
    item = ITEM.match(line)
    if item is not None and not head.values[key]:
        head.lists.setdefault(key, []).append(unquoted(item[1] or ""))
    elif line.strip() and line.lstrip()[:1] != "#":
        raise Unreadable(f"this is none of the front matter that we know: {line[:60]!r}", number)


def unquoted(text: str) -> str:
    """A value as it is meant: in double quotes with the escapes of JSON, in single ones with '' for one; else as it stands."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return one_line(str(json.loads(text)))
        except ValueError:
            return one_line(text)
    if len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1].replace("''", ""):
        return one_line(text[1:-1].replace("''", "'"))
    return one_line(text)


def quoted(text: str) -> str:
    """A value as a file has it: plain, and in quotes only where it would be read as something else."""
    return text if unquoted(text) == text else json.dumps(text, ensure_ascii=False)


def words_of(text: str) -> list[str]:
    """A list in a line."""
    if text[:1] == "[" and text[-1:] == "]":
        try:
            read = json.loads(text)
            return [one_line(str(word)) for word in read if word != ""]
        except ValueError:
            return [word for word in (unquoted(piece) for piece in text[1:-1].split(",")) if word]
    return [word for word in (one_line(piece) for piece in text.split(",")) if word]


def listed(words: Sequence[str]) -> str:
    """A list in a line, so that it is read as the same list again."""
    text = ", ".join(words)
    return text if words_of(unquoted(text)) == list(words) else json.dumps(list(words), ensure_ascii=False)


def composed(fields: Mapping[str, str], rest: str, body: str) -> str:
    """A file of fields (values as `quoted` and `listed` give them), the lines that we do not know, and a body."""
    lines = [f"{key}: {value}".rstrip() for key, value in fields.items()]
    return "\n".join([FENCE, *lines, *([rest] if rest else []), FENCE, body]) + "\n"
