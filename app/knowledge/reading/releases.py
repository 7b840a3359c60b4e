"""Whether the version of the product that an article holds for is still supported."""

from datetime import date

from sqlalchemy import select

from app.extensions import db
from app.knowledge.learning.models import Release
from app.knowledge.learning.rules import covers


def ended_on(version: str, today: date) -> date | None:
    """The last day of the version that an article names, once it has passed; None while it is supported or nothing is known.

    One statement, none where no version is named.
    """
    if not version:
        return None
    over = db.session.execute(select(Release.version, Release.ends_on).where(Release.ends_on < today))
    return max((ends_on for release, ends_on in over if ends_on and covers(release, version)), default=None)
