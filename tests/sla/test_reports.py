"""The SLA report: its figures, and that page, CSV, JSON and command line tell the same."""

import csv
import io
import json
import statistics
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import text

from app.extensions import db
from app.sla import clock, exports, reports
from app.sla.commands import sla
from app.sla.models import Clock
from app.sla.reports import Scope
from tests import factories

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def scope(now, **over):
    return Scope(now - 30 * DAY, now + DAY, **over)


@pytest.fixture
def noise(app, people, now):
    """Clocks in every state, of two organizations and teams, in a range and around it."""
    chance = Random(3)
    tickets = [factories.ticket(person) for person in (people.owner, people.stranger)]
    db.session.execute(text("DELETE FROM clocks"))
    policy = db.session.scalar(text("SELECT min(id) FROM policies"))
    for n in range(400):
        ticket = chance.choice(tickets)
        started = now - timedelta(minutes=chance.randrange(0, 50 * 1440))
        state = chance.choice(["running", "paused", "stopped", "stopped", "stopped", "cancelled"])
        due = started + timedelta(minutes=chance.randrange(1, 3000)) if state != "paused" else None
        late = state in ("stopped", "paused") and chance.random() < 0.3
        db.session.add(
            Clock(
                ticket_id=ticket.id,
                ticket_ref=ticket.ref,
                organization_id=ticket.organization_id,
                team_id=chance.choice([1, 2]),
                priority=chance.choice(reports.PRIORITIES),
                is_demo=chance.random() < 0.1,
                metric=chance.choice(["first_response", "next_response", "resolution"]),
                sequence=n + 1,
                policy_id=policy,
                target_seconds=3600,
                state=state,
                started_at=started,
                due_at=due,
                elapsed_seconds=chance.randrange(0, 9000) if state in ("stopped", "paused") else None,
                breached_at=started if late else None,
            )
        )
    db.session.commit()


@BOTH
@pytest.mark.parametrize("narrow", [{}, {"organization_id": 1}, {"team_id": 2}, {"priority": "high"}, {"is_demo": True}])
def test_the_figures_are_those_of_the_rows_one_by_one(noise, now, narrow, statements):
    with statements() as seen:
        found = reports.report(scope(now, **narrow), now=now)
    assert len(seen) == 3
    wanted = {"is_demo": False} | narrow
    rows = [c for c in db.session.query(Clock) if now - 30 * DAY <= c.started_at < now + DAY and c.state != "cancelled"]
    rows = [c for c in rows if all(getattr(c, key) == value for key, value in wanted.items())]
    for line in found.lines:
        mine = [c for c in rows if c.metric == line.metric and line.priority in (c.priority, reports.ALL)]
        agrees(line, mine, now)
    assert sum(line.total for line in found.overall) == len(rows)


def agrees(line, rows, now):
    tones = [clock.tone(c.state, due_at=c.due_at, warn_at=c.warn_at, breached_at=c.breached_at, now=now) for c in rows]
    count = {tone: tones.count(tone) for tone in ("ok", "risk", "breach", "paused", "met", "missed")}
    assert (line.total, line.met, line.breached) == (len(rows), count["met"], count["breach"] + count["missed"])
    assert (line.running, line.paused) == (count["ok"] + count["risk"], count["paused"])
    judged = line.met + line.breached
    assert line.compliance == (pytest.approx(100 * line.met / judged) if judged else None)
    lengths = sorted(c.elapsed_seconds for c in rows if c.state == "stopped")
    if lengths:
        assert line.average_seconds == pytest.approx(statistics.fmean(lengths))
        assert line.median_seconds == pytest.approx(statistics.median(lengths))
        assert line.p90_seconds == lengths[-(-9 * len(lengths) // 10) - 1]
    else:
        assert (line.average_seconds, line.median_seconds, line.p90_seconds) == (None, None, None)


def test_the_report_reads_the_covering_index_alone(noise, now):
    for query in (reports.counts(scope(now), now), reports.ranks(scope(now), overall=True)):
        sql = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = [row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
        assert any("USING COVERING INDEX ix_clocks_report" in line for line in plan), plan


def test_goals_are_stricter_for_what_is_urgent():
    line = reports.Line("first_response", "critical", compliance=99.5)
    assert line.goal == 100 and line.is_good is False
    assert reports.Line("first_response", "low", compliance=99.5).is_good is True
    assert reports.Line("first_response", "low").is_good is None


def test_cells_that_a_spreadsheet_would_run_are_quoted():
    assert [exports.cell(value) for value in ("=1+1", "+49", "-3", "@x", "\tx", "Acme", None, -3)] == [
        "'=1+1",
        "'+49",
        "'-3",
        "'@x",
        "'\tx",
        "Acme",
        "",
        -3,
    ]


@pytest.fixture
def some(app, people, now):
    """One kept and one missed first response of Acme, and one of Globex that waits."""
    people.acme.name = "=Acme"
    factories.reply(factories.ticket(people.owner, priority="high"), people.agent, now=now + HOUR)
    factories.reply(factories.ticket(people.owner, priority="high"), people.agent, now=now + 5 * HOUR)
    factories.ticket(people.stranger, priority="low")
    return people


def test_page_csv_json_and_command_tell_the_same(some, browse, now, app):
    agent = browse(some.agent)
    query = f"from=2026-11-20&to=2026-11-24&organization={some.acme.id}"
    page = agent.get(f"/desk/sla?{query}")
    assert "50.0 %" in page.text and "1 of 2 kept" in page.words
    rows = list(csv.DictReader(io.StringIO(agent.get(f"/desk/sla.csv?{query}").text)))
    first = next(row for row in rows if (row["metric"], row["priority"]) == ("first_response", "high"))
    told = (
        first["organization"],
        first["zone"],
        first["total"],
        first["met"],
        first["breached"],
        first["compliance"],
        first["median_seconds"],
    )
    assert told == ("'=Acme", "Asia/Tokyo", "2", "1", "1", "50.0", "10800.0")
    shown = agent.get(f"/desk/sla.json?{query}").json
    assert shown["organization"] == "=Acme" and shown["from"] == "2026-11-20T00:00:00+09:00"
    line = next(line for line in shown["lines"] if (line["metric"], line["priority"]) == ("first_response", "high"))
    assert (line["total"], line["p90_seconds"]) == (2, 18000)
    run = app.test_cli_runner()
    args = ["report", "--from", "2026-11-20", "--to", "2026-11-24", "--organization", "=acme", "--zone", "Asia/Tokyo", "--format"]
    assert json.loads(run.invoke(sla, [*args, "json"]).output)["lines"] == shown["lines"]
    assert [row["median_seconds"] for row in csv.DictReader(io.StringIO(run.invoke(sla, [*args, "csv"]).output))] == [
        row["median_seconds"] for row in rows
    ]
    table = run.invoke(sla, [*args, "table"]).output
    assert "First response  high" in table and "50.0 %" in table


@pytest.mark.parametrize(
    "args, says",
    [
        (["--from", "2026-11-20", "--to", "2026-11-01"], "before the first"),
        (["--from", "yesterday", "--to", "2026-11-01"], "yesterday"),
        (["--from", "2026-11-01", "--to", "2026-11-20", "--organization", "Nobody"], "no organization"),
        (["--from", "2026-11-01", "--to", "2026-11-20", "--zone", "Mars"], "no time zone"),
        (["--from", "2026-11-01"], "--to"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(app, args, says):
    done = app.test_cli_runner().invoke(sla, ["report", *args])
    assert done.exit_code == 2 and says in done.output


def test_a_range_without_promises_is_a_table_that_says_so(app):
    done = app.test_cli_runner().invoke(sla, ["report", "--from", "2020-01-01", "--to", "2020-01-31"])
    assert done.exit_code == 0 and "No promises in this range." in done.output
