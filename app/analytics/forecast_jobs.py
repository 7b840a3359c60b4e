"""Each hour: make the forecasts of real and of demo work, judge those whose time is over, forget the old ones."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.analytics import forecasts
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.sla.models import Clock

BATCH = 50


def make_forecasts() -> int:
    """Make the forecast of this hour, once however many workers try. Returns how many were made (real, demo)."""
    made = 0
    for is_demo in (False, True):
        with writing():
            if db.session.scalar(select(Clock.id).where(Clock.is_demo == is_demo).limit(1)) is None:
                continue
            try:
                made += forecasts.make(utcnow(), is_demo=is_demo) is not None
                db.session.commit()
            except IntegrityError:
                # Another worker has made the same one meanwhile.
                db.session.rollback()
    return made


def judge_forecasts() -> int:
    """Judge up to BATCH forecasts, and drop what is too old. Returns how many were judged; a repeat judges none."""
    with writing():
        done = sum(forecasts.judge(number, utcnow()) for number in forecasts.waiting_for_judgement(utcnow(), BATCH))
        forecasts.forget(utcnow())
        db.session.commit()
    return done
