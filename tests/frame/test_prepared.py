"""The statements of our busiest pages are compiled once, and SQLite prepares them once, not at each call."""

import sqlite3

import pytest
from sqlalchemy import bindparam, event, select
from sqlalchemy.dialects.sqlite import dialect

from app.accounts.models import User
from app.extensions import db
from app.lib.database import plain_rows, written_out
from app.lib.kept import own_cache

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


# Kept by this process for tests on either database.
SOME = select(User.name).where(User.id.in_(bindparam("ids", expanding=True))).order_by(User.id)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_statement_is_compiled_once_whatever_it_is_asked_for(people):
    cache = own_cache(SOME)["compiled_cache"]
    cache.clear()
    for wanted in ([people.user], [people.agent, people.lead], [], [people.user]):
        found = [row.name for row in plain_rows(db.session, SOME, {"ids": [one.id for one in wanted]})]
        assert sorted(found) == sorted(one.name for one in wanted)
    assert len(cache) == 1
    plain_rows(db.session, SOME, {"ids": [], "besides": 1})
    assert len(cache) == 2


def test_what_it_was_compiled_to_is_kept_for_each_database_and_other_statements_elsewhere(app):
    key, cache = (dialect(), ("a statement",), ("ids",), False, False), own_cache(SOME)["compiled_cache"]
    cache[key] = "compiled"
    assert cache.get((key[0], ("as long as it likes",), *key[2:])) == "compiled"
    assert [cache.get((dialect(), *key[1:])), cache.get((*key[:2], ("other",), False, False))] == [None, None]
    passing = select(User.name)
    plain_rows(db.session, passing, {}, kept=False)
    assert own_cache(SOME) is own_cache(SOME) is not own_cache(passing) and own_cache(passing)["compiled_cache"] == {}


def test_only_words_are_written_out():
    assert [str(written_out(word)) for word in ("running", "ticket.opened")] == ["'running'", "'ticket.opened'"]
    for wrong in ("", "a'b", "a b", "x; DROP TABLE tickets", ".", "a..b", "a.'b"):
        with pytest.raises(ValueError, match="our own words"):
            written_out(wrong)
