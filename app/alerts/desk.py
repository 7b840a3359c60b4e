"""Alerts at the desk: what is open, who was told, and taking care of it."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.alerts import actions, lists, metrics, queries, story
from app.alerts.forms import ScopeForm, SilenceForm
from app.alerts.messages import KIND_WORDS, SEVERITY_WORDS, who_words
from app.alerts.models import Alert
from app.audiences import desk
from app.extensions import db
from app.lib import metrics as figures
from app.lib.clock import utcnow
from app.lib.htmx import go, page_or_part, part
from app.lib.requests import row_number

bp = desk("alerts", __name__)
figures.SOURCES["alerts"] = metrics.families
TONES = {"info": "info", "warning": "warn", "critical": "bad", "page": "bad"}
STATE_TONES = {"sent": "ok", "failed": "bad", "retrying": "warn", "deferred": "info"}
WORDS: dict[str, Any] = {"severities": SEVERITY_WORDS, "tones": TONES, "channel_words": KIND_WORDS, "state_tones": STATE_TONES}


@bp.get("/desk/alerts")
def index() -> Response:
    """The alerts of one view, the latest first; with those that are silent, the silences."""
    view = request.args.get("view", "open")
    view = view if view in lists.VIEWS else "open"
    now, team = utcnow(), request.args.get("team", type=row_number)
    rows = lists.page(view, now, team_id=team, cursor=request.args.get("cursor", ""))
    shown: dict[str, Any] = {"view": view, "views": lists.VIEWS, "page": rows, "team": team or "", "counts": lists.counts(now)}
    shown |= {"teams": lists.teams(), "silences": queries.silences(now) if view == "silenced" else []}
    return page_or_part("alerts/index.html", "alerts/_list.html", 200, **shown, **WORDS)


@bp.get("/desk/alerts/<int:number>")
def show(number: int) -> Response:
    """One alert: its matter, its timeline, and who was told."""
    return page(queries.alert(number), SilenceForm(formdata=None))


@bp.get("/desk/alerts/<int:number>/log")
def log(number: int) -> Response:
    """Who was told, as a part that the page asks for while something is on its way."""
    alert = queries.alert(number)
    return part("alerts/_log.html", alert=alert, log=lists.log(alert.id), **WORDS)


@bp.post("/desk/alerts/<int:number>/acknowledgement")
def acknowledge(number: int) -> Response:
    """Take care of it: it climbs no further."""
    actions.acknowledge(queries.alert(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("Acknowledged. Nobody else is called.", "ok")
    return go(url_for(".show", number=number))


@bp.post("/desk/alerts/<int:number>/resolution")
def resolve(number: int) -> Response:
    """It is over."""
    actions.resolve(queries.alert(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("Resolved. If it happens again, a new alert is raised.", "ok")
    return go(url_for(".show", number=number))


@bp.post("/desk/alerts/<int:number>/silence")
def silence(number: int) -> Response:
    """Keep this alert, and what repeats it, quiet for a while."""
    alert, form, now = queries.alert(number), SilenceForm(request.form), utcnow()
    until = form.until(now, current_user.time_zone) if form.validate() else None
    if until is None:
        return page(alert, form, 422)
    actions.silence(key=alert.key, until=until, reason=form.reason.data, actor=current_user, now=now)
    db.session.commit()
    flash("Silenced. It is kept here and told again if it is still open when the silence ends.", "ok")
    return go(url_for(".show", number=number))


@bp.get("/desk/alerts/silences/new")
def new_silence() -> Response:
    """The form of a silence over a source or a team."""
    return silence_page(scope_form(None))


@bp.post("/desk/alerts/silences")
def create_silence() -> Response:
    """Make it."""
    form, now = scope_form(request.form), utcnow()
    until = form.until(now, current_user.time_zone) if form.validate() else None
    if until is not None and not (form.source.data or form.team.data):
        form.source.errors = ["Choose a source or a team."]
    if until is None or form.errors:
        return silence_page(form, 422)
    about = {"source": form.source.data or None, "team_id": form.team.data or None}
    actions.silence(**about, until=until, reason=form.reason.data, actor=current_user, now=now)
    db.session.commit()
    return go(url_for(".index", view="silenced"))


@bp.post("/desk/alerts/silences/<int:number>/end")
def end_silence(number: int) -> Response:
    """End a silence before its time."""
    actions.end_silence(queries.silence(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("The silence is over. What is still open is told again within a minute.", "ok")
    return go(url_for(".index", view="silenced"))


def page(alert: Alert, form: SilenceForm, status: int = 200) -> Response:
    """The page of one alert."""
    rows, names = lists.timeline(alert)
    lines = [(event, *story.told(event.kind, event.facts, name, names, current_user.time_zone)) for event, name in rows]
    ladder = [(step, who_words(step["who"], names)) for step in alert.ladder] if alert.severity == "page" else []
    shown: dict[str, Any] = {"alert": alert, "form": form, "lines": lines, "ladder": ladder, "log": lists.log(alert.id)}
    return part("alerts/show.html", status, **shown, **WORDS)


def scope_form(given: Any) -> ScopeForm:
    """The form of a silence with its choices."""
    return ScopeForm(given).offer(lists.sources(), lists.teams())


def silence_page(form: ScopeForm, status: int = 200) -> Response:
    """The page with that form."""
    return part("alerts/silence.html", status, form=form)
