"""Files that leads send in at the desk: shown first, then taken in by a worker; and everything taken out."""

import io
import json
import zipfile
from datetime import timedelta
from functools import reduce
from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge.exchange import actions as uploads
from app.knowledge.exchange import jobs
from app.knowledge.exchange.changes import changes_of
from app.knowledge.exchange.exporting import files
from app.knowledge.exchange.importing import Imported
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import from_upload
from app.knowledge.exchange.pieces import pieces
from app.knowledge.links import jobs as links
from app.knowledge.models import Article
from app.lib.errors import NotAllowed
from tests.factories import NOW
from tests.knowledge.papers import PLAIN, packed
from tests.knowledge.shared import events

FRENCH = "---\ntitle: Z\n---\nB\n"


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
    confirmed, taken = *events("import_confirmed"), *events("imported")
    assert [event.actor_id for event in (confirmed, taken)] == [people.lead.id, people.lead.id]
    jobs.take_in(confirmed.id)
    assert len(events("imported")) == 1


@pytest.fixture
def long(browse, people):
    """(browser, path) of an upload of 1,200 questions, in three pieces, that a lead has confirmed."""
    rows = [{"id": f"z{number}", "question": f"Zebra {number}?", "answer": "Yes."} for number in range(1200)]
    browser = browse(people.lead)
    path = send(browser, "faq.json", json.dumps(rows).encode())
    browser.post(f"{path}/import", to=path)
    return browser, path


def during(monkeypatch, then):
    """After each piece of an upload, `then(how many entries are done)`."""
    take_piece = jobs.take_piece

    def followed(number, piece, actor_id):
        take_piece(number, piece, actor_id)
        then(piece.end)

    monkeypatch.setattr(jobs, "take_piece", followed)


def die(done):
    """What follows the first piece where the worker is killed."""
    raise MemoryError


def test_progress_is_told_while_it_is_taken_in(app, long, monkeypatch):
    browser, path = long
    seen = []
    during(monkeypatch, lambda done: seen.append(browser.get(path, htmx=True).words.count(f"{done:,} of 1,200.")))
    jobs.take_in(events("import_confirmed")[0].id)
    assert seen == [1, 1, 1]
    assert "1200 added" in browser.get(path).words


def test_one_that_is_slow_stands_still_only_without_a_piece(app, long, monkeypatch, clock):
    browser, path = long
    seen = []

    def look(done):
        clock.shift(timedelta(seconds=90))
        seen.append("It is being taken in" in browser.get(path, htmx=True).words)

    during(monkeypatch, look)
    jobs.take_in(events("import_confirmed")[0].id)
    assert seen == [True, True, True]


def test_the_links_are_looked_at_once_for_all_of_an_import(app, long, drain, monkeypatch):
    scans = []
    monkeypatch.setattr(links, "scan", lambda: scans.append(1))
    drain(app)
    assert [event.facts["added"] for event in events("imported")] == [500, 500, 200]
    assert [event.facts["added"] for event in events("import_finished")] == [1200]
    assert scans == [1]


def test_one_whose_worker_died_stands_still_until_somebody_goes_on(app, long, drain, monkeypatch, clock, now):
    browser, path = long
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        during(patch, die)
        jobs.take_in(events("import_confirmed")[0].id)
    assert "It is being taken in" in browser.get(path).words
    browser.post(f"{path}/import", to=path)
    assert len(events("import_confirmed")) == 1
    clock.move_to(now + timedelta(minutes=3))
    page = browser.get(path)
    assert "It stands still 500 of 1,200 entries are taken in" in page.words
    assert [one.get("hx-trigger") for one in page.markup.elements if one.get("id") == "upload"] == [""]
    assert "Stands still" in browser.get("/desk/knowledge/files").words
    browser.post(f"{path}/import", to=path)
    browser.post(f"{path}/import", to=path)
    assert len(events("import_confirmed")) == 2
    drain(app)
    assert "1200 added, 0 changed, 0 the same already" in browser.get(path).words
    assert [event.facts["added"] for event in events("imported")] == [500, 500, 200]


def test_what_stands_still_may_be_forgotten_and_what_goes_on_may_not(long, clock, now):
    browser, path = long
    browser.post(f"{path}/removal", to="/desk/knowledge/files")
    browser.get(path)
    clock.move_to(now + timedelta(minutes=3))
    browser.post(f"{path}/removal", to="/desk/knowledge/files")
    browser.get(path, status=404)


def test_an_upload_is_for_whoever_sent_it(browse, people):
    path = send(browse(people.lead), "faq.json", b'[{"question": "One?", "answer": "A."}]')
    people.agent2.role = "lead"
    db.session.commit()
    other = browse(people.agent2)
    other.get("/desk/knowledge/files")
    for what in ("import", "removal"):
        other.post(f"{path}/{what}", status=404)
    other.get(path, status=404)
    assert db.session.scalars(select(KnowledgeUpload.state)).all() == ["shown"]


def test_what_is_being_taken_in_is_not_forgotten_however_old_it_is(browse, people, clock, now):
    browser = browse(people.lead)
    path = send(browser, "faq.json", b'[{"question": "One?", "answer": "A."}]')
    clock.move_to(now + timedelta(hours=25))
    browser.post(f"{path}/import", to=path)
    assert jobs.forget() == 0
    clock.move_to(now + timedelta(hours=25, minutes=3))
    assert jobs.forget() == 1


@pytest.mark.parametrize("by", ["hand", "the clock"])
def test_what_came_in_before_the_rest_was_forgotten_is_looked_at(app, long, drain, monkeypatch, clock, now, by):
    browser, path = long
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        during(patch, die)
        jobs.take_in(events("import_confirmed")[0].id)
    if by == "hand":
        clock.move_to(now + timedelta(minutes=3))
        browser.post(f"{path}/removal", to="/desk/knowledge/files")
    else:
        clock.move_to(now + timedelta(hours=25))
        jobs.forget()
    assert [event.facts["added"] for event in events("import_finished")] == [500]


def test_forgetting_what_is_taken_in_already_finishes_nothing_again(app, long, drain):
    browser, path = long
    drain(app)
    browser.get(path)
    browser.post(f"{path}/removal", to="/desk/knowledge/files")
    assert len(events("import_finished")) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_two_workers_at_one_upload_do_each_piece_once(app, long, drain, monkeypatch):
    browser, path = long
    confirmed = events("import_confirmed")[0].id
    others = iter([lambda: jobs.take_in(confirmed)])
    during(monkeypatch, lambda done: next(others, lambda: None)())
    jobs.take_in(confirmed)
    assert [event.facts["added"] for event in events("imported")] == [500, 500, 200]
    assert len(events("import_finished")) == 1
    assert "1200 added, 0 changed, 0 the same already" in browser.get(path).words


def test_files_that_are_nothing_of_ours_are_named_as_left_out(app, browse, people, drain):
    others = [("user-guide/notes.txt", "x"), ("board.png", b"\x89PNG"), ("other.json", "[]")]
    quiet = [("README.md", "x"), (".git/config", "x"), ("user-guide/.DS_Store", "x"), ("__MACOSX/user-guide/x", "x")]
    browser = browse(people.lead)
    path = send(
        browser, "texts.zip", packed([("user-guide/new.md", PLAIN), ("user-guide/gone.fr.md", FRENCH), ("lost.md", PLAIN), *others, *quiet])
    )

    def named():
        page = browser.get(path)
        assert "lost.md:1 an article lies in the folder of its section" in page.words
        return [item.text for item in page.markup.all("li", class_="mono wrap")]

    told = (
        "1 new, 0 changed, 0 the same already, 1 left out for want of an original, 3 left out as no entries of ours, 1 that cannot be read"
    )
    assert told in browser.get(path).words
    assert named() == ["user-guide/notes.txt", "board.png", "other.json"]
    browser.post(f"{path}/import", to=path)
    drain(app)
    words = browser.get(path).words
    assert "1 added" in words and "user-guide/gone.fr.md: left out, since there is no user-guide/gone.md that it translates" in words
    assert len(named()) == 3


def test_what_comes_twice_in_one_zip_is_told_and_the_rest_is_taken_in(app, browse, people, written, drain):
    row = '[\n{"id": "fox", "question": "A fox?", "answer": "Yes."}]'
    twice = [("user-guide/new.md", PLAIN), ("user-guide/zebra.fr.md", FRENCH), ("faq.json", row)]
    browser = browse(people.lead)
    path = send(browser, "texts.zip", packed([(f"{folder}/{name}", text) for folder in ("a", "b") for name, text in twice]))
    words = browser.get(path).words
    assert "3 new, 0 changed, 0 the same already, 3 that cannot be read" in words
    assert "user-guide/new.md:1 a file for this address has come before" in words
    assert "user-guide/zebra.fr.md:1 a file for this address has come before" in words
    assert "faq.json:2 the id 'fox' has come before" in words
    browser.post(f"{path}/import", to=path)
    drain(app)
    assert "3 added, 0 changed, 0 the same already" in browser.get(path).words


def test_where_nothing_differs_there_is_nothing_to_take_in(browse, people, written):
    browser = browse(people.lead)
    page = browser.get(send(browser, "texts.zip", packed(files())))
    assert "Nothing differs 0 new, 0 changed" in page.words
    assert "Take it in" not in page.words


def test_old_addresses_and_other_languages_count_as_changes(written, people, now):
    rows = json.loads(dict(files())["faq.json"])
    [zebra] = [row for row in rows if row["id"] == "do-zebras-swim"]
    zebra["translations"]["de"]["answer"] = "Nein."
    zebra["translations"]["fr"] = {"question": "Nagent-ils ?", "answer": "Un peu."}
    zebra["redirects"] = ["faq/swimming", "user-guide/zebra"]
    texts = dict(files())
    page = texts["user-guide/zebra.md"].replace("redirects: ", "redirects: user-guide/horses, ")
    lost = texts["user-guide/zebra.de.md"]
    sent = [
        ("faq.json", json.dumps(rows)),
        ("user-guide/zebra.md", page),
        ("user-guide/zebra.de.md", lost),
        ("user-guide/lost.de.md", lost),
    ]
    package = from_upload("x.zip", packed(sent))
    shown = {change.name: (change.what, change.fields) for change in changes_of(package) if change.what != "same"}
    assert shown == {
        "do-zebras-swim": ("changed", ("old addresses", "Deutsch", "Français")),
        "user-guide/zebra.md": ("changed", ("old addresses",)),
        "user-guide/lost.de.md": ("left out", ("there is no user-guide/lost.md",)),
    }
    came = reduce(Imported.join, [piece.take_in(source="x", now=now) for piece in pieces(package)])
    assert (came.added, came.changed) == (0, 2)
    assert [change.what for change in changes_of(package) if change.what not in {"same", "left out"}] == []


def test_a_translation_without_source_moves_with_its_original(written):
    texts = dict(files())
    german = r(r"source: .*\n").sub("", texts["user-guide/zebra.de.md"])
    for page, what, fields in (
        (texts["user-guide/zebra.md"], "same", ()),
        (texts["user-guide/zebra.md"].replace("Standing.", "Lying."), "changed", ("its original",)),
    ):
        package = from_upload("x.zip", packed([("user-guide/zebra.md", page), ("user-guide/zebra.de.md", german)]))
        shown = {change.name: (change.what, change.fields) for change in changes_of(package)}
        assert shown["user-guide/zebra.de.md"] == (what, fields)


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
