"""The session's cookie is judged at every request, though its signature is worked out once."""

import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from app.lib import tokens


@pytest.fixture
def read(app: Flask) -> Any:
    """What a cookie gives."""

    def read(cookie: str) -> Any:
        request = Request(EnvironBuilder(headers={"Cookie": f"hive_session={cookie}"}).get_environ())
        return app.session_interface.open_session(app, request)

    return read


@pytest.fixture
def cookie(app: Flask) -> str:
    """One that we have signed."""
    with app.app_context():
        return str(app.session_interface.get_signing_serializer(app).dumps({"_user_id": "one", "said": ("ok", "Hello ü"), "drafts": [1]}))


def test_a_cookie_is_read_anew_for_each_request(read: Any, cookie: str) -> None:
    first = read(cookie)
    assert dict(first) == {"_user_id": "one", "said": ("ok", "Hello ü"), "drafts": [1]}
    first["drafts"].append(2)
    first["more"] = True
    assert dict(read(cookie)) == {"_user_id": "one", "said": ("ok", "Hello ü"), "drafts": [1]}


def test_a_cookie_that_was_changed_says_nothing_also_after_the_true_one(read: Any, cookie: str) -> None:
    for at in (3, len(cookie) // 2, -3):
        assert read(cookie) and not read(cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at:][1:])
    assert not read("") and not read("ä") and not read("a.b.c")


def test_a_cookie_that_has_become_too_old_says_nothing(app: Flask, read: Any, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(cookie)
    lifetime, now = app.permanent_session_lifetime, time.time()
    for late, is_read in ((lifetime - timedelta(seconds=5), True), (lifetime + timedelta(seconds=5), False), (-timedelta(hours=1), True)):
        monkeypatch.setattr(tokens.time, "time", lambda at=now + late.total_seconds(): at)
        assert bool(read(cookie)) is is_read
