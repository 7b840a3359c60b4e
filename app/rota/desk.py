"""The rota at the desk: everybody sees it, and looks after their own absences, swaps, settings and feed."""

from typing import Any

from flask import Response, current_app, flash, request, url_for
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.extensions import db
from app.lib import public_holidays
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, part
from app.rota import actions, batons, editing, feeds, queries, views
from app.rota.forms import AbsenceForm, PersonForm, SwapForm, offered

bp = desk("rota", __name__)


@bp.get("/desk/rota")
def index() -> Response:
    """Who is on call, the day around the world, and the holes of the next eight weeks."""
    now, ahead = utcnow(), min(max(request.args.get("ahead", 0, type=int), 0), views.MOST_DAYS_AHEAD)
    shown = views.overview(now, current_user.time_zone, ahead)
    waiting = views.waiting_for(current_user, now) | {"batons": batons.open_of(current_user)}
    return part("rota/index.html", view=shown, ahead=ahead, most=views.MOST_DAYS_AHEAD, leads=leads(), **waiting)


@bp.get("/desk/rota/teams/<int:number>")
def team(number: int) -> Response:
    """One team: its shifts, what it needs, what is different, and where it has holes."""
    found = views.team_for(number)
    return part("rota/team.html", view=views.team_view(found, utcnow()), leads=leads())


@bp.get("/desk/rota/mine")
def mine() -> Response:
    """The viewer's own duties, swaps, absences, settings and feed."""
    return my_page()


@bp.get("/desk/rota/away")
def away() -> Response:
    """Who is away or will be, and who stands in."""
    return away_page(absence_form())


@bp.post("/desk/rota/absences")
def add_absence() -> Response:
    """Somebody is away."""
    form = absence_form(request.form)
    if form.validate():
        person, deputy = views.person_for(form.whose()), views.person_for(form.deputy_id.data)
        start, end = form.span(current_user.time_zone)
        try:
            actions.add_absence(person or current_user, start, end, deputy, form.note.data or "", actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.form_errors.append(wrong.message)
        else:
            return done("The absence is noted.", ".away")
    return away_page(form, 422)


@bp.post("/desk/rota/absences/<int:number>/end")
def end_absence(number: int) -> Response:
    """They are back, or stay after all."""
    actions.end_absence(views.absence_for(number), actor=current_user, now=utcnow())
    return done("The absence is over.", ".away")


@bp.post("/desk/rota/swaps")
def ask_swap() -> Response:
    """Ask somebody to take a duty."""
    form, now = swap_form(request.form), utcnow()
    if form.validate():
        duty, back, other = views.duty_of(form.duty.data), views.duty_of(form.back.data), views.person_for(form.other_id.data)
        try:
            asked(duty, back, other, form.note.data or "", now)
        except Invalid as wrong:
            form.form_errors.append(wrong.message)
        else:
            return done("Asked. You both see the question here until it is answered.", ".mine")
    return my_page(422, swap=form)


@bp.post("/desk/rota/swaps/<int:number>/acceptance")
def accept_swap(number: int) -> Response:
    """Take the duty."""
    actions.accept_swap(views.swap_for(current_user, number), actor=current_user, now=utcnow())
    return done("Swapped. The rota shows it.", ".mine")


@bp.post("/desk/rota/swaps/<int:number>/refusal")
def decline_swap(number: int) -> Response:
    """Say no."""
    actions.decline_swap(views.swap_for(current_user, number), actor=current_user, now=utcnow())
    return done("Declined. The rota stays as it is.", ".mine")


@bp.post("/desk/rota/swaps/<int:number>/withdrawal")
def withdraw_swap(number: int) -> Response:
    """Take a question back."""
    actions.withdraw_swap(views.swap_for(current_user, number), actor=current_user, now=utcnow())
    return done("The question is withdrawn.", ".mine")


@bp.post("/desk/rota/settings")
def save_settings() -> Response:
    """What the rota should know of the viewer; holidays are looked up."""
    form = person_form(request.form)
    if form.validate():
        try:
            editing.set_person(current_user, person_content(form), actor=current_user, now=utcnow())
        except (Invalid, public_holidays.UnknownPlace) as wrong:
            form.country.errors = [str(wrong)]
        else:
            return done("Saved.", ".mine")
    return my_page(422, settings=form)


@bp.post("/desk/rota/feed")
def make_feed() -> Response:
    """A new secret address for the viewer's calendar. It is in this answer and nowhere else."""
    secret = feeds.make(current_user, actor=current_user, now=utcnow())
    db.session.commit()
    address = current_app.config["SETTINGS"].base_url + url_for("rota_feeds.feed", secret=secret)
    return my_page(feed_address=address)


@bp.post("/desk/rota/feed/revocation")
def revoke_feed() -> Response:
    """The address stops working."""
    feeds.revoke(current_user, actor=current_user, now=utcnow())
    return done("The calendar’s address no longer works.", ".mine")


def leads() -> bool:
    """Whether the viewer looks after the rota."""
    return may(current_user.role, "rota.edit")


def done(words: str, where: str, **values: Any) -> Response:
    """Commit, say so, and go to a page."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(where, **values))


def absence_form(given: Any = None) -> AbsenceForm:
    """The form of an absence with who can be chosen."""
    return AbsenceForm(given).offer(list(queries.staff().values()), current_user.id, leads=leads())


def away_page(form: AbsenceForm, status: int = 200) -> Response:
    """The page of absences."""
    return part("rota/away.html", status, absences=views.absences(utcnow()), form=form, leads=leads())


def swap_form(given: Any = None) -> SwapForm:
    """The form of a swap: the viewer's duties, other people, and theirs."""
    spans, teams, staff = views.duties_ahead(utcnow())
    form, zone_name = SwapForm(given), current_user.time_zone
    own = [one for one in spans if one.user_id == current_user.id]
    others = [one for one in spans if one.user_id != current_user.id and one.user_id in staff]
    form.duty.choices = offered(((views.spelled(one), views.named_duty(one, teams, zone_name)) for one in own), "Choose a duty")
    form.other_id.choices = offered(((one.id, one.name) for one in staff.values() if one.id != current_user.id), "Choose a person")
    theirs = ((views.spelled(one), f"{staff[one.user_id].name}: {views.named_duty(one, teams, zone_name)}") for one in others)
    form.back.choices = offered(theirs, "Nothing, it is a favour")
    return form


def asked(duty: Any, back: Any, other: Any, note: str, now: Any) -> None:
    """Put the question. Raises Invalid for what cannot be asked."""
    if duty is None or other is None or duty.user_id != current_user.id:
        raise Invalid("Choose one of your duties and whom to ask.")
    if back is not None and back.user_id != other.id:
        raise Invalid(f"The duty that you take in return must be one of {other.name}’s.")
    actions.ask_swap(duty, other, back, note, actor=current_user, now=now)


def person_form(given: Any = None) -> PersonForm:
    """The viewer's settings in their form."""
    form = PersonForm(given) if given is not None else PersonForm.of(views.settings_of(current_user))
    return form.offer(queries.staff().values(), current_user.id)


def person_content(form: PersonForm) -> editing.PersonContent:
    """What the form says, with the holidays of its country. Raises UnknownPlace."""
    country, region = (form.country.data or "").strip().upper(), (form.region.data or "").strip()
    common = (form.deputy_id.data, country, region)
    if not country:
        return editing.PersonContent(*common, {}, 0, form.capacity.data, form.state.data)
    row, last = views.settings_of(current_user), utcnow().year + editing.YEARS_AHEAD
    if row is not None and (row.country, row.region) == (country, region) and row.filled_to >= last:
        return editing.PersonContent(*common, None, row.filled_to, form.capacity.data, form.state.data)
    # The library takes a second or two; SQLite's other writers do not wait for it.
    db.session.rollback()
    days = public_holidays.names(country, region, range(last - editing.YEARS_AHEAD, last + 1))
    return editing.PersonContent(*common, days, last, form.capacity.data, form.state.data)


def my_page(status: int = 200, **shown: Any) -> Response:
    """The viewer's own page, with the forms as they are given, the others fresh."""
    now = utcnow()
    context: dict[str, Any] = {
        "duties": views.duties_to_come(current_user.id, now),
        "swaps": views.swaps_of(current_user),
        "absences": views.absences(now, current_user),
        "feed": feeds.live(current_user),
        "team_names": {team.id: team.name for team in queries.teams()},
        "coming": views.coming_holidays(current_user, now),
        "feed_address": "",
    }
    context |= {"swap": shown.get("swap") or swap_form(), "settings_form": shown.get("settings") or person_form()}
    return part("rota/mine.html", status, **context | {key: value for key, value in shown.items() if key not in ("swap", "settings")})
