"""Statements: what is in them follows from events and terms, agrees with the report, and any change of the file shows."""

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from app.config import ROOT
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.sla import issuing, report_jobs, reports, statements
from app.sla.commands import sla
from app.sla.papers import Statement
from app.sla.reports import Scope
from tests.accounts.helpers import events
from tests.sla.histories import live

BOTH = pytest.mark.engines("sqlite", "postgresql")
SCRIPT = ROOT / "bin" / "verify-statement"


def script():
    loader = importlib.machinery.SourceFileLoader("verify_statement", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("verify_statement", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def checker():
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    yield script()
    sys.dont_write_bytecode = before


def made(organization, now, zone="UTC", actor=None):
    found = issuing.make(organization, "2026-10", zone, actor=actor, now=now)
    db.session.commit()
    return found


def rechained(given):
    """A forger's work: every hash and the seal made anew over changed lines."""
    lines = statements.chained({key: value for key, value in line.items() if key != "hash"} for line in given["lines"])
    return given | {"lines": lines, "seal": lines[-1]["hash"]}


@BOTH
@pytest.mark.parametrize(("seed", "zone"), [(0, "UTC"), (1, "America/New_York"), (2, "Asia/Kolkata")])
@pytest.mark.parametrize("splits", [False, True])
def test_every_statement_is_judged_alike_by_a_script_that_shares_no_code(app, people, now, checker, tmp_path, seed, zone, splits):
    live(people, seed, until=now, splits=splits)
    for organization in (people.acme, people.globex):
        found = made(organization, now, zone)
        content = issuing.content_of(found)
        (tmp_path / "statement.json").write_bytes(content)
        key = statements.key_of(issuing.secret())
        told = checker.verified(str(tmp_path / "statement.json"), found.seal, key)
        assert "The signature is ours." in told
        assert found.figures["judged_then"] == 0
        agrees_with_the_report(content, organization, now, zone)


def test_the_script_tells_which_version_a_file_is_and_which_it_replaces(app, people, now, checker, tmp_path):
    live(people, 1, until=now, tickets=3)
    first, second = (made(people.acme, now, actor=people.agent) for _ in range(2))
    for found, told in ((first, "version 1"), (second, "version 2")):
        (tmp_path / "statement.json").write_bytes(issuing.content_of(found))
        lines = checker.verified(str(tmp_path / "statement.json"), None, None)
        assert told in lines[0]
        assert (f"It replaces the version with the seal {first.seal}." in lines) == (found is second)
        assert any("newer one" in line for line in lines), "a file cannot know what was made after it"


def agrees_with_the_report(content, organization, now, zone):
    since, until = issuing.bounds("2026-10", zone)
    report = reports.report(Scope(since, until, organization_id=organization.id), now=now)
    stated = {(ln["metric"], ln["priority"]): ln for ln in json.loads(content)["lines"] if ln["type"] == "figure"}
    assert stated.keys() == {(line.metric, line.priority) for line in report.lines}
    for line in report.lines:
        figure = stated[line.metric, line.priority]
        assert [figure[name] for name in ("total", "met", "breached", "running", "paused", "p90_seconds")] == [
            line.total, line.met, line.breached, line.running, line.paused, line.p90_seconds,
        ]  # fmt: skip
        for name in ("compliance", "average_seconds", "median_seconds"):
            value = getattr(line, name)
            assert (figure[name] is None) == (value is None)
            assert value is None or abs(float(figure[name]) - value) < 0.006


FILES = []


@pytest.fixture
def given(request):
    """A statement with clocks in several states, as a file that can be changed; made once."""
    if not FILES:
        people, now = request.getfixturevalue("people"), request.getfixturevalue("now")
        live(people, 3, until=now, tickets=20)
        FILES.append((issuing.content_of(made(people.globex, now)), issuing.secret()))
    given = json.loads(FILES[0][0])
    outcomes = {line["outcome"] for line in given["lines"] if line["type"] == "clock"}
    assert {"met", "breached"} <= outcomes
    return given


def told_of(checker, given, tmp_path, **options):
    """What the script says is wrong."""
    (tmp_path / "changed.json").write_bytes(statements.canonical(given))
    with pytest.raises(checker.Bad) as wrong:
        checker.verified(str(tmp_path / "changed.json"), options.get("seal"), options.get("key"))
    return str(wrong.value)


def changed(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "0"
    if isinstance(value, dict):
        return value | {"more": 1}
    return [*value, "more"] if isinstance(value, list) else "something"


def test_changing_any_field_of_any_kind_of_line_names_that_line(given, checker, tmp_path):
    samples = {}
    for line in given["lines"]:
        samples.setdefault((line["type"], line.get("kind"), tuple(sorted(line))), line)
    tried = 0
    for sample in samples.values():
        number = sample["line"]
        for name in sample:
            lines = [dict(line) for line in given["lines"]]
            lines[number - 1][name] = changed(sample[name])
            assert told_of(checker, given | {"lines": lines}, tmp_path).startswith(f"Line {number}"), (sample["type"], name)
            tried += 1
    assert tried > 60


@pytest.mark.parametrize("place", [0, 1, 7, -1])
def test_taking_a_line_out_moving_or_doubling_it_shows(given, checker, tmp_path, place):
    lines = given["lines"]
    number = lines[place]["line"]
    without = [line for line in lines if line["line"] != number]
    assert "Line" in told_of(checker, given | {"lines": without}, tmp_path) or place == -1
    doubled = [*lines[:number], lines[place], *lines[number:]]
    assert f"Line {number + 1}" in told_of(checker, given | {"lines": doubled}, tmp_path)


def test_a_forger_who_makes_the_chain_anew_is_told_by_the_events(given, checker, tmp_path):
    lines = [dict(line) for line in given["lines"]]
    missed = next(line for line in lines if line["type"] == "clock" and line["outcome"] == "breached" and line["state"] == "stopped")
    missed["outcome"] = "met"
    assert f"Line {missed['line']}" in told_of(checker, rechained(given | {"lines": lines}), tmp_path)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("clock", "target_seconds", 9_000_000),
        ("clock", "started_at", "2026-10-02T00:00:00.000000+00:00"),
        ("clock", "started_at", "2026-09-02T00:00:00.000000+00:00"),
        ("clock", "terms", "others"),
        ("clock", "priority", "emergency"),
        ("clock", "elapsed_seconds", 1),
        ("clock", "state", "running"),
        ("clock", "stopped_at", "2026-10-02T00:00:00.000000+00:00"),
        ("terms", "targets_minutes", {}),
        ("terms", "key", "other"),
        ("event", "at", "2026-09-29T12:00:00.000000+00:00"),
        ("event", "ticket", "HT-0000000"),
        ("figure", "met", 10_000),
        ("figure", "breached", 0),
        ("figure", "total", 1),
        ("figure", "compliance", "100.01"),
        ("figure", "average_seconds", "0.10"),
        ("figure", "median_seconds", "0.10"),
        ("figure", "p90_seconds", 1),
        ("figure", "priority", "none"),
        ("statement", "as_of", "2026-10-01T00:00:00.000000+00:00"),
        ("statement", "until", "2026-10-02T00:00:00.000000+00:00"),
        ("statement", "counts", {"terms": 1, "events": 1, "clocks": 1, "figures": 1}),
    ],
)
def test_with_a_chain_made_anew_the_figures_still_have_to_follow(given, checker, tmp_path, kind, name, value):
    lines = [dict(line) for line in given["lines"]]
    line = next(
        line
        for line in lines
        if line["type"] == kind and line.get(name, value) != value and (kind != "clock" or (line["state"] == "stopped" and line["derived"]))
    )
    line[name] = value
    assert "ine" in told_of(checker, rechained(given | {"lines": lines}), tmp_path)


def test_a_forgery_that_is_right_in_itself_has_another_seal_and_no_signature(given, checker, tmp_path):
    lines = [dict(line) for line in given["lines"]]
    lines[0]["organization"] = "Somebody Else"
    forged, path = rechained(given | {"lines": lines}), tmp_path / "forged.json"
    path.write_bytes(statements.canonical(forged))
    assert any(line.startswith("Seal") for line in checker.verified(str(path), None, None))
    assert "seal" in told_of(checker, forged, tmp_path, seal=given["seal"])
    secret = FILES[0][1]
    assert "signature" in told_of(checker, forged, tmp_path, key=statements.key_of(secret))
    assert statements.problems(path.read_bytes(), secret) == ["The signature is not ours."]


def test_a_file_that_was_formatted_or_hides_a_second_key_is_refused(given, checker, tmp_path):
    spelt = statements.canonical(given)
    for data in (json.dumps(given, indent=1).encode(), spelt.replace(b'"format":', b'"format":"x","format":', 1)):
        (tmp_path / "odd.json").write_bytes(data)
        with pytest.raises(checker.Bad, match="canonical"):
            checker.verified(str(tmp_path / "odd.json"), None, None)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff\xfe", b'{"format":"hive-sla-statement/1","lines":[]}', b"[" * 100_000])
def test_what_is_no_statement_is_refused_by_script_and_by_us(checker, tmp_path, data):
    (tmp_path / "odd.json").write_bytes(data)
    with pytest.raises(checker.Bad):
        checker.verified(str(tmp_path / "odd.json"), None, None)
    assert statements.problems(data, "secret") == ["This is no statement of ours."]


def test_the_script_runs_alone_and_ends_with_one_where_something_is_wrong(given, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(statements.canonical(given))
    lines = [dict(line) for line in given["lines"]]
    lines[4]["at"] = "2026-10-03T00:00:00.000000+00:00"
    bad.write_bytes(statements.canonical(given | {"lines": lines}))
    run = [sys.executable, "-I", "-S", str(SCRIPT)]
    done = subprocess.run([*run, str(good)], capture_output=True, text=True, check=True)
    assert "chain whole" in done.stdout and given["seal"] in done.stdout
    done = subprocess.run([*run, str(bad)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("BAD: Line 5 ") and done.stdout == ""
    assert subprocess.run([*run, "nowhere.json"], capture_output=True, check=False).returncode == 1


def test_no_word_that_anybody_wrote_is_in_a_statement(given):
    words = statements.canonical(given).decode()
    assert "We look into it" not in words and "Nothing that leaves" not in words and "@" not in words
    assert {
        tuple(sorted(ln.keys() - {"status", "priority", "by_staff", "is_automatic"})) for ln in given["lines"] if ln["type"] == "event"
    } == {("at", "hash", "kind", "line", "ticket", "type")}


def test_the_job_makes_last_months_statements_once(app, people, now, clock, drain):
    live(people, 1, until=now)
    assert report_jobs.make_statements() == 2
    assert report_jobs.make_statements() == 2
    drain()
    drain()
    assert report_jobs.make_statements() == 0
    rows = db.session.query(Statement).order_by(Statement.id).all()
    assert [(row.month, row.version, row.zone, row.made_by_id) for row in rows] == [("2026-10", 1, "UTC", None)] * 2
    assert len(events("sla.statement_made")) == 2
    clock.move_to(datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    assert report_jobs.make_statements() == 0
    clock.move_to(datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
    assert report_jobs.make_statements() >= 0


def test_made_again_by_hand_it_is_the_next_version_and_names_the_seal_before(app, people, now):
    live(people, 1, until=now)
    first = made(people.acme, now)
    again = issuing.make_by_hand(people.acme, "2026-10", "UTC", actor=people.agent, now=now + timedelta(hours=1))
    db.session.commit()
    assert (again.version, again.figures["replaces"], again.made_by_id) == (2, first.seal, people.agent.id)
    assert again.seal != first.seal and issuing.latest_of(first).id == again.id
    with pytest.raises(NotAllowed):
        issuing.make_by_hand(people.acme, "2026-10", "UTC", actor=people.owner, now=now)


def test_a_month_that_is_not_over_or_is_none_or_is_empty_is_refused(app, people, now):
    for month in ("2026-13", "2026-1", "26-10", "", "2026-10-01", "0000-01"):
        with pytest.raises(Invalid):
            issuing.bounds(month, "UTC")
    with pytest.raises(WrongState, match="not over"):
        issuing.make(people.acme, "2026-11", "UTC", actor=people.agent, now=now)
    with pytest.raises(WrongState, match="Nothing was promised"):
        issuing.make(people.acme, "2020-01", "UTC", actor=people.agent, now=now)


def test_what_we_keep_shows_when_it_was_tampered_with(app, people, now):
    live(people, 1, until=now)
    found = made(people.acme, now)
    assert issuing.is_whole(found)
    content = issuing.content_of(found)
    assert issuing.problems(content, organization_id=people.acme.id, is_demo=False)[0].id == found.id
    assert issuing.problems(content, organization_id=people.globex.id, is_demo=False)[1] == ["We keep no statement with this seal."]
    found.seal = "0" * 64
    assert not issuing.is_whole(found)


def test_the_command_line_checks_a_file_against_what_we_keep(app, people, now, tmp_path):
    live(people, 1, until=now, tickets=4)
    found = made(people.acme, now)
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(issuing.content_of(found))
    bad.write_bytes(issuing.content_of(found).replace(b'"met"', b'"breached"', 1))
    done = app.test_cli_runner().invoke(sla, ["check", str(good)])
    assert done.exit_code == 0 and found.seal in done.output
    done = app.test_cli_runner().invoke(sla, ["check", str(bad)])
    assert done.exit_code == 1 and "BAD: Line" in done.output
