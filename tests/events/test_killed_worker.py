"""A worker is really killed in the middle of its work, and the work is done in the end, once."""

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.events.actions import record
from app.extensions import db, queue, retry
from app.lib.clock import utcnow
from app.mail import jobs
from app.mail.models import OutboundMail
from tests.mail.smtp import MailServer
from tests.worker import until

pytestmark = pytest.mark.real_clock
BOTH = pytest.mark.engines("sqlite", "postgresql")


class SlowMailServer(MailServer):
    """Takes its time over a message while `is_slow`."""

    def __init__(self):
        super().__init__()
        self.is_slow = True
        self.reached = threading.Event()

    async def handle_DATA(self, server, session, envelope):
        """Think, then take it. A connection that is gone meanwhile ends this, too."""
        self.reached.set()
        if self.is_slow:
            await asyncio.sleep(120)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def slow_smtp():
    server = SlowMailServer()
    server.start()
    yield server
    server.stop()


def is_idle(name):
    """Whether nothing waits on a queue and nothing is being done."""
    return queue(name).count == 0 and queue(name).started_job_registry.get_job_count(cleanup=False) == 0


def test_a_job_whose_worker_is_killed_in_the_middle_is_done_by_the_next(app, worker, tmp_path):
    place = tmp_path / "diary"
    running = worker()
    queue("default").enqueue("tests.events.jobs.write_slowly", args=(str(place),), retry=retry(), result_ttl=0)
    until(lambda: place.exists() and "began" in place.read_text(), "the job to begin")
    killed = running.kill("default")
    until(lambda: "ended" in place.read_text(), "the job to be done after all")
    lines = place.read_text().split("\n")[:-1]
    assert [line.split()[0] for line in lines] == ["began", "began", "ended"]
    assert lines[0] == f"began {killed}"
    assert lines[1].split()[1] != str(killed)
    until(lambda: is_idle("default"), "the queue to be empty")


@BOTH
def test_a_mail_whose_worker_is_killed_while_it_sends_arrives_once(app, people, now, worker, slow_smtp):
    record("account.reset_requested", now=now, actor=people.user, facts={"email": people.user.email})
    db.session.commit()
    running = worker(SMTP_URL=slow_smtp.url)
    assert slow_smtp.reached.wait(60)
    killed = running.kill("mail")
    slow_smtp.is_slow = False
    until(lambda: running.pid_of("mail") not in (None, killed), "the mail worker to be started again")
    until(lambda: is_idle("mail"), "the job to be handed back and done")
    assert slow_smtp.received == []

    db.session.execute(update(OutboundMail).values(next_try_at=utcnow() - timedelta(minutes=1)))
    db.session.commit()
    assert jobs.sweep_mail() == 1
    until(lambda: sent_mails() == ["sent"], "the mail to be sent")
    assert [recipient for recipient, _ in slow_smtp.received] == ["user@acme.example"]
    jobs.sweep_mail()
    until(lambda: is_idle("mail"), "the queue to be empty")
    assert len(slow_smtp.received) == 1


def sent_mails():
    """The states of all mail, read anew."""
    db.session.rollback()
    return db.session.scalars(select(OutboundMail.state)).all()
