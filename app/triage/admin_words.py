"""What triage has learned and where it was wrong: the points of words, and corrections. Routes for leads."""

import json

from flask import Response, flash, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, part
from app.triage import correcting, corrections
from app.triage.forms import NAMES

bp = lead("triage_words", __name__)


class PointsForm(FlaskForm):
    """The points of one word; empty points are the learned ones."""

    trait = StringField(
        "Word",
        description="A word, two words, or a meaning as @people.",
        validators=[InputRequired("Name a word."), Length(max=correcting.LONGEST_TRAIT)],
    )
    points = IntegerField(
        "Points",
        description="0 switches it off; empty gives it back what was learned.",
        validators=[Optional(), NumberRange(-correcting.MOST_POINTS, correcting.MOST_POINTS)],
    )


@bp.get("/admin/triage/words")
def index() -> Response:
    """The strongest words, found by a part of them."""
    return overview(PointsForm(formdata=None, data={"trait": request.args.get("word", "")[: correcting.LONGEST_TRAIT]}))


@bp.post("/admin/triage/words")
def save() -> Response:
    """Give a word other points, or its own back."""
    form = PointsForm(request.form)
    if form.validate():
        try:
            correcting.set_points(form.trait.data, form.points.data, actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.trait.errors = [wrong.message]
        else:
            db.session.commit()
            flash("In force for the next ticket.", "ok")
            return go(url_for(".index", q=form.trait.data))
    return overview(form, 422)


@bp.get("/admin/triage/corrections")
def wrong() -> Response:
    """What was corrected last, and which rules and words are corrected most."""
    rules, words = corrections.counts()
    return part("triage/corrections.html", recent=corrections.recent(), rules=rules, words=words, names=NAMES, counted=corrections.COUNTED)


@bp.get("/admin/triage/corrections.jsonl")
def export() -> Response:
    """Corrected priorities as labelled tickets, a line each."""
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in corrections.lines())
    return Response(body, mimetype="application/x-ndjson", headers={"Content-Disposition": "attachment; filename=triage-corrections.jsonl"})


def overview(form: PointsForm, status: int = 200) -> Response:
    """The page of words."""
    wanted = request.args.get("q", "")[: correcting.LONGEST_TRAIT].strip()
    found, total = corrections.weights(wanted)
    return part("triage/words.html", status, form=form, weights=found, total=total, wanted=wanted)
