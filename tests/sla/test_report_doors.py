"""The report at every door: card, table, CSV, JSON, API and command line agree, and the clocks behind each figure are its own."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.accounts import actions as accounts
from app.extensions import db
from app.sla import behind, reports
from app.sla.commands import sla
from app.sla.models import Clock
from app.sla.reports import Scope
from app.tickets import actions as tickets
from tests import factories
from tests.sla.clocks import scatter

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY = timedelta(days=1)
FIGURES = ("total", "met", "breached", "running", "paused")


def bearer(person, now):
    _, secret = accounts.create_token(person, "test", ["sla:read"], now=now, actor=None)
    return {"Authorization": f"Bearer {secret}"}


def shown_by(page):
    """The tables of the page: (metric in words, priority) → its figures, as they are shown."""
    found = {}
    for cell in [element for element in page.markup.elements if element.tag == "td" and element.get("data-figure")]:
        row, table = cell.within("tr"), cell.within("table")
        head = next(e.text for e in page.markup.elements if e.tag == "th" and e.get("scope") == "row" and e.within("tr") is row)
        metric = next(e.text for e in page.markup.elements if e.tag == "caption" and e.within("table") is table)
        found.setdefault((metric.removesuffix(" by priority"), head.lower()), {})[cell["data-figure"]] = cell.text.split(" ")[0]
    return found


def seen(lines):
    """The rows of JSON or CSV in the shape of shown_by."""
    labels = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}
    found = {}
    for line in lines:
        priority = "all priorities" if line["priority"] == "all" else line["priority"]
        judged = int(line["met"]) + int(line["breached"])
        share = f"{100 * int(line['met']) / judged:.1f}" if judged else "–"
        # Two decimals here and one there must come from the same figure.
        assert (not judged and not line["compliance"]) or abs(float(line["compliance"]) - float(share)) <= 0.055
        found[labels[line["metric"]], priority] = {key: str(line[key]) for key in FIGURES} | {"compliance": share}
    return found


@BOTH
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("narrow", ["", "team=2", "priority=high", "priority=urgent", "acme"])
def test_card_table_csv_json_api_and_command_line_agree_on_random_data(app, people, browse, now, seed, narrow):
    scatter(people, now, seed)
    narrow = f"organization={people.acme.id}" if narrow == "acme" else narrow
    query = f"from=2026-10-20&to=2026-11-20&zone=Asia/Kolkata&{narrow}"
    agent = browse(people.agent)
    page = agent.get(f"/desk/sla?{query}")
    wanted = shown_by(page)
    lines = agent.get(f"/desk/sla.json?{query}").json["lines"]
    assert wanted and seen(lines) == wanted
    assert seen(csv.DictReader(io.StringIO(agent.get(f"/desk/sla.csv?{query}").text))) == wanted
    header = bearer(people.agent, now)
    assert browse().get(f"/api/v1/sla/report?{query}", headers=header).json["lines"] == lines
    assert seen(csv.DictReader(io.StringIO(browse().get(f"/api/v1/sla/report?{query}&format=csv", headers=header).text))) == wanted
    args = ["report", "--from", "2026-10-20", "--to", "2026-11-20", "--zone", "Asia/Kolkata", "--format", "json"]
    args += [f"--{narrow.split('=')[0]}", narrow.split("=")[1]] if narrow else []
    assert json.loads(app.test_cli_runner().invoke(sla, args).output)["lines"] == lines
    cards = [e.text for e in page.markup.elements if e.tag == "article"]
    sums = [sum(line[key] for line in lines if line["priority"] == "all") for key in ("met", "breached")]
    assert f"{sums[0]} of {sum(sums)} kept" in cards[0] and "goal 99 %" in cards[0]
    urgent = [sum(line[key] for line in lines if line["priority"] in reports.URGENT) for key in ("met", "breached")]
    assert f"{urgent[0]} of {sum(urgent)} kept" in cards[1] and "goal 100 %" in cards[1]


@BOTH
@pytest.mark.parametrize("narrow", [{}, {"priority": "urgent"}, {"team_id": 1}])
def test_behind_each_figure_are_exactly_as_many_clocks_as_it_says(app, people, now, narrow):
    scatter(people, now, 9)
    scope = Scope(now - 30 * DAY, now, **narrow)
    for line in reports.report(scope, now=now).overall:
        counts = {name: len(list(behind.every(scope, name, metric=line.metric, now=now))) for name in FIGURES}
        assert counts == {name: getattr(line, name) for name in FIGURES}
        assert all(row.outcome == "met" for row in behind.every(scope, "met", metric=line.metric, now=now))
        assert len(list(behind.every(scope, "judged", metric=line.metric, now=now))) == line.judged


def test_the_pages_behind_a_figure_follow_by_key_and_equal_the_csv(app, people, browse, now, statements):
    scatter(people, now, 5)
    agent, query = browse(people.agent), "from=2026-10-01&to=2026-11-23&figure=total"
    stream = list(csv.DictReader(io.StringIO(agent.get(f"/desk/sla/tickets.csv?{query}&zone=Asia/Tokyo").text)))
    assert stream[0]["zone"] == "Asia/Tokyo" and stream[0]["started_at (Asia/Tokyo)"].endswith("+09:00")
    refs, path, pages = [], f"/desk/sla/tickets?{query}", 0
    while path:
        with statements() as asked:
            page = agent.get(path)
        assert len(asked) <= 12
        refs += [e.text for e in page.markup.elements if e.tag == "time" and e.within("tr") is not None]
        pages += 1
        path = next((e["href"] for e in page.markup.elements if e.get("rel") == "next"), None)
    assert pages > 2
    shown = sum(1 for row in stream for name in ("started_at", "due_at", "stopped_at") if row[f"{name} (Asia/Tokyo)"])
    assert len(refs) == shown


def test_formulas_in_subjects_do_not_run_in_spreadsheets(people, browse, now):
    ticket = factories.ticket(people.owner, subject="=HYPERLINK(1)", priority="high")
    rows = list(csv.DictReader(io.StringIO(browse(people.agent).get("/desk/sla/tickets.csv").text)))
    assert {row["subject"] for row in rows if row["ref"] == ticket.ref} == {"'=HYPERLINK(1)"}


def test_an_organizations_admin_sees_their_own_report_and_nobody_elses(people, browse, now):
    mine, theirs = factories.ticket(people.user, priority="high"), factories.ticket(people.stranger, priority="low")
    owner = browse(people.owner)
    page = owner.get(f"/sla?organization={people.globex.id}")
    assert "SLA report of Acme Robotics" in page.words and "Globex" not in page.words
    listed = owner.get(f"/sla/tickets?figure=total&organization={people.globex.id}").text
    assert mine.ref in listed and theirs.ref not in listed
    stream = owner.get(f"/sla/tickets.csv?organization={people.globex.id}").text
    assert mine.ref in stream and theirs.ref not in stream
    header = bearer(people.owner, now)
    told = browse().get("/api/v1/sla/report", headers=header).json
    assert told["organization"] == "Acme Robotics" and told["zone"] == "Europe/Berlin"
    browse().get(f"/api/v1/sla/report?organization={people.globex.id}", headers=header, status=404)


@pytest.mark.parametrize("path", ["/sla", "/sla.csv", "/sla/tickets", "/sla/tickets.csv"])
def test_members_and_staff_have_no_report_in_the_portal(people, browse, path):
    for person in (people.user, people.stranger, people.guest, people.agent, people.admin):
        browse(person).get(path, status=403)


@pytest.mark.parametrize("query", ["figure=nothing", "metric=speed", "cursor=zzz", "zone=Mars"])
def test_an_address_that_is_none_of_ours_is_refused(people, browse, query):
    assert browse(people.agent).get(f"/desk/sla/tickets?{query}", status=None).status_code in {404, 422}


@pytest.mark.parametrize(
    ("query", "status"),
    [("from=x", 422), ("format=xml", 422), ("organization=Nobody", 404), ("team=Nobody", 404), ("priority=huge", 422), ("zone=Mars", 422)],
)
def test_the_api_says_what_it_cannot_answer(people, browse, now, query, status):
    answer = browse().get(f"/api/v1/sla/report?{query}", headers=bearer(people.agent, now), status=status)
    assert answer.mimetype == "application/problem+json" and answer.json["detail"]


def test_the_api_speaks_csv_to_who_accepts_it_and_asks_for_the_scope(people, browse, now):
    header = bearer(people.agent, now)
    assert browse().get("/api/v1/sla/report", headers=header | {"Accept": "text/csv"}).mimetype == "text/csv"
    _, secret = accounts.create_token(people.user, "test", ["tickets:read"], now=now, actor=None)
    browse().get("/api/v1/sla/report", headers={"Authorization": f"Bearer {secret}"}, status=403)
    browse().get("/api/v1/sla/report", status=401)


def test_merged_and_closed_work_is_in_the_export(people, browse, now):
    ticket = factories.resolve(factories.ticket(people.owner, priority="high"), people.agent)
    tickets.close(ticket, actor=people.agent, now=now + 8 * DAY)
    db.session.commit()
    rows = list(csv.DictReader(io.StringIO(browse(people.agent).get("/desk/sla/tickets.csv").text)))
    assert sum(row["ref"] == ticket.ref for row in rows) == db.session.query(Clock).filter_by(ticket_id=ticket.id).count()


def test_the_lists_behind_figures_read_the_index_of_the_report(app, people, now):
    query = behind.statement(Scope(now - 30 * DAY, now), "met", "resolution", now, (now, 5)).limit(51)
    sql = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = [row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    assert any("ix_clocks_report" in line for line in plan), plan
