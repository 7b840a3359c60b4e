"""A real HTTP server on this machine that speaks as Slack, Discord and webhooks do, and refuses when told to."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """`answers` maps a path to (status, headers, body), or to a function that is handed the request's handler."""

    answers: dict[str, Any] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def start(self) -> "Wire":
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                wire.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = wire.answers.get(self.path, standard(self.path))
                if callable(answer):
                    answer(self)
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}"

    def to(self, path: str) -> list[Received]:
        """What came to one path."""
        return [one for one in self.received if one.path == path]


def standard(path: str) -> tuple[int, dict[str, str], bytes]:
    """What the real ones say to what they take."""
    if path.endswith("/chat.postMessage"):
        return 200, {"Content-Type": "application/json"}, b'{"ok":true,"channel":"C0123","ts":"1.2"}'
    if path.startswith("/discord/"):
        return 200, {"Content-Type": "application/json"}, b'{"id":"1100"}'
    return 200, {}, b"ok"


def slack_says(error: str) -> tuple[int, dict[str, str], bytes]:
    """Slack's way of refusing."""
    return 200, {"Content-Type": "application/json"}, json.dumps({"ok": False, "error": error}).encode()


def drip(handler: BaseHTTPRequestHandler) -> None:
    """An answer that never ends."""
    try:
        while True:
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return
