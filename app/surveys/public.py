"""The survey that a link in a mail opens: no sign-in. Looking stores nothing, because mail scanners look, too."""

from flask import Response, current_app, request, url_for

from app.audiences import public
from app.extensions import csrf, db
from app.lib.clock import utcnow
from app.lib.htmx import go, private
from app.surveys import actions, queries
from app.surveys.forms import SurveyForm
from app.surveys.queries import Asked
from app.surveys.score import QUESTIONS, SCALE

bp = public("surveys_public", __name__)


@bp.get("/survey/<token>")
def show(token: str) -> Response:
    """The form: with the answer given before, or with what the link in the mail preselects."""
    asked = found(token)
    form = SurveyForm(formdata=None, data=chosen(asked))
    return private("surveys/show.html", asked=asked, form=form)


@bp.post("/survey/<token>")
@csrf.exempt
def answer(token: str) -> Response:
    """Store the answer, then thank."""
    asked = found(token)
    form = SurveyForm(request.form)
    if not form.validate():
        return private("surveys/show.html", 422, asked=asked, form=form)
    actions.answer(asked.survey, form.answer(), ticket=asked.ticket, person=asked.person, now=utcnow())
    db.session.commit()
    return go(url_for(".thanks", token=token))


@bp.get("/survey/<token>/thanks")
def thanks(token: str) -> Response:
    """Thank, and offer to change the answer."""
    return private("surveys/thanks.html", asked=found(token), token=token)


def found(token: str) -> Asked:
    """The survey of a link, or a page that says why there is none."""
    return queries.survey_for(current_app.config["SECRET_KEY"], token, now=utcnow())


def chosen(asked: Asked) -> dict[str, str]:
    """What the form shows as chosen: the stored answer, and over it what the address says, where that is a score."""
    survey = asked.survey
    values = {name: str(getattr(survey, name)) for name in QUESTIONS if getattr(survey, name)}
    given = {name: request.args[name] for name in QUESTIONS if request.args.get(name) in {str(n) for n in SCALE}}
    return values | given | {"additional_feedback": survey.additional_feedback or ""}
