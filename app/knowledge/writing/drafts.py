"""What somebody has typed into the editor and not saved. Kept for each person and entry, until it is saved or thrown away.

No event is recorded: nothing has happened to an entry. None commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from app.accounts.models import User
from app.extensions import db
from app.knowledge.writing.models import Draft
from app.knowledge.writing.rules import writers_only

LONGEST = 220_000
# What belongs to the sending of a form and not to its text.
LEFT_OUT = frozenset({"csrf_token", "then", "form_key"})
# In the place of a form: the key of the page whose text was saved.
DONE = "done"


def save(kind: str, entry_id: int, form: Mapping[str, str], *, actor: User, now: datetime) -> Draft:
    """Keep the form as it stands; entry 0 is a new one. What comes late, from a page whose text was saved meanwhile, is not
    kept. Raises NotAllowed. Two statements."""
    writers_only(actor.role)
    row = of(kind, entry_id, actor) or Draft(user_id=actor.id, kind=kind, entry_id=entry_id, form={}, saved_at=now)
    if form.get("form_key") and row.form.get(DONE) == form["form_key"]:
        return row
    row.form = {name: value[:LONGEST] for name, value in form.items() if name not in LEFT_OUT}
    row.saved_at = now
    db.session.add(row)
    db.session.flush()
    return row


def of(kind: str, entry_id: int, person: User) -> Draft | None:
    """The draft of a person. One statement."""
    return db.session.get(Draft, (person.id, kind, entry_id))


def done(kind: str, entry_id: int, form_key: str, person: User, now: datetime) -> None:
    """What a page had typed is saved, so it is no draft any more. Two statements."""
    row = of(kind, entry_id, person) or Draft(user_id=person.id, kind=kind, entry_id=entry_id)
    row.form, row.saved_at = {DONE: form_key}, now
    db.session.add(row)
    db.session.flush()


def drop(kind: str, entry_id: int, person: User) -> None:
    """Forget it; where there is none, nothing happens. One statement."""
    mine = delete(Draft).where(Draft.user_id == person.id, Draft.kind == kind, Draft.entry_id == entry_id)
    db.session.execute(mine, execution_options={"synchronize_session": "fetch"})


def differs(draft: Draft, form: Mapping[str, Any]) -> bool:
    """Whether a draft says anything else than a form; the version and the note are no text."""
    said = {name: str(value or "").replace("\r\n", "\n").strip() for name, value in draft.form.items() if name not in {"version", "note"}}
    return any(str(form[name] if form.get(name) is not None else "").strip() != value for name, value in said.items() if name in form)
