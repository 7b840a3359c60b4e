"""The demo's calls."""

from sqlalchemy import select

from app.calls.models import Call
from app.dev import demo
from app.extensions import db
from tests.dev.empty import emptied


def test_the_demo_has_two_calls_to_come_and_one_that_was_held(app, now):
    emptied()
    demo.load(now, tickets=12)
    found = db.session.scalars(select(Call).order_by(Call.starts_at)).all()
    assert [(call.state, call.starts_at > now, call.is_demo) for call in found] == [
        ("held", False, True),
        ("booked", True, True),
        ("booked", True, True),
    ]
    assert any(call.ticket_id for call in found)
