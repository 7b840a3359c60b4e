"""The command line: what it prints, what it refuses, and how it fails."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import current_app
from sqlalchemy import select, update

from app import cli
from app.accounts.models import Plan
from app.audiences import DOORS
from app.config import Config
from app.events.actions import record
from app.extensions import db, queue
from app.ops import commands, doctor, reset, ticker
from tests import forked, services
from tests.worker import environment, until


def run(command, *arguments):
    """Run a command in this process; what it printed."""
    done = CliRunner().invoke(command, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def hive(app, tmp_path):
    """Runs `hive-support` as a process of its own."""
    return lambda *arguments, **over: forked.run(*forked.HIVE, *arguments, folder=tmp_path, environ=environment(app, **over))


def test_routes_as_json_has_every_address_with_its_door_and_roles(app):
    rows = json.loads(run(commands.routes, "--json").stdout)
    assert len(rows) == len(list(app.url_map.iter_rules()))
    by_endpoint = {row["endpoint"]: row for row in rows}
    assert by_endpoint["accounts.login"]["door"] == "public"
    assert by_endpoint["desk.show"] == {
        "path": "/desk/tickets/<ref>",
        "methods": ["GET"],
        "endpoint": "desk.show",
        "door": "desk",
        "roles": ["admin", "agent", "lead"],
    }
    assert {row["door"] for row in rows} == {door for door, _ in DOORS.values()}


def test_routes_for_people_has_a_line_for_each(app):
    lines = run(commands.routes).stdout.splitlines()
    assert len(lines) == len(list(app.url_map.iter_rules()))
    assert any("/healthz" in line and "anybody" in line for line in lines)


def test_config_names_every_setting_and_shows_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "correct horse")
    monkeypatch.setenv("SMTP_URL", "smtp://user:hunter2@mail.example")
    said = run(commands.config).stdout
    assert all(name in said for name, _, _ in Config.from_env().described())
    assert "correct horse" not in said
    assert "hunter2" not in said


def test_migrate_twice_changes_nothing(app):
    assert run(commands.migrate).stdout.startswith("Up to date at schema")


def findings():
    """What the doctor finds wrong: part → what it told."""
    db.session.rollback()
    return {f.part: f for f in doctor.examine(settings()) if not f.is_well}


def settings():
    """The settings of the application."""
    return current_app.config["SETTINGS"]


def test_the_doctor_misses_workers_and_scheduler_where_none_run(app):
    assert set(findings()) == {"queue default", "queue mail", "queue index", "scheduler"}


@pytest.mark.real_clock
def test_the_doctor_is_content_while_everything_runs(app, worker):
    worker()
    until(ticker.is_ticking, "the ticker")
    done = run(commands.look)
    assert (done.exit_code, done.stdout.strip().endswith("Everything is well.")) == (0, True)


def test_the_doctor_names_what_is_broken_and_how_to_mend_it(app, now, people, redis):
    record("account.reset_requested", now=now - timedelta(hours=1), actor=people.user, facts={"email": people.user.email})
    db.session.commit()
    queue("default").enqueue("tests.ops.test_workers.fail")
    done = run(commands.look)
    assert done.exit_code == 1
    assert "✗ events" in done.stdout
    assert "they catch up by themselves" in done.stdout
    assert "worker.py --only mail" in done.stdout


def test_the_doctor_says_what_redis_refuses(app, redis):
    redis.set("rq:queue:mail", "no list")
    assert "It refuses to work: WRONGTYPE" in findings()["redis"].told


def test_the_doctor_survives_a_dead_redis(app, redis):
    services.redis().kill()
    try:
        assert "does not answer" in findings()["redis"].told
    finally:
        services.redis().start()


def test_the_doctor_sees_an_old_schema(app):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'old'")
    assert findings()["schema"].mend == "hive-support migrate"


def test_the_doctor_tries_the_mail_server(app, smtp):
    assert [f.is_well for f in doctor.of_mail(with_smtp(smtp.url))] == [True, True]
    smtp.stop()
    found = next(doctor.of_mail(with_smtp(smtp.url)))
    assert (found.is_well, found.mend) == (False, "Start the mail server, or correct SMTP_URL.")
    assert not next(doctor.of_mail(with_smtp("http://wrong"))).is_well


def with_smtp(url):
    """Settings with a mail server."""
    return Config(env="test", secret_key="k", smtp_url=url, data_dir=settings().data_dir).completed()


def test_the_doctor_sees_a_place_that_is_missing(app, tmp_path):
    missing = Config(env="test", secret_key="k", data_dir=tmp_path / "none").completed()
    assert [f.is_well for f in doctor.of_data_dir(missing)] == [False]


def test_reset_forgets_what_is_ours_and_nothing_else(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENV", "test")
    for name in ("support.sqlite3", "thesis.txt"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "index").mkdir()
    refused = CliRunner().invoke(commands.reset, input="n\n")
    assert refused.exit_code == 1
    assert (tmp_path / "support.sqlite3").exists()
    run(commands.reset, "--yes")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key", "thesis.txt", "up.lock"]
    assert "nothing to forget" in run(commands.reset, "--yes").stdout


def test_reset_is_refused_in_production(monkeypatch, tmp_path):
    for name, value in {"DATA_DIR": str(tmp_path), "ENV": "production", "SECRET_KEY": "k"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "support.sqlite3").touch()
    assert CliRunner().invoke(commands.reset, ["--yes"]).exit_code == 1
    assert (tmp_path / "support.sqlite3").exists()


def test_what_reset_forgets_is_what_a_machine_keeps(app):
    kept = {path.name for path in settings().data_dir.iterdir()} - {
        "test.sqlite3",
        "test.sqlite3-wal",
        "test.sqlite3-shm",
        "test.template",
        "test.furnished",
    }
    assert kept <= {*reset.KEPT, "metrics", "secret_key", "up.lock"} | {name for name in kept if name.endswith(".log")}


def test_help_lists_every_command_with_a_sentence(hive):
    done = hive("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in (*cli.COMMANDS, "up"))


def test_an_unknown_command_is_told(hive):
    done = hive("fly")
    assert (done.returncode, "No such command 'fly'" in done.stderr) == (2, True)


def test_a_wrong_setting_is_told_without_a_traceback(hive):
    done = hive("routes", ENV="holiday")
    assert (done.returncode, done.stderr) == (1, "Error: ENV is 'holiday': use development, test or production.\n")


def test_a_database_that_is_not_there_is_told_without_a_traceback(tmp_path, hive):
    done = hive("rollups", "rebuild", DATABASE_URL=f"sqlite:///{tmp_path / 'none.sqlite3'}")
    assert done.returncode == 1
    assert "hive-support migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written_to_is_told_without_a_traceback(tmp_path, hive):
    done = hive("faq", "export", str(tmp_path / "nowhere" / "faq.json"))
    assert (done.returncode, done.stderr) == (1, f"Error: {tmp_path / 'nowhere' / 'faq.json'}: No such file or directory.\n")


def test_commands_answer_on_standard_output_and_log_elsewhere(hive):
    done = hive("routes", "--json", LOG_LEVEL="DEBUG")
    assert json.loads(done.stdout)


def test_reference_rows_come_back_by_migrate(app):
    db.session.execute(update(Plan).where(Plan.key == "technical").values(key="renamed"))
    db.session.commit()
    run(commands.migrate)
    assert {plan.key for plan in db.session.scalars(select(Plan))} >= {"technical", "renamed"}
