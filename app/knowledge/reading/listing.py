"""Articles in the order of their last change, page by page, for programs that keep a copy."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import defer

from app.extensions import db
from app.knowledge.finding import readable
from app.knowledge.models import Article
from app.knowledge.sections import Reader
from app.lib.paging import Page, decode_cursor, encode_cursor


@dataclass(frozen=True)
class Wanted:
    """Which articles: of a section, with a tag, changed at or after a moment. Empty means all."""

    section: str = ""
    tag: str = ""
    since: datetime | None = None

    def where(self, reader: Reader | None) -> list[ColumnElement[bool]]:
        """What that means for somebody."""
        found = [readable("article", reader)]
        if self.section:
            found.append(Article.section == self.section)
        if self.tag:
            # Both databases hold the list as the text that we wrote.
            found.append(cast(Article.tags, Text).contains(json.dumps(self.tag), autoescape=True))
        if self.since:
            found.append(Article.changed_at >= self.since)
        return found


def page(reader: Reader | None, wanted: Wanted, cursor: str, limit: int) -> tuple[Page, int]:
    """(a page of articles without their bodies, how many there are in all). Raises Invalid for a cursor that is not ours.

    Two statements.
    """
    where = wanted.where(reader)
    total = db.session.scalar(select(func.count()).select_from(Article).where(*where)) or 0
    query = select(Article).options(defer(Article.body, raiseload=True)).where(*where)
    if cursor:
        query = query.where(behind(cursor))
    rows = db.session.scalars(query.order_by(Article.changed_at, Article.id).limit(limit + 1)).all()
    more = len(rows) > limit
    return Page(list(rows[:limit]), encode_cursor([rows[limit - 1].changed_at, rows[limit - 1].id]) if more else None), total


def behind(cursor: str) -> ColumnElement[bool]:
    """What comes after a place."""
    (at, number), _ = decode_cursor(cursor, datetime, int)
    return or_(Article.changed_at > at, and_(Article.changed_at == at, Article.id > number))
