"""Mail that did not arrive, for staff: what became of it, and another try."""

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.htmx import go, page_or_part
from app.lib.requests import row_number
from app.lib.security import same_site_path
from app.mail import actions, queries
from app.mail.jobs import hand_over

bp = desk("mail", __name__)

# What the page can show: each state by itself, what needs somebody, and everything.
SHOWN = {
    "troubled": ("Needs attention", queries.TROUBLED),
    "failed": ("Failed", ("failed",)),
    "bounced": ("Bounced", ("bounced",)),
    "deferred": ("Tried again later", ("deferred",)),
    "queued": ("On its way", ("queued",)),
    "sent": ("Sent", ("sent",)),
    "kept": ("Kept here", ("kept",)),
}
WORDS = {"failed": "bad", "bounced": "bad", "deferred": "warn", "queued": "info", "sent": "ok", "kept": ""}


@bp.get("/desk/mail")
def index() -> Response:
    """The mails of one state, newest first."""
    show = request.args.get("state", "troubled")
    show = show if show in SHOWN else "troubled"
    before = request.args.get("before", type=row_number)
    rows = queries.troubled(SHOWN[show][1], before=before, limit=queries.PAGE + 1)
    more = rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None
    context = {"rows": rows[: queries.PAGE], "more": more, "before": before, "show": show, "shown": SHOWN, "tones": WORDS}
    return page_or_part("mail/index.html", "mail/_list.html", 200, section="mail", **context)


@bp.post("/desk/mail/<int:number>/sending")
def send(number: int) -> Response:
    """Try a mail that failed once more, from the first try on."""
    mail = queries.mail_by_id(number)
    actions.send_again(mail, actor=current_user, now=utcnow())
    db.session.commit()
    hand_over([mail.id])
    return go(same_site_path(request.form.get("next")) or url_for(".index"))
