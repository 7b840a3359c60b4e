"""Mails that can wait do not come at midnight: they leave when the hours of whom they are for begin."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.mail.models import OutboundMail
from app.rota import queries as rota


def wait_for_hours(mail_ids: Iterable[int], *, now: datetime) -> None:
    """Hold back the mails to people who do not work now; the sweep of mails sends them when they do. A few statements for each person."""
    mine = select(OutboundMail, User.id).join(User, User.email == OutboundMail.recipient).where(OutboundMail.id.in_(list(mail_ids)))
    for mail, user_id in db.session.execute(mine).all():
        if not rota.works_at(user_id, now):
            mail.next_try_at = rota.next_working_time(user_id, now) or now
