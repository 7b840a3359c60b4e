"""The only writers of the vocabulary. What they do is in force for every search within five seconds; the index sees to it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.vocabulary import queries
from app.knowledge.vocabulary.defaults import STEP
from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.rules import MAX_FILE, MAX_TOPIC, TOPIC, Line, Problem, clashes, parse, parse_line
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.text import one_line


class Unreadable(Exception):
    """A file that cannot be taken in; nothing of it was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True)
class TakenIn:
    """What an import did: lines that are new, that went or were switched off, that were there already."""

    added: int
    removed: int
    same: int


def add(text: str, topic: str, *, actor: User, now: datetime) -> WordGroup:
    """Add a line of an editor's own. Raises NotAllowed, and Invalid with a sentence for people."""
    writers_only(actor.role, "keep the vocabulary")
    line = checked(text, topic, None)
    row = own(line, next_position(), now)
    db.session.add(row)
    db.session.flush()
    return told(row, "", actor, now)


def change(row: WordGroup, text: str, topic: str, *, actor: User, now: datetime, seen: int | None = None) -> WordGroup:
    """Rewrite a line. The same content changes and records nothing. Raises NotAllowed, Invalid, and Stale after version `seen`."""
    writers_only(actor.role, "keep the vocabulary")
    if seen is not None and row.version != seen:
        raise Stale("Somebody else changed this line since you opened it. Yours is kept below; compare, then save again.")
    line = checked(text, topic, row)
    if (line.text, line.topic) == (row.line, row.topic):
        return row
    before, row.line, row.topic, row.changed_at = row.line, line.text, line.topic, now
    db.session.flush()
    return told(row, before, actor, now)


def remove(row: WordGroup, *, actor: User, now: datetime) -> None:
    """Take a line out of force: an editor's own goes, one that ships is switched off, so that no update brings it back.

    Again is harmless. Raises NotAllowed.
    """
    writers_only(actor.role, "keep the vocabulary")
    if not row.is_enabled:
        return
    take_out(row, now)
    db.session.flush()
    record("knowledge.vocabulary_changed", now=now, actor=actor, facts={"group": row.key, "before": row.line, "after": ""})


def restore(row: WordGroup, *, actor: User, now: datetime) -> None:
    """A line that ships as it shipped, and in force. Again is harmless. Raises NotAllowed, WrongState, Invalid."""
    writers_only(actor.role, "keep the vocabulary")
    if row.is_own:
        raise WrongState("This line was added here; there is no other one to go back to.")
    before = row.line if row.is_enabled else ""
    if before == row.shipped:
        return
    row.line, row.is_enabled, row.changed_at = checked(row.shipped, row.topic, row).text, True, now
    db.session.flush()
    told(row, before, actor, now)


def take_in(text: str, *, replace: bool, actor: User, now: datetime) -> TakenIn:
    """Add the lines of a file that are not in force; with `replace` take out those that it has not. One event for all.

    All or nothing. Raises Unreadable, which names each wrong line; NotAllowed for writers who would replace everything.
    Again changes and records nothing.
    """
    writers_only(actor.role, "keep the vocabulary")
    if replace and not may(actor.role, "knowledge.publish"):
        raise NotAllowed("Leads replace the whole vocabulary. You can add lines.")
    lines = readable(text)
    rows = list(db.session.scalars(select(WordGroup)))
    there = {row.line: row for row in rows}
    fresh = [line for line in lines if line.text not in there or not there[line.text].is_enabled]
    kept = {line.text for line in lines}
    gone = [row for row in rows if replace and row.is_enabled and row.line not in kept]
    check_together([row for row in rows if row.is_enabled and row not in gone], fresh)
    place = next_position()
    for number, line in enumerate(fresh):
        put_in(there.get(line.text), line, place + number * STEP, now)
    for row in gone:
        take_out(row, now)
    db.session.flush()
    if fresh or gone:
        facts = {"added": [line.text for line in fresh][:100], "removed": [row.line for row in gone][:100]}
        record("knowledge.vocabulary_imported", now=now, actor=actor, facts=facts)
    return TakenIn(len(fresh), len(gone), len(lines) - len(fresh))


def readable(text: str) -> list[Line]:
    """The lines of a file. Raises Unreadable."""
    if len(text) > MAX_FILE:
        raise Unreadable([Problem(0, f"The file has more than {MAX_FILE:,} characters.")])
    lines, problems = parse(text)
    if problems:
        raise Unreadable(problems)
    return lines


def check_together(staying: Sequence[WordGroup], fresh: Sequence[Line]) -> None:
    """Raise Unreadable where new lines clash with those that stay."""
    problems = [problem for problem in clashes([*(parse_line(row.line) for row in staying), *fresh]) if problem.number]
    if problems:
        raise Unreadable(problems)


def put_in(row: WordGroup | None, line: Line, position: int, now: datetime) -> None:
    """A line of a file: one that was switched off comes back, another one is new."""
    if row is None:
        db.session.add(own(line, position, now))
    else:
        row.is_enabled, row.changed_at = True, now


def take_out(row: WordGroup, now: datetime) -> None:
    """Out of force."""
    if row.is_own:
        db.session.delete(row)
    else:
        row.is_enabled, row.changed_at = False, now


def own(line: Line, position: int, now: datetime) -> WordGroup:
    """A row of an editor's own."""
    return WordGroup(
        key=f"own.{secrets.token_hex(6)}", line=line.text, topic=line.topic, shipped="", is_enabled=True, position=position, changed_at=now
    )


def checked(text: str, topic: str, row: WordGroup | None) -> Line:
    """A line that fits beside the others. Raises Invalid."""
    try:
        line = parse_line(text, one_line(topic).lstrip("# ")[:MAX_TOPIC] or TOPIC)
    except ValueError as wrong:
        raise Invalid(str(wrong)) from wrong
    for problem in clashes([*queries.others(row), line]):
        raise Invalid(problem.message)
    return line


def next_position() -> int:
    """Behind all others."""
    return (db.session.scalar(select(func.max(WordGroup.position))) or 0) + STEP


def told(row: WordGroup, before: str, actor: User, now: datetime) -> WordGroup:
    """Record what became of a line."""
    record("knowledge.vocabulary_changed", now=now, actor=actor, facts={"group": row.key, "before": before, "after": row.line})
    return row
