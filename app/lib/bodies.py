"""A request's body is read to its end, whatever became of it, so that who still sends it gets to read our answer."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Flask

# What is beyond these is not waited for: the sender then sees a connection that ended.
MOST_BYTES = 200_000_000
MOST_SECONDS = 20.0
PIECE = 65_536


def install(app: Flask) -> None:
    """Put it between the server and the application."""
    app.wsgi_app = read_to_the_end(app.wsgi_app)  # type: ignore[method-assign]


def read_to_the_end(answer: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The same application. An answer before the end of a body ends the connection, and browsers then show no page but a
    fault of the network; the refusal of a body that is too large would never be read.
    """

    def whole(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Only a server that knows where the body ends says so; of any other we might wait for ever.
        is_bounded = environ.get("wsgi.input_terminated")
        if environ.get("CONTENT_LENGTH"):
            # Werkzeug then counts, and refuses a body that broke off: half a reply is not sent.
            environ.pop("wsgi.input_terminated", None)
        # The answer begins to leave when the server asks for its first piece, which is after this.
        pieces = answer(environ, start_response)
        if is_bounded:
            discard(environ["wsgi.input"])
        return pieces

    return whole


def discard(body: Any) -> None:
    """Read what is left, in pieces, and keep none of it."""
    ends, left = time.monotonic() + MOST_SECONDS, MOST_BYTES
    # Whoever has gone, or sends what is no body, is told nothing more.
    with suppress(Exception):
        while left > 0 and time.monotonic() < ends and (piece := body.read(PIECE)):
            left -= len(piece)
