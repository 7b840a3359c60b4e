"""What readers add to a vote."""

from flask import Response, request
from flask_login import current_user

from app.audiences import public
from app.extensions import db, limiter
from app.knowledge import queries
from app.knowledge.learning import actions
from app.knowledge.learning.forms import RemarkForm
from app.knowledge.learning.visitors import asking
from app.knowledge.public import address, whole
from app.knowledge.queries import reader_of
from app.lib.clock import utcnow
from app.lib.htmx import answer, page_or_part

bp = public("help_votes", __name__)
REMARKS = "20/minute"


@bp.post("/help/votes/reasons")
@limiter.limit(REMARKS)
def explain() -> Response:
    """Why an entry helped or did not, in the words of who voted on it. Without script the entry's page comes again."""
    reader, form = reader_of(current_user), RemarkForm(request.form)
    entry = queries.entry_for(reader, request.form.get("kind", ""), whole(request.form.get("id", "")))
    said = "yes" if request.form.get("helpful") == "yes" else "no"
    if not form.validate():
        return page_or_part("knowledge/votes.html", "knowledge/_votes.html", 422, entry=entry, voted=said, remark=form)
    visitor = asking().voter(entry.kind, entry.id)
    actions.remark(entry, visitor, form.why.data or "", form.text.data or "", now=utcnow(), actor=reader)
    db.session.commit()
    return answer("knowledge/_votes.html", or_go=f"{address(entry)}?voted={said}&thanks=1#votes", entry=entry, voted=said, thanked=True)


bp.add_app_template_global(RemarkForm, "remark_form")
