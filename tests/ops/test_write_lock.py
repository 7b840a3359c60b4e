"""SQLite lets one write at a time: what computes long or asks another process does it while others can write."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from app.analytics import forecast_jobs, forecasts
from app.extensions import db
from app.lib import database, public_holidays
from app.lib.database import reading, writing
from app.sla import dry_run, run_jobs
from app.sla import jobs as sla
from tests import factories
from tests.sla.edits import calendar_of


def is_free():
    """Whether somebody else could write now."""
    with closing(sqlite3.connect(db.engine.url.database, timeout=0, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


@pytest.fixture
def watched(app, monkeypatch):
    """`watched(module, name)` gives a list of whether others could write, each time that the function was called."""

    def watch(module, name):
        asked, work = [], getattr(module, name)

        def working(*given, **named):
            asked.append(is_free())
            return work(*given, **named)

        monkeypatch.setattr(module, name, working)
        return asked

    return watch


def test_what_means_to_write_holds_the_lock_and_what_reads_within_does_not(app):
    with writing():
        db.session.scalar(db.text("SELECT 1"))
        assert not is_free()
        db.session.rollback()
        with reading():
            db.session.scalar(db.text("SELECT 1"))
            assert is_free()
            db.session.rollback()
        db.session.scalar(db.text("SELECT 1"))
        assert not is_free()


def test_a_forecast_is_worked_out_while_others_write(people, clock, watched):
    factories.ticket(people.owner, priority="high")
    db.session.commit()
    free = watched(forecasts, "simulated")
    with writing():
        assert forecast_jobs.make_forecasts() == 1
    assert free == [True]


def test_a_dry_run_is_tried_out_while_others_write(people, clock, now, watched):
    factories.ticket(people.owner, now=now - timedelta(days=3))
    business = calendar_of("business")
    asked = {"what": "calendar", "id": business.id, "name": business.name, "definition": business.definition}
    run = dry_run.propose("Trial", asked | {"seen": business.changed_at.isoformat()}, actor=people.lead, now=now)
    db.session.commit()
    free = watched(dry_run, "examine")
    with writing():
        run_jobs.work(run.id)
    assert free and all(free)


def test_to_see_that_no_holidays_are_lacking_waits_for_no_writer(app, monkeypatch):
    monkeypatch.setattr(database, "SQLITE_PRAGMAS", (*database.SQLITE_PRAGMAS, "PRAGMA busy_timeout=10"))
    db.session.remove()
    db.engine.dispose()
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other, writing():
        other.execute("BEGIN IMMEDIATE")
        assert sla.extend_holidays() == 0


def test_holidays_are_looked_up_while_others_write(people, clock, browse, watched):
    free = watched(public_holidays, "names")
    browse(people.agent).post("/desk/rota/settings", {"state": "available", "country": "jp"}, to="/desk/rota/mine")
    lead, business = browse(people.lead), calendar_of("business")
    page = lead.get(f"/admin/sla/calendars/{business.id}").markup
    form = page.fields(page.one("form", id="calendar-form"))
    lead.post(f"/admin/sla/calendars/{business.id}", {**form, "country": "FR", "fill": "1"})
    clock.shift(366 * 86_400)
    with writing():
        assert sla.extend_holidays() == 1
    assert free == [True] * 4, "a person's, those of two countries, and the years to come"
