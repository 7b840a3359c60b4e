"""The only readers of the vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_

from app.extensions import db
from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.rules import Line, compose, parse_line
from app.lib.errors import NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.text import one_line

PAGE = 50
STATES = {"own": "Added here", "edited": "Changed here", "off": "Switched off", "shipped": "As shipped"}


@dataclass(frozen=True)
class Filter:
    """Which lines an editor wants to see."""

    text: str = ""
    topic: str = ""
    state: str = ""

    @classmethod
    def of(cls, given: Any) -> "Filter":
        """From the words of an address; those that are none of ours are left out."""
        state = given.get("state", "")
        return cls(one_line(given.get("q", ""))[:100], one_line(given.get("topic", ""))[:100], state if state in STATES else "")

    @property
    def words(self) -> dict[str, str]:
        """As the words of an address."""
        pairs = {"q": self.text, "topic": self.topic, "state": self.state}
        return {name: value for name, value in pairs.items() if value}


def in_force() -> str:
    """The lines that the search goes by, as a file without headings. One statement."""
    query = select(WordGroup.line).where(WordGroup.is_enabled).order_by(WordGroup.position, WordGroup.id)
    return "".join(f"{line}\n" for line in db.session.scalars(query))


def exported() -> str:
    """The lines in force as a file with headings. One statement."""
    query = select(WordGroup.line, WordGroup.topic).where(WordGroup.is_enabled).order_by(WordGroup.position, WordGroup.id)
    return compose(parse_line(line, topic) for line, topic in db.session.execute(query))


def others(than: WordGroup | None) -> list[Line]:
    """The lines in force but one. One statement."""
    rows = db.session.scalars(select(WordGroup).where(WordGroup.is_enabled).order_by(WordGroup.position, WordGroup.id))
    return [parse_line(row.line, row.topic) for row in rows if than is None or row.id != than.id]


def group_for(number: int) -> WordGroup:
    """One line by its number. Raises NotFound. One statement."""
    row = db.session.get(WordGroup, number)
    if row is None:
        raise NotFound
    return row


def listed(wanted: Filter, cursor: str = "") -> Page:
    """Lines in the order of the file, a page of PAGE. Raises Invalid for a cursor that is not ours. One statement."""
    query = select(WordGroup).where(*wheres(wanted)).order_by(WordGroup.position, WordGroup.id).limit(PAGE + 1)
    if cursor:
        after, _ = decode_cursor(cursor, int, int)
        query = query.where(tuple_(WordGroup.position, WordGroup.id) > tuple_(*after))
    rows = list(db.session.scalars(query))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(rows[:PAGE], encode_cursor([last.position, last.id]) if last else None)


def wheres(wanted: Filter) -> list[ColumnElement[bool]]:
    """A filter as conditions."""
    found: list[ColumnElement[bool]] = [WordGroup.line.icontains(word, autoescape=True) for word in wanted.text.split()[:5]]
    if wanted.topic:
        found.append(WordGroup.topic == wanted.topic)
    match wanted.state:
        case "own":
            found.append(WordGroup.shipped == "")
        case "edited":
            found += [WordGroup.shipped != "", WordGroup.shipped != WordGroup.line]
        case "shipped":
            found += [WordGroup.shipped == WordGroup.line, WordGroup.is_enabled.is_(True)]
        case "off":
            found.append(~WordGroup.is_enabled)
    return found


def topics() -> Sequence[str]:
    """The headings in use, by name. One statement."""
    return db.session.scalars(select(WordGroup.topic).distinct().order_by(WordGroup.topic)).all()
