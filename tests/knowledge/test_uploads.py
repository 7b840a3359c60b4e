"""Files that leads send in at the desk: shown first, then taken in by a worker; and everything taken out."""

import io
import json
import zipfile
from datetime import timedelta
from re import compile as r

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.knowledge.exchange import actions as uploads
from app.knowledge.exchange import jobs
from app.knowledge.exchange.exporting import files
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.models import Article
from app.lib.errors import NotAllowed
from tests.factories import NOW
from tests.knowledge.papers import PLAIN, packed


def send(browser, name, data):
    """Send a file at the desk; where it is shown."""
    browser.get("/desk/knowledge/files")
    answer = browser.post("/desk/knowledge/files", {"file": (io.BytesIO(data), name)}, to=r(r"/desk/knowledge/files/\d+$"))
    return answer.headers["Location"]


def test_what_would_change_is_shown_before_anything_does(app, browse, people, written, drain):
    changed = dict(files())["user-guide/zebra.md"].replace("Standing.", "Lying.")
    data = packed([("x/user-guide/zebra.md", changed), ("x/user-guide/new.md", PLAIN), ("x/user-guide/bad.md", "nonsense")])
    browser = browse(people.lead)
    path = send(browser, "texts.zip", data)
    page = browser.get(path)
    assert "1 new, 1 changed, 0 the same already, 1 that cannot be read" in page.words
    assert "user-guide/bad.md:1 there is no front matter" in page.words
    assert [row.text for row in page.markup.all("tr")[1:]] == ["user-guide/zebra.mdchangedtext", "user-guide/new.mdnew"]
    assert db.session.get(Article, written.id).body == "## Sleep\n\nStanding."
    browser.post(f"{path}/import", to=path)
    assert "It is being taken in" in browser.get(path).words
    browser.post(f"{path}/import", to=path)
    drain(app)
    assert "1 added, 1 changed, 0 the same already" in browser.get(path).words
    assert db.session.get(Article, written.id).body == "## Sleep\n\nLying."
    events = db.session.scalars(
        select(Event).where(Event.kind.in_(["knowledge.import_confirmed", "knowledge.imported"])).order_by(Event.id)
    ).all()
    assert [(event.kind, event.actor_id) for event in events] == [
        ("knowledge.import_confirmed", people.lead.id),
        ("knowledge.imported", people.lead.id),
    ]
    jobs.take_in(events[0].id)
    assert len(db.session.scalars(select(Event).where(Event.kind == "knowledge.imported")).all()) == 1


def test_progress_is_told_while_it_is_taken_in(app, browse, people, drain, monkeypatch):
    rows = [{"id": f"z{number}", "question": f"Zebra {number}?", "answer": "Yes."} for number in range(1200)]
    browser = browse(people.lead)
    path = send(browser, "faq.json", json.dumps(rows).encode())
    browser.post(f"{path}/import", to=path)
    seen = []
    monkeypatch.setattr(
        jobs,
        "note_progress",
        lambda number, done: (noted(number, done), seen.append(browser.get(path, htmx=True).words.count(f"{done:,} of 1,200."))),
    )
    drain(app)
    assert seen == [1, 1, 1]
    assert "1200 added" in browser.get(path).words


noted = jobs.note_progress


def test_files_that_are_none_are_told_and_only_leads_send(browse, people):
    browser = browse(people.lead)
    browser.get("/desk/knowledge/files")
    for data, why in (
        ({}, "Choose a file first"),
        ({"file": (io.BytesIO(b"x"), "x.exe")}, "Send a zip"),
        ({"file": (io.BytesIO(b"PKxx"), "x.zip")}, "damaged"),
        ({"file": (io.BytesIO(packed([("a.txt", "x")])), "x.zip")}, "nothing of ours"),
    ):
        assert why in browser.post("/desk/knowledge/files", data, status=422).words
    agent = browse(people.agent)
    assert "Leads send files in" in agent.get("/desk/knowledge/files").words
    agent.post("/desk/knowledge/files", {"file": (io.BytesIO(b"[]"), "faq.json")}, status=403)
    with pytest.raises(NotAllowed):
        uploads.keep("faq.json", b"[]", locales=("de",), actor=people.agent, now=NOW)


def test_staff_take_everything_out_and_others_do_not(browse, people, written):
    answer = browse(people.agent).get("/desk/knowledge/files/knowledge.zip")
    assert "user-guide/a-draft.md" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    browse(people.user).get("/desk/knowledge/files/knowledge.zip", status=403)
    browse(people.moderator).get("/desk/knowledge/files/knowledge.zip", status=403)
    browse(None).get("/desk/knowledge/files/knowledge.zip", to=r("/login"))


def test_what_nobody_takes_in_is_forgotten(app, browse, people, clock, now):
    browser = browse(people.lead)
    first = send(browser, "faq.json", b'[{"question": "One?", "answer": "A."}]')
    browser.post(f"{first}/removal", to="/desk/knowledge/files")
    browser.get(first, status=404)
    second = send(browser, "faq.json", b'[{"question": "One?", "answer": "A."}]')
    clock.move_to(now + timedelta(hours=25))
    assert jobs.forget() == 1
    assert jobs.forget() == 0
    assert db.session.scalars(select(KnowledgeUpload)).all() == []
    assert second != ""
