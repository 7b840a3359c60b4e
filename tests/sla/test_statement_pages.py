"""The pages of statements: who sees which, making one by hand, keeping its file, checking a file."""

import io
import json

import pytest

from app.extensions import db
from app.sla import issuing
from app.sla.papers import Statement
from tests.sla.histories import live


@pytest.fixture
def stated(app, people, now):
    """October's statements of both organizations."""
    live(people, 1, until=now, tickets=6)
    found = [issuing.make(one, "2026-10", "UTC", actor=None, now=now) for one in (people.acme, people.globex)]
    db.session.commit()
    return found


def upload(content, name="statement.json"):
    return {"file": (io.BytesIO(content), name)}


def test_staff_read_any_statement_and_its_file_is_the_one_that_was_made(people, stated, browse):
    agent, acme = browse(people.agent), stated[0]
    page = agent.get("/desk/sla/statements")
    assert "Acme Robotics" in page.words and "Globex Energy" in page.words
    shown = agent.get(f"/desk/sla/statements/{acme.ref}")
    assert acme.seal in shown.text and "First response" in shown.words
    file = agent.get(f"/desk/sla/statements/{acme.ref}.json")
    assert file.data == issuing.content_of(acme) and acme.ref in file.headers["Content-Disposition"]
    assert json.loads(file.data)["seal"] == acme.seal


def test_an_organizations_admin_reads_their_own_only(people, stated, browse):
    owner, (acme, globex) = browse(people.owner), stated
    page = owner.get("/sla/statements")
    assert acme.ref in page.text and globex.ref not in page.text
    assert acme.seal in owner.get(f"/sla/statements/{acme.ref}").text
    assert owner.get(f"/sla/statements/{acme.ref}.json").data == issuing.content_of(acme)
    for path in (f"/sla/statements/{globex.ref}", f"/sla/statements/{globex.ref}.json"):
        owner.get(path, status=404)
    for person in (people.user, people.stranger, people.agent):
        browse(person).get("/sla/statements", status=403)
    assert owner.get("/sla/statements/script").data.startswith(b"#!/usr/bin/env python3")


def test_one_made_by_hand_again_replaces_the_one_before(people, stated, browse):
    agent, acme = browse(people.agent), stated[0]
    agent.post("/desk/sla/statements", {"organization": people.acme.id, "month": "2026-10"}, to=None, status=303)
    second = db.session.query(Statement).filter_by(organization_id=people.acme.id, version=2).one()
    assert "newer version" in agent.get(f"/desk/sla/statements/{acme.ref}").words
    for person, path in ((people.agent, "/desk/sla/statements"), (people.owner, "/sla/statements")):
        old = browse(person).post(f"{path}/verification", upload(issuing.content_of(acme)))
        assert "version 1. Version 2 replaces it." in old.words and old.markup.all("a", href=f"{path}/{second.ref}")
        assert "replaces" not in browse(person).post(f"{path}/verification", upload(issuing.content_of(second))).words
    assert "by Aiko Tanaka" in agent.get(f"/desk/sla/statements/{second.ref}").words


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Choose an organization"),
        ({"organization": "x", "month": "2026-10"}, "organization"),
        ({"organization": "1", "month": "1999-01"}, "offered"),
    ],
)
def test_a_statement_that_cannot_be_made_says_why(people, stated, browse, sent, says):
    assert says.lower() in browse(people.agent).post("/desk/sla/statements", sent, status=422).words.lower()


def test_a_month_without_promises_is_told_at_its_field(people, stated, browse):
    sent = {"organization": people.acme.id, "month": "2026-01"}
    assert "Nothing was promised to Acme Robotics" in browse(people.agent).post("/desk/sla/statements", sent, status=422).words


def test_a_file_is_checked_to_the_last_character(people, stated, browse):
    acme, globex = stated
    content = issuing.content_of(acme)
    for person, path in ((people.agent, "/desk/sla/statements/verification"), (people.owner, "/sla/statements/verification")):
        browser = browse(person)
        assert "unchanged" in browser.post(path, upload(content)).words
        changed = content.replace(b'"met"', b'"breached"', 1)
        assert "Line " in browser.post(path, upload(changed), status=422).words
        assert "no statement of ours" in browser.post(path, upload(b"\x00\xff"), status=422).words
        assert "Choose the file" in browser.post(path, {}, status=422).words
    theirs = upload(issuing.content_of(globex))
    assert "We keep no statement" in browse(people.owner).post("/sla/statements/verification", theirs, status=422).words


def test_a_statement_that_was_tampered_with_where_we_keep_it_says_so(people, stated, browse):
    acme = stated[0]
    acme.seal = "f" * 64
    db.session.commit()
    assert "was changed after it was made" in browse(people.agent).get(f"/desk/sla/statements/{acme.ref}").words
    acme.seal, acme.content = json.loads(issuing.content_of(stated[1]))["seal"], b"nonsense"
    db.session.commit()
    assert "was changed after it was made" in browse(people.agent).get(f"/desk/sla/statements/{acme.ref}").words


def test_the_list_costs_the_same_for_one_and_for_many(people, stated, browse, statements):
    agent = browse(people.agent)
    with statements() as first:
        agent.get("/desk/sla/statements")
    for _ in range(3):
        agent.post("/desk/sla/statements", {"organization": people.globex.id, "month": "2026-10"}, status=303)
    with statements() as second:
        agent.get("/desk/sla/statements")
    assert len(first) == len(second) <= 8
