"""Each disk keeps its own index in step with the database, whoever publishes, and with nobody to tell it."""

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app import reactions
from app.extensions import db
from app.knowledge import actions, finding, indexing, keeper
from app.knowledge.keeper import Keeper
from app.knowledge.models import Faq
from app.search import store
from tests import forked
from tests.worker import environment, until

AT = 1_800_000_000.0
# Two servers start, and each builds an index: seconds, unless the machine has much else to do.
PATIENCE = 240.0


def keys(text):
    """The names of what a visitor finds."""
    return [result.key for result in finding.search(None, text).results]


@pytest.fixture
def disk(app, tmp_path):
    """`with disk("a"):` is on a machine that shares nothing but the database."""

    @contextmanager
    def on(name):
        before = app.config["SETTINGS"]
        app.config["SETTINGS"] = replace(before, data_dir=tmp_path / name)
        try:
            yield
        finally:
            app.config["SETTINGS"] = before

    return on


@pytest.mark.engines("sqlite", "postgresql")
def test_each_disk_catches_up_by_itself_with_what_was_published_elsewhere(app, engine, faq, people, now, disk):
    with disk("a"):
        assert Keeper().look(AT) > 10, "an empty disk gets its index"
    entry = faq("Where do zebras sleep?")
    db.session.commit()
    first, second = Keeper(), Keeper()
    with disk("a"):
        assert first.look(AT) == 1
        assert keys("zebras") == ["where-do-zebras-sleep"]
    with disk("b"):
        assert second.look(AT) > 10
        assert keys("zebras") == ["where-do-zebras-sleep"]
    actions.unpublish(db.session.get(Faq, entry.id), actor=people.agent, now=now)
    db.session.commit()
    for keeping, name in ((first, "a"), (second, "b")):
        with disk(name):
            assert keys("zebras") == [], "at once, since results are read from the database"
            assert f"faq:{entry.id}" in indexing.the_index().stamps()
            assert keeping.look(AT + 2) == 1
            assert f"faq:{entry.id}" not in indexing.the_index().stamps()


def test_looking_costs_one_short_statement_while_nothing_changes(app, faq, disk, statements):
    keeping = Keeper()
    with disk("a"):
        keeping.look(AT)
        keeping.look(AT + 2)
        with statements() as seen:
            assert keeping.look(AT + 4) is None
        assert len(seen) == 1
        assert "faqs" not in seen[0]


def test_a_search_costs_no_statement_to_know_whether_the_index_is_fresh(app, indexed, statements):
    keys("install")
    with statements() as seen:
        keys("install hive")
    assert not [statement for statement in seen if "events" in statement]


def test_what_left_no_event_is_found_by_comparing_now_and_then(app, faq, disk):
    faq("Where do zebras sleep?")
    db.session.commit()
    keeping = Keeper()
    with disk("a"):
        keeping.look(AT)
        keeping.look(AT)
        db.session.execute(db.update(Faq).where(Faq.external_id == "where-do-zebras-sleep").values(question="Where do okapis sleep?"))
        db.session.commit()
        assert keeping.look(AT + 10) is None
        assert keeping.look(AT + keeper.COMPARE_SECONDS) == 1
        assert keys("okapis") == ["where-do-zebras-sleep"]
        assert keeping.look(AT + keeper.COMPARE_SECONDS + 2) is None


def test_a_change_that_commits_late_with_a_lower_number_is_another_mark(app, faq, people):
    faq("One?")
    faq("Two?")
    db.session.commit()
    before = indexing.mark()
    late = db.session.scalar(db.select(db.func.max(indexing.Event.id))) - 1
    db.session.execute(db.delete(indexing.Event).where(indexing.Event.id == late))
    db.session.commit()
    assert indexing.mark() != before, "so its coming changes the mark as well as its going"


def test_one_keeper_works_at_a_time_and_a_worker_keeps_the_duty(app, faq, disk):
    web, worker = Keeper(), Keeper(stays=True)
    with disk("a"):
        web.look(AT)
        worker.look(AT)
        faq("Where do zebras sleep?")
        db.session.commit()
        assert web.look(AT + 2) is None, "the worker has the duty"
        assert worker.look(AT + 2) == 1
        worker.held.close()
        faq("Where do okapis sleep?")
        db.session.commit()
        assert web.look(AT + 4) == 1, "the lock of a process that died is free"


def test_a_damaged_index_is_built_anew_although_nothing_was_published(app, disk):
    keeping = Keeper()
    with disk("a"):
        keeping.look(AT)
        number = store.read_current(indexing.home()).number
        victim = max((indexing.home() / f"generation-{number}").iterdir(), key=lambda path: path.stat().st_size)
        os.truncate(victim, 100)
        assert not indexing.generation()
        assert keeping.look(AT + 2) > 10
        assert indexing.generation()
        assert keys("install hive")


def test_what_is_published_while_the_index_is_built_anew_is_found_soon(app, faq, disk):
    keeping = Keeper()
    with disk("a"):
        keeping.look(AT)
        keeping.look(AT + 1)

        def publish_meanwhile(done):
            if done == 5:
                faq("Where do zebras sleep?")
                db.session.commit()
                assert keeping.look(AT + 2) == 1
                assert keys("zebras") == ["where-do-zebras-sleep"], "nobody waits for the rebuild"

        read_before = list(indexing.documents())
        indexing.the_index().rebuild(read_before, publish_meanwhile)
        keeping.look(AT + 4)
        assert keys("zebras") == ["where-do-zebras-sleep"]
        keeping.look(AT + 6)
        assert keeping.look(AT + 8) is None


def test_every_kind_of_event_that_is_followed_by_indexing_moves_the_mark():
    followed = {kind for kind, wanted in reactions.REACTIONS.items() if any(".jobs.index_" in job for _, job in wanted)}
    assert followed
    assert followed <= set(indexing.TELLING)


def test_a_machine_is_ready_when_it_has_its_index(app, browse, disk):
    with disk("a"):
        assert browse(None).get("/readyz", status=503).json == {"status": "failing", "failing": ["search"]}
        Keeper().look(AT)
        assert browse(None).get("/readyz").json == {"status": "ready", "failing": []}


GUNICORN = "from gunicorn.app.wsgiapp import run; run()"
OURS = "from wsgi import app; from app.ops.web import Server; Server(app).run()"


class Pod:
    """A web server on a disk of its own, that shares the database with us, and has no Redis."""

    def __init__(self, app, folder, code=GUNICORN, *more):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        folder.mkdir()
        nowhere = f"unix://{folder}/no-redis.sock"
        settings = environment(app, DATA_DIR=str(folder), REDIS_URL=nowhere, PORT=str(self.port), BASE_URL=f"http://127.0.0.1:{self.port}")
        # Loaded before it is forked, as ours is: four processes that each load it keep a busy machine for a minute.
        command = ["-w", "2", "--preload", "--threads", "2", "-k", "gthread", "--no-control-socket"]
        command += ["--bind", f"127.0.0.1:{self.port}", "--log-level", "error", *more, "wsgi:app"]
        self.process = forked.Python("-c", code, *command, environ=settings, stdout=folder / "gunicorn.log")

    def get(self, path):
        """(status, text) of a page; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def failing(self):
        """What it says it lacks."""
        status, text = self.get("/readyz")
        return json.loads(text)["failing"] if status else None

    def finds(self, key):
        """Whether each of some searches in a row finds a question; they come to different processes."""
        return all(key in self.keys(key) for _ in range(6))

    def keys(self, words):
        """The names of what it finds; none where it does not answer."""
        status, text = self.get(f"/api/v1/faqs?q={words}")
        return [item["external_id"] for item in json.loads(text)["items"]] if status == 200 else []

    def stop(self):
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@pytest.fixture
def pods(app, tmp_path):
    """Two of them."""
    started = [Pod(app, tmp_path / name) for name in ("a", "b")]
    yield started
    for pod in started:
        pod.stop()


@pytest.mark.engines("postgresql")
@pytest.mark.real_clock
def test_two_machines_without_a_shared_disk_and_without_redis_see_each_publication(app, engine, faq, people, now, pods):
    db.session.commit()
    for pod in pods:
        until(lambda pod=pod: pod.failing() is not None and "search" not in pod.failing(), "the index of an empty disk", seconds=PATIENCE)
    entry = faq("Where do zebras sleep?")
    db.session.commit()
    for pod in pods:
        until(lambda pod=pod: pod.finds(entry.external_id), "the publication", seconds=PATIENCE)
    actions.unpublish(entry, actor=people.agent, now=now)
    db.session.commit()
    assert not [key for pod in pods for key in pod.keys("zebras") if key == entry.external_id]


@pytest.mark.real_clock
@pytest.mark.parametrize("way", [(OURS,), (GUNICORN, "--config", "python:app.ops.web")], ids=["ours", "gunicorn"])
def test_a_web_server_has_its_index_before_anybody_asks_it(app, people, tmp_path, way):
    db.session.commit()
    pod = Pod(app, tmp_path / "a", *way)
    try:
        until((tmp_path / "a" / "index" / "current").exists, "the index of an empty disk", seconds=PATIENCE)
    finally:
        pod.stop()
