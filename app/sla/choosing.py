"""The organizations that forms of service levels offer: the first by name, and the one that is asked for, however many there are."""

from sqlalchemy import ColumnElement, select

from app.accounts.models import Organization
from app.extensions import db

MOST = 500


def organizations(*wanted: ColumnElement[bool], is_demo: bool, asked: int | None = None) -> list[tuple[int, str]]:
    """(id, name) of at most MOST of those `wanted`, and of the one with the id `asked` wherever its name stands. Two statements at most."""
    query = select(Organization.id, Organization.name).where(Organization.is_demo == is_demo, *wanted)
    found = [(number, name) for number, name in db.session.execute(query.order_by(Organization.name).limit(MOST))]
    if asked is not None and len(found) == MOST and all(number != asked for number, _ in found):
        found += [(number, name) for number, name in db.session.execute(query.where(Organization.id == asked))]
    return found
