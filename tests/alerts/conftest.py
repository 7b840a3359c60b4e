"""What the tests of alerts share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.alerts.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A server on this machine; see tests/alerts/wire.py."""
    server = Wire().start()
    yield server
    server.stop()


@pytest.fixture
def settings(app: Flask, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`settings(slack_token=…)` puts settings in force; local addresses may be called, and the chat programs are the server's."""

    def put(**over: Any) -> None:
        given = {
            "allow_local_addresses": True,
            "slack_token": "xoxb-test",
            "slack_api_url": f"{wire.url}/slack",
            "discord_token": "discord-test",
            "discord_api_url": f"{wire.url}/discord",
            **over,
        }
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **given))

    put()
    return put
