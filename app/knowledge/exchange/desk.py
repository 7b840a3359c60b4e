"""Knowledge in and out as files: for all staff out, for leads in."""

import tempfile

from flask import Response, send_file
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.knowledge.exchange import actions
from app.knowledge.exchange.exporting import write_zip
from app.lib.clock import utcnow
from app.lib.htmx import part

bp = desk("knowledge_files", __name__)
IN_MEMORY_BYTES = 5_000_000


@bp.get("/desk/knowledge/files")
def index() -> Response:
    """Take everything out; for leads also send a file in."""
    sends = may(current_user.role, "knowledge.exchange")
    uploads = actions.uploads_of(current_user, utcnow()) if sends else []
    return part("knowledge/desk/files.html", sends=sends, uploads=uploads, problem="")


@bp.get("/desk/knowledge/files/knowledge.zip")
def download() -> Response:
    """Everything that is written as a zip of Markdown, with the questions in faq.json. Staff may read all of it."""
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed with the answer
    write_zip(out)
    out.seek(0)
    response = send_file(out, mimetype="application/zip", as_attachment=True, download_name="knowledge.zip", etag=False)
    response.headers["Cache-Control"] = "no-store"
    return response
