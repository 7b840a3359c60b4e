"""Memory that a process does not hold for long."""

import os

from tests import forked

MEASURED = """
from pathlib import Path

def held():
    return int(Path("/proc/self/statm").read_text().split()[1])
"""
SIGN_INS = """
from threading import Barrier, Thread
from app.accounts import passwords
from app.lib import memory

memory.settle()
passwords.kept("correct horse")
before, together = held(), Barrier(5)

def sign_in():
    passwords.kept("correct horse")
    together.wait()
    together.wait()

for _ in range(4):
    Thread(target=sign_in).start()
together.wait()
print(held() - before)
together.wait()
"""
READING = """
import sys
from sqlalchemy import create_engine, text
from app.lib import database

engine = create_engine(f"sqlite:///{sys.argv[1]}/large.sqlite3")
database.prepare(engine)
with database.writing(), engine.begin() as connection:
    connection.execute(text("CREATE TABLE pages (words BLOB)"))
    numbers = "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) SELECT randomblob(3000) FROM n"
    connection.execute(text(f"INSERT INTO pages {numbers}"))
engine.dispose()
before = held()
with engine.begin() as connection:
    connection.execute(text("SELECT count(*) FROM pages")).all()
    print(held() - before)
"""


def growth(folder, code):
    """Bytes that a process has grown by, as it says itself."""
    said = folder / "said"
    process = forked.Python("-c", MEASURED + code, str(folder), stdout=said)
    assert process.wait() == 0, said.read_text()
    return int(said.read_text()) * os.sysconf("SC_PAGE_SIZE")


def test_threads_that_have_checked_a_password_keep_no_memory_for_the_next(tmp_path):
    assert growth(tmp_path, SIGN_INS) < 19 << 20


def test_a_connection_that_has_read_a_large_sqlite_database_holds_little_of_it(tmp_path):
    assert growth(tmp_path, READING) < 8 << 20
