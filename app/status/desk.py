"""Announcements: leads write and withdraw them."""

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, part
from app.status import actions, queries
from app.status.forms import AnnouncementForm

bp = lead("announcements", __name__)


@bp.get("/desk/announcements")
def index() -> Response:
    """What runs, what ran, and the form for the next one."""
    return part("status/announcements.html", announcements=queries.latest(current_user), form=AnnouncementForm(formdata=None))


@bp.post("/desk/announcements")
def create() -> Response:
    """Publish one."""
    form = AnnouncementForm(request.form)
    if form.validate():
        try:
            actions.publish(
                form.title.data, form.body.data, form.tone.data, actor=current_user, now=utcnow(), ends_at=form.end(current_user.time_zone)
            )
        except Invalid as wrong:
            form.ends_at.errors = [wrong.message]
        else:
            db.session.commit()
            return go(url_for(".index"))
    return part("status/announcements.html", 422, announcements=queries.latest(current_user), form=form)


@bp.post("/desk/announcements/<int:number>/withdrawal")
def withdraw(number: int) -> Response:
    """Take one down."""
    actions.withdraw(queries.announcement_for(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index"))
