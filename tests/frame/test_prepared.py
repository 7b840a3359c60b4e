"""SQLite prepares the statements of our busiest pages once, not at each call."""

import sqlite3

import pytest
from sqlalchemy import event

from app.extensions import db
from app.lib.database import written_out

PAGES = [("lead", "/desk/queue/all"), ("lead", "/desk/tickets/{}"), ("lead", "/desk/alerts"), ("owner", "/"), ("owner", "/tickets/{}")]


@pytest.fixture
def prepared(app):
    """The statements that were prepared since it was last emptied: SQLite asks an authorizer while it prepares."""
    seen, now = [], [""]

    def ask(*what):
        if what[0] != sqlite3.SQLITE_TRANSACTION:
            seen.append(now[0])
        return sqlite3.SQLITE_OK

    def attend(connection, record, proxy):
        if not record.info.get("is_attended"):
            record.info["is_attended"] = True
            connection.set_authorizer(ask)

    def name(connection, cursor, statement, *rest):
        now[0] = statement

    db.session.remove()
    event.listen(db.engine, "checkout", attend)
    event.listen(db.engine, "before_cursor_execute", name)
    yield seen
    db.session.remove()
    event.remove(db.engine, "checkout", attend)
    event.remove(db.engine, "before_cursor_execute", name)
    db.engine.dispose()


@pytest.mark.furnished
@pytest.mark.parametrize(("who", "path"), PAGES)
def test_a_page_prepares_its_statements_once(people, rows, browse, prepared, who, path):
    window, path = browse(getattr(people, who)), path.format(rows.ticket.ref)
    for _ in range(2):
        window.get(path)
    assert prepared
    prepared.clear()
    window.get(path)
    assert set(prepared) == set()


def test_only_words_are_written_out():
    assert str(written_out("running")) == "'running'"
    for wrong in ("", "a'b", "a b", "x; DROP TABLE tickets"):
        with pytest.raises(ValueError, match="our own words"):
            written_out(wrong)
