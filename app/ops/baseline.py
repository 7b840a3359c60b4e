"""The reference rows that the system needs before anybody can use it."""

from datetime import datetime

from app.accounts import defaults as accounts
from app.alerts import defaults as alerts
from app.calls import defaults as calls
from app.escalation import defaults as escalation
from app.knowledge import defaults as knowledge
from app.macros import defaults as macros
from app.sla import defaults as sla
from app.triage import defaults as triage

# In the order of the layers: plans and teams come before the rules, policies and texts that name them.
FEATURES = (accounts, macros, sla, triage, alerts, escalation, knowledge, calls)


def ensure(now: datetime) -> None:
    """Add the reference rows that are missing; what is there stays as people edited it. Flushes; the caller commits.

    One query for each feature when nothing is missing.
    """
    for feature in FEATURES:
        feature.ensure(now)
