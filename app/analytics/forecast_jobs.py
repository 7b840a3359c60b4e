"""Each hour: make the forecasts of real and of demo work, judge those whose time is over, forget the old ones."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.analytics import forecasts
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.sla.models import Clock

BATCH = 50


def make_forecasts() -> int:
    """Make the forecast of this hour, once however many workers try. Returns how many were made (real, demo)."""
    made = 0
    for is_demo in (False, True):
        with reading():
            is_there = db.session.scalar(select(Clock.id).where(Clock.is_demo == is_demo).limit(1)) is not None
            found = forecasts.worked_out(utcnow(), is_demo=is_demo) if is_there else None
            db.session.rollback()
        made += found is not None and kept(found)
    return made


def kept(found: forecasts.Made) -> bool:
    """Store a forecast; False where another worker was faster."""
    with writing():
        try:
            forecasts.keep(found)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            return False
    return True


def judge_forecasts() -> int:
    """Judge up to BATCH forecasts, and drop what is too old. Returns how many were judged; a repeat judges none."""
    with writing():
        done = sum(forecasts.judge(number, utcnow()) for number in forecasts.waiting_for_judgement(utcnow(), BATCH))
        forecasts.forget(utcnow())
        db.session.commit()
    return done
