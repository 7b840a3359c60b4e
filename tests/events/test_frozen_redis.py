"""A Redis that neither answers nor hangs up must not hang us for long."""

import os
import signal
import time

import pytest

from app.extensions import ANSWER_SECONDS
from tests import services


@pytest.fixture
def frozen_redis(redis):
    """Redis is stopped in its tracks until the test is over."""
    pid = services.redis().server.pid
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


def test_a_request_succeeds_while_redis_is_frozen(people, browse, frozen_redis):
    started = time.monotonic()
    browse(None).post("/password-reset", {"email": people.user.email}, to="/password-reset?sent=1")
    assert time.monotonic() - started < 3 * ANSWER_SECONDS
