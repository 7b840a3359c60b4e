"""The link in an alert's mail: it acknowledges without signing in. Looking changes nothing, because mail scanners look, too."""

from flask import Response, current_app, url_for

from app.accounts.models import User
from app.alerts import actions, links
from app.alerts.messages import SEVERITY_WORDS
from app.alerts.models import Alert, AlertDelivery
from app.audiences import public
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Gone
from app.lib.htmx import go, private

bp = public("alert_links", __name__)


@bp.get("/alerts/acknowledge/<token>")
def show(token: str) -> Response:
    """What it is about, and the button."""
    alert, person = found(token)
    return private("alerts/acknowledge.html", alert=alert, person=person, token=token, severities=SEVERITY_WORDS)


@bp.post("/alerts/acknowledge/<token>")
def acknowledge(token: str) -> Response:
    """Acknowledge it in the name of whom the mail went to. Again is harmless."""
    alert, person = found(token)
    if alert.state == "open":
        actions.acknowledge(alert, actor=person, now=utcnow(), how="link")
        db.session.commit()
    return go(url_for(".show", token=token))


def found(token: str) -> tuple[Alert, User | None]:
    """The alert of a link and the person whom it was sent to, None for a plain address. Raises Gone."""
    number = links.delivery_of(current_app.config["SECRET_KEY"], token)
    delivery = db.session.get(AlertDelivery, number) if number is not None else None
    if delivery is None or delivery.alert_id is None:
        raise Gone("This link does not work any more: it holds for a week. Sign in and open Alerts at the desk.")
    person = db.session.get(User, delivery.user_id) if delivery.user_id is not None else None
    if person is not None and not person.is_at_desk:
        raise Gone("This link was sent to somebody who no longer works at the desk.")
    return db.session.get_one(Alert, delivery.alert_id), person
