"""What the demo's readers did in the help centre: a month of counts, marked as demo, so that no real figure has them."""

import random
from datetime import datetime, timedelta

from sqlalchemy import select

from app.extensions import db
from app.knowledge.learning.models import EntryDay, ReaderDay
from app.knowledge.models import Faq, SearchCount

DAYS = 30
ENTRIES = 12
VISITS = 40
# (question, answers, times a week, and of ten times: without an answer that fits, opened, left alone, followed by a ticket)
QUESTIONS = (
    ("how to install", 24, 30, 0, 9, 1, 0),
    ("hive: command not found", 12, 22, 0, 8, 1, 1),
    ("consensus timeout", 15, 18, 1, 6, 2, 2),
    ("proxy certificate", 9, 14, 1, 6, 2, 2),
    ("change the invoice address", 6, 9, 3, 3, 5, 3),
    ("air gapped install", 8, 7, 4, 3, 5, 4),
    ("bitbucket server", 0, 6, 0, 0, 0, 3),
    ("eclipse plugin", 0, 4, 0, 0, 0, 2),
    ("sla credits", 0, 3, 0, 0, 0, 2),
)


def read(dice: random.Random, now: datetime) -> None:
    """Visits, questions and readings of the last DAYS days. Flushes."""
    entries = db.session.scalars(select(Faq.id).where(Faq.audience == "public").order_by(Faq.popularity.desc()).limit(ENTRIES)).all()
    for back in range(DAYS):
        day = (now - timedelta(days=back)).date()
        visits = round(VISITS * (0.4 if day.weekday() > 4 else 1.0) * (0.8 + 0.4 * dice.random()))
        found, ticketed = round(visits * 0.83), round(visits * 0.06)
        counts = {"searches": visits + visits // 3, "opened": visits, "refined": visits // 5, "abandoned": visits // 8, "asked": ticketed}
        counts |= {"empty": visits // 20, "weak": visits // 16, "visits": visits, "found": found, "ticketed": ticketed}
        counts |= {"offered": visits // 4, "deflected": visits // 9, "undeflected": visits // 20}
        db.session.add(ReaderDay(day=day, is_demo=True, **counts))
        for place, entry_id in enumerate(entries):
            views = max(1, round(visits / (place + 2)))
            voted = {"helpful": views // 6, "unhelpful": views // 14 if place % 4 == 1 else 0, "solved": views // 12}
            led = {"tickets": int(place % 4 == 1 and back % 5 == 0)}
            row = EntryDay(
                day=day, is_demo=True, kind="faq", entry_id=entry_id, views=views, opened=views // 2, places=views, **voted, **led
            )
            db.session.add(row)
        ask(dice, day.weekday(), day)
    db.session.flush()


def ask(dice: random.Random, weekday: int, day: object) -> None:
    """The questions of a day."""
    for query, results, weekly, weak, opened, abandoned, tickets in QUESTIONS:
        times = round(weekly / (14 if weekday > 4 else 6) * (0.6 + 0.8 * dice.random()))
        if not times:
            continue
        share = {"weak": weak, "opened": opened, "abandoned": abandoned, "tickets": tickets, "asked": tickets}
        counts = {name: min(times, round(times * tenths / 10)) for name, tenths in share.items()}
        counts |= {"times": times, "results": results, "empty": times if not results else 0, "places": counts["opened"] * 2}
        db.session.add(SearchCount(day=day, is_demo=True, query=query, **counts))
