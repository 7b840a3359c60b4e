"""An alert from its raising to its acknowledgement through the real worker, a real mail server and real HTTP."""

import re

import pytest
from sqlalchemy import select

from app.alerts.models import Alert, AlertDelivery
from app.extensions import db
from tests.alerts.shared import on_call, raised, route, team
from tests.worker import until

pytestmark = pytest.mark.real_clock


@pytest.mark.engines("sqlite", "postgresql")
def test_a_page_reaches_slack_a_webhook_and_whoever_is_on_call(app, people, now, worker, smtp, wire, browse):
    on_call(people.agent, "support")
    route(("on_call", ""), ("slack", "#ops"), ("webhook", f"{wire.url}/hook"))
    worker(SMTP_URL=smtp.url, SLACK_TOKEN="xoxb-real", SLACK_API_URL=f"{wire.url}/slack", ALLOW_LOCAL_ADDRESSES="yes")
    alert = raised(now, "page", team_id=team("support"))
    until(lambda: states(alert) == ["mailed", "sent", "sent"], "three messages to be sent")
    until(lambda: smtp.received, "the mail to arrive")
    [(recipient, mail)] = smtp.received
    assert (recipient, mail["Subject"]) == (people.agent.email, "Page: Many tickets")
    assert "Aiko Tanaka" in wire.to("/slack/chat.postMessage")[0].json["text"]
    assert wire.to("/hook")[0].headers["webhook-signature"].startswith("v1,")
    path = re.search(r"http://localhost(/alerts/acknowledge/\S+)", mail.get_body(("plain",)).get_content())[1]
    visitor = browse(None)
    visitor.get(path)
    visitor.post(path, to=path)
    db.session.rollback()
    found = db.session.get(Alert, alert.id, populate_existing=True)
    assert (found.state, found.climb_at, found.acknowledged_by_id) == ("acknowledged", None, people.agent.id)


def states(alert):
    """The states of its messages by kind."""
    db.session.rollback()
    rows = db.session.scalars(select(AlertDelivery).where(AlertDelivery.alert_id == alert.id).execution_options(populate_existing=True))
    found = sorted(row.state for row in rows)
    db.session.rollback()
    return found
