"""What the rota does by itself: the holidays of people are looked up for the years that come near."""

from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.lib import public_holidays
from app.lib.clock import utcnow
from app.lib.database import writing
from app.rota.editing import YEARS_AHEAD
from app.rota.models import RotaPerson


def extend_holidays() -> int:
    """Fill in public holidays where they end before the years ahead; returns for how many people. A repeat finds none.

    What was there stays. A country that the library no longer knows is left as it is.
    """
    last = utcnow().year + YEARS_AHEAD
    rows = select(RotaPerson.id).join(User, User.id == RotaPerson.user_id).where(User.is_enabled)
    behind = db.session.scalars(rows.where(RotaPerson.country != "", RotaPerson.filled_to < last)).all()
    db.session.rollback()
    return sum(extend(number, last) for number in behind)


def extend(number: int, last: int) -> bool:
    """The same for one person. The library is asked before the transaction begins to write."""
    row = db.session.get_one(RotaPerson, number)
    place, filled_to = (row.country, row.region), row.filled_to
    db.session.rollback()
    try:
        days = public_holidays.names(*place, range(max(filled_to + 1, last - YEARS_AHEAD), last + 1))
    except public_holidays.UnknownPlace:
        return False
    with writing():
        row = db.session.get_one(RotaPerson, number, populate_existing=True)
        if (row.country, row.region, row.filled_to) == (*place, filled_to):
            row.holidays, row.filled_to = {**row.holidays, **days}, last
        db.session.commit()
    return True
