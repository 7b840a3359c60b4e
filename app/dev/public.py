"""For development and the demo only: sign in as anybody of the demo, read the mail that was kept, see the events. Not in production."""

from flask import Response, make_response, render_template, request, url_for

from app.accounts import actions, sign_in
from app.accounts.web import ID, browser, signed_in
from app.audiences import public
from app.dev import queries
from app.dev import styleguide as components
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import NotFound
from app.lib.htmx import go
from app.lib.requests import row_number
from app.mail.queries import PAGE as MAILS
from app.mail.queries import latest, mail_by_id

bp = public("dev", __name__, url_prefix="/dev")

# A mail brings its own looks, and may do nothing else. It is framed by our page alone, and its links leave the frame.
MAIL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-top-navigation-by-user-activation",
    )
)


@bp.get("")
def index() -> str:
    """The demo's people, and the ways to the other pages."""
    return render_template("dev/index.html", people=queries.demo_people())


@bp.post("/sign-in")
def enter() -> Response:
    """Sign in as one of the demo's people, without their password."""
    chosen = request.form.get("person", "")
    person = queries.demo_person(int(chosen)) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    if person is None:
        raise NotFound("There is no such person in the demo. `hive-support demo load` makes them.")
    actions.enter(person, person.email, actions.Proof(True), browser=browser(), now=utcnow(), former=signed_in())
    db.session.commit()
    sign_in.remember(person)
    return go(url_for("home.start"))


@bp.get("/mail")
def mail() -> str:
    """Every mail, newest first, whatever became of it."""
    before = request.args.get("before", type=row_number)
    rows = latest(before=before if before and 0 < before < 2**31 else None)
    return render_template("dev/mail.html", mails=rows, older=rows[-1].id if len(rows) == MAILS else None)


@bp.get(f"/mail/<{ID}:mail_id>")
def letter(mail_id: int) -> str:
    """One mail: its headers, its text, and its HTML in a frame that can do nothing."""
    found = mail_by_id(mail_id)
    return render_template("dev/letter.html", mail=found, links=queries.links_in(found.text))


@bp.get(f"/mail/<{ID}:mail_id>/html")
def letter_html(mail_id: int) -> Response:
    """The HTML as it was sent, under a policy of its own."""
    html = mail_by_id(mail_id).html.replace("<head>", '<head><base target="_top">', 1)
    response = make_response(html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@bp.get("/events")
def events() -> str:
    """What happened, newest first, and whether what follows from it has been queued."""
    before = request.args.get("before", type=row_number)
    rows = queries.events(before=before if before and 0 < before < 2**31 else None)
    return render_template("dev/events.html", events=rows, older=rows[-1].id if len(rows) == queries.PAGE else None)


@bp.get("/styleguide")
def styleguide() -> str:
    """Every component in every state."""
    return components.page()
