"""Pictures of texts, for whoever may read a text that shows them."""

from flask import Response, send_file
from flask_login import current_user

from app.audiences import public
from app.knowledge.queries import reader_of
from app.knowledge.writing.queries import picture_for
from app.tickets import files

bp = public("knowledge_pictures", __name__)


@bp.get("/help/pictures/<ref>")
def show(ref: str) -> Response:
    """The bytes, as the type that they were found to be. Browsers keep them and ask whether they may still."""
    row = picture_for(reader_of(current_user), ref)
    response = send_file(files.existing(row.storage_key), mimetype=row.media_type, download_name=row.name, etag=row.ref, conditional=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
