"""Alarms: leads see how the figures stand, and set from where on they raise an alert."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.analytics import alarms
from app.analytics.alarm_forms import AlarmForm
from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.htmx import go, part

bp = lead("alarms", __name__)


@bp.get("/admin/alarms")
def index() -> Response:
    """Every alarm with its figure now."""
    found = alarms.standings(utcnow())
    return part("analytics/alarms.html", standings=found, shown=alarms.shown, calm=alarms.CALM)


@bp.get("/admin/alarms/<key>")
def show(key: str) -> Response:
    """One alarm in its form."""
    definition = alarms.definition_of(key)
    one = next(row for row in alarms.standings(utcnow()) if row.key == key)
    return part("analytics/alarm.html", key=key, definition=definition, form=AlarmForm.of(one))


@bp.post("/admin/alarms/<key>")
def save(key: str) -> Response:
    """Set it."""
    definition = alarms.definition_of(key)
    form = AlarmForm(request.form).bounded(definition)
    if not form.validate():
        return part("analytics/alarm.html", 422, key=key, definition=definition, form=form)
    least = form.least.data if form.least else 0
    given = (float(form.threshold.data or 0), least, bool(form.is_enabled.data))
    alarms.save(key, *given, actor=current_user, now=utcnow())
    db.session.commit()
    flash("Saved. The figures are looked at each minute.", "ok")
    return go(url_for(".index"))
