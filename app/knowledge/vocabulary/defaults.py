"""The words that ship with the product, app/search/synonyms.txt, as rows that editors can change."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.rules import Line, parse
from app.search.analysis import SHIPPED

# Editors' own lines come after ours.
STEP = 10


def ensure(now: datetime) -> None:
    """Bring the lines as they ship now: new ones are added, others follow unless somebody edited or switched them off.

    One statement when nothing is new. Flushes. No event: nobody did anything, and the index looks after itself.
    """
    have = {row.key: row for row in db.session.scalars(select(WordGroup).where(WordGroup.shipped != ""))}
    for place, (key, line) in enumerate(shipped()):
        row = have.pop(key, None)
        if row is None:
            group = WordGroup(key=key, line=line.text, topic=line.topic, shipped=line.text, position=place * STEP, changed_at=now)
            db.session.add(group)
        elif row.shipped != line.text:
            if not row.is_edited:
                row.line, row.changed_at = line.text, now
            row.shipped, row.topic, row.position = line.text, line.topic, place * STEP
    for row in have.values():
        retire(row)
    db.session.flush()


def retire(row: WordGroup) -> None:
    """A line that ships no more goes, unless somebody made it their own."""
    if row.is_edited and row.is_enabled:
        row.shipped = ""
    else:
        db.session.delete(row)


def shipped() -> Iterator[tuple[str, Line]]:
    """(key, line) of each. The key is the first term, which a later edit of the line leaves; raises ValueError for a fault of ours."""
    lines, problems = parse(SHIPPED)
    if problems:
        raise ValueError(f"synonyms.txt: {problems}")
    times: Counter[str] = Counter()
    for line in lines:
        first = line.terms[0]
        times[first] += 1
        yield (first if times[first] == 1 else f"{first}.{times[first]}"), line
