"""The end of a shift, and the return from an absence: pages of the rota that are about tickets."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound
from app.lib.htmx import go, part
from app.lib.requests import row_number
from app.rota import actions, batons, queries, views
from app.rota.forms import AnswerForm, BatonForm, offered
from app.rota.models import RotaAbsence
from app.tickets import baton

bp = desk("baton", __name__)


@bp.get("/desk/rota/baton")
def index() -> Response:
    """What the viewer's duty hands over, to whom, and the batons before it."""
    return baton_page(baton_form(None, request.args.get("team", type=row_number)))


@bp.post("/desk/rota/batons")
def offer() -> Response:
    """Offer the duty to the next person, with the lists as they are now."""
    form, now = baton_form(request.form), utcnow()
    if form.validate():
        team, taker = views.team_for(form.team_id.data), views.person_for(form.to_id.data)
        try:
            lists = baton.carried(team.id, current_user, now)
            made = batons.offer(team, taker or current_user, form.note.data or "", lists, actor=current_user, now=now)
        except Invalid as wrong:
            form.form_errors.append(wrong.message)
        else:
            return done("Offered. The duty stays yours until it is accepted.", made.id)
    return baton_page(form, 422)


@bp.get("/desk/rota/batons/<int:number>")
def show(number: int) -> Response:
    """One baton as it was offered."""
    found = batons.baton(number)
    return part("rota/baton.html", baton=found, lists=baton.read(found.carried), titles=baton.LISTS, form=AnswerForm(formdata=None))


@bp.post("/desk/rota/batons/<int:number>/acceptance")
def accept(number: int) -> Response:
    """Take over."""
    batons.accept(batons.baton(number), word(), actor=current_user, now=utcnow())
    return done("The duty is yours now.", number)


@bp.post("/desk/rota/batons/<int:number>/refusal")
def decline(number: int) -> Response:
    """Say no."""
    batons.decline(batons.baton(number), word(), actor=current_user, now=utcnow())
    return done("Declined. The duty stays where it was.", number)


@bp.post("/desk/rota/batons/<int:number>/withdrawal")
def withdraw(number: int) -> Response:
    """Take an offer back."""
    batons.withdraw(batons.baton(number), actor=current_user, now=utcnow())
    return done("The offer is taken back.", number)


@bp.get("/desk/rota/absences/<int:number>/handback")
def hand_back_list(number: int) -> Response:
    """What others did while somebody was away: for them, and for leads."""
    found, now = own_absence(number), utcnow()
    covered = queries.covered_for(found.user_id, found.starts_at, min(found.ends_at, now))
    shown: dict[str, Any] = {"covered": covered, "teams": {team.id: team.name for team in queries.teams()}, "staff": queries.staff()}
    return part("rota/handback.html", absence=found, **shown | baton.handed_back(found, now))


@bp.post("/desk/rota/absences/<int:number>/handback")
def hand_back(number: int) -> Response:
    """They have gone through it."""
    actions.hand_back(own_absence(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("Welcome back. Your work is yours again.", "ok")
    return go(url_for("rota.mine"))


def own_absence(number: int) -> RotaAbsence:
    """An absence of the viewer's, or any for a lead; NotFound otherwise."""
    found = views.absence_for(number)
    if found.user_id != current_user.id and not may(current_user.role, "rota.edit"):
        raise NotFound()
    return found


def word() -> str:
    """What was written with an answer, cut to what is kept."""
    return (AnswerForm(request.form).answer.data or "")[: batons.NOTE_LENGTH]


def baton_form(given: Any = None, team_id: int | None = None) -> BatonForm:
    """The form of an offer: the duties that are the viewer's now, and who comes next first."""
    form, now = BatonForm(given), utcnow()
    duties = queries.held_now(current_user.id, now)
    form.team_id.choices = offered((team.id, team.name) for team in queries.teams() if team.id in duties)
    if given is None and duties:
        form.team_id.data = team_id if team_id in duties else next(int(choice.value) for choice in form.team_id.choices)
    people = [one for one in queries.staff().values() if one.id != current_user.id]
    following = [one.user_id for one in queries.ladder(form.team_id.data, now)] if form.team_id.data else []
    people.sort(key=lambda one: following.index(one.id) if one.id in following else len(following))
    form.to_id.choices = offered((one.id, one.name) for one in people)
    return form


def baton_page(form: BatonForm, status: int = 200) -> Response:
    """The page of the viewer's hand-over."""
    now, team_id = utcnow(), form.team_id.data
    lists = baton.read(baton.carried(team_id, current_user, now)) if team_id in {int(one.value) for one in form.team_id.choices} else {}
    shown = {"form": form, "lists": lists, "titles": baton.LISTS, "open": batons.open_of(current_user), "latest": batons.latest()}
    return part("rota/batons.html", status, **shown)


def done(words: str, number: int) -> Response:
    """Commit, say so, and show the baton."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".show", number=number))
