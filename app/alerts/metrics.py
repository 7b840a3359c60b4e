"""What /metrics tells of alerts besides the counters of the processes: how many are unresolved."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from sqlalchemy import case, func, select

from app.alerts.lists import condition
from app.alerts.models import Alert
from app.extensions import db

UNRESOLVED = "hive_alerts_unresolved"


def families(now: datetime) -> Iterator[Metric]:
    """Unresolved alerts by severity, state and team's demo mark. One statement over the unresolved alone."""
    family = Metric(UNRESOLVED, "Alerts that are not resolved.", "gauge")
    state = case((condition("silenced", now), "silenced"), else_=Alert.state)
    query = select(Alert.severity, state.label("shown"), Alert.is_demo, func.count()).where(Alert.resolved_at.is_(None))
    order = (Alert.severity, "shown", Alert.is_demo)
    for severity, shown, is_demo, number in db.session.execute(query.group_by(*order).order_by(*order)):
        family.add_sample(UNRESOLVED, {"severity": severity, "state": shown, **({"demo": "true"} if is_demo else {})}, float(number))
    yield family
