"""The web server's settings, and the server run from an application that is already loaded."""

import errno
import socket
import struct
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http import message
from gunicorn.workers.gthread import ThreadWorker

from app.config import Config
from app.knowledge import keeper

GRACE_SECONDS = 20
# Bytes of an address. Some paste a whole log into a search: we read the beginning of it, where gunicorn would refuse more than
# 8,190 with a page of its own.
LONGEST_LINE = 64_000
# How long a process leaves a new connection to the others, in seconds for each connection that it has already, and at most.
HEAD_START, LONGEST_HEAD_START = 0.0005, 0.004

# Whoever neither sends nor takes anything for so long in the middle of a request or an answer has gone without a word, as phones do.
STALLED_SECONDS = 20
# Bytes a second. What comes or goes more slowly, as a byte now and then, uses up that time; what is as fast, on a poor mobile line, gains it.
SLOWEST = 4_000
# Bytes that wait in the system to be sent. Where it takes megabytes at once, nobody sees for minutes that a slow line does take them.
WAITING_BYTES = 65_536


class Patience:
    """How long somebody is waited for in one direction: STALLED_SECONDS, in all but for what goes at SLOWEST or faster."""

    def __init__(self) -> None:
        self.left: float = STALLED_SECONDS

    def begin(self) -> float:
        """The moment. ConnectionResetError, which gunicorn takes for somebody who has gone, when the patience is at its end."""
        if self.left <= 0:
            raise ConnectionResetError(errno.ECONNRESET, "too slow")
        return time.monotonic()

    def spend(self, began: float, size: int) -> None:
        """So many bytes went since that moment."""
        self.left = min(self.left - (time.monotonic() - began) + size / SLOWEST, STALLED_SECONDS)


class PatientSocket(socket.socket):
    """A connection on which nobody is waited for too long, neither for a request nor while they take the answer."""

    __slots__ = ("reading", "writing")
    reading: Patience
    writing: Patience

    @classmethod
    def around(cls, plain: socket.socket) -> "PatientSocket":
        """The same connection; what is done with it waits for no longer than STALLED_SECONDS at a time."""
        patient = cls(plain.family, plain.type, plain.proto, plain.detach())
        for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            patient.setsockopt(socket.SOL_SOCKET, side, struct.pack("ll", STALLED_SECONDS, 0))
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            patient.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, WAITING_BYTES)
        return patient

    def begin(self) -> None:
        """Another request, for which and for whose answer there is patience anew."""
        self.reading, self.writing = Patience(), Patience()

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """What has arrived. Raises ConnectionResetError for who is too slow."""
        began = self.reading.begin()
        piece = super().recv(size, flags)
        self.reading.spend(began, len(piece))
        return piece

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send it in pieces, each as large as the other side takes it in time. Raises ConnectionResetError for who is too slow."""
        left = memoryview(data)
        while left:
            began = self.writing.begin()
            try:
                sent = self.send(left, flags)
            except BlockingIOError as stalled:
                raise ConnectionResetError(errno.ECONNRESET, "nothing taken") from stalled
            self.writing.spend(began, sent)
            left = left[sent:]


class FairWorker(ThreadWorker):
    """A process of threads that leaves new connections to processes with fewer of them.

    All of them wake when somebody connects, and gunicorn gives the connection to the fastest. Browsers and proxies keep
    theirs, so that one process may have them all while the other rests.
    """

    def accept(self, listener: Any) -> None:
        """Take a connection, unless another process has taken it meanwhile."""
        if self.nr_conns:
            time.sleep(min(self.nr_conns * HEAD_START, LONGEST_HEAD_START))
        super().accept(listener)

    def enqueue_req(self, conn: Any) -> None:
        """Serve a connection. Its thread does not wait for ever for somebody who has gone: eight of them would be all there are."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.around(conn.sock)
        conn.sock.begin()
        super().enqueue_req(conn)


def post_worker_init(worker: Any) -> None:
    """A process is about to serve: it opens the index before anybody asks it, and looks after its disk.

    gunicorn's own command finds it by this name: `gunicorn --config python:app.ops.web … wsgi:app`.
    """
    keeper.start(worker.wsgi)


def options(settings: Config, *, reload: bool = False) -> dict[str, Any]:
    """gunicorn's settings: two processes of four threads, the application loaded before they are forked."""
    return {
        "bind": f"{settings.host}:{settings.port}",
        "worker_class": FairWorker,
        "workers": 1 if reload else 2,
        "threads": 4,
        "preload_app": not reload,
        "reload": reload,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": GRACE_SECONDS,
        "control_socket_disable": True,
        # The system's own way to send files waits for ever for who takes nothing.
        "sendfile": False,
        "forwarded_allow_ips": "*" if settings.trusted_proxies else "127.0.0.1",
        "limit_request_line": LONGEST_LINE,
        "loglevel": "warning",
        "proc_name": "hive-support web",
        "post_worker_init": post_worker_init,
    }


class Server(BaseApplication):
    """gunicorn around an application object. With `reload` each worker process loads its own from the code as it is then."""

    def __init__(self, app: Flask, *, reload: bool = False) -> None:
        self.app = app
        self.reloading = reload
        super().__init__()

    def init(self, parser: Any, opts: Any, args: Any) -> None:
        """There is no command line to read."""

    def load_config(self) -> None:
        """Our settings over gunicorn's defaults."""
        message.MAX_REQUEST_LINE = LONGEST_LINE + 1
        for name, value in options(self.app.config["SETTINGS"], reload=self.reloading).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application."""
        return self.app
