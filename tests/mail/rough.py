"""A mail server that misbehaves: it speaks SMTP over a socket, and hangs or hangs up where it is told to."""

import socketserver
import threading
from dataclasses import dataclass, field

ANSWERS = {"greeting": "220 hello", "EHLO": "250 rough", "RSET": "250 fine", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass
class RoughServer:
    """`at` is where it misbehaves: the greeting, a command, or the `message`. `how`: `hangs` or `closes`, or the line that it answers.

    `connections` counts those who came, `taken` the messages that it got as a whole, `late` is a wait before it takes one.
    """

    at: str = ""
    how: str = "hangs"
    late: float = 0.0
    connections: int = 0
    taken: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "RoughServer":
        rough = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                rough.connections += 1
                rough.talk(self)

        self.listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.listener.daemon_threads = True
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *what: object) -> None:
        self.over.set()
        self.listener.shutdown()
        self.listener.server_close()

    @property
    def url(self) -> str:
        """What SMTP_URL would say."""
        return f"smtp://127.0.0.1:{self.listener.server_address[1]}"

    def talk(self, peer: socketserver.StreamRequestHandler) -> None:
        """One conversation."""
        goes_on = self.answer(peer, "greeting")
        while goes_on and (line := peer.rfile.readline()):
            command = line.split(maxsplit=1)[0].decode().upper()
            goes_on = self.answer(peer, command)
            if command == "DATA" and goes_on:
                goes_on = self.take(peer)

    def take(self, peer: socketserver.StreamRequestHandler) -> bool:
        """Read a message to its end, and say so."""
        lines = []
        while (line := peer.rfile.readline()) and line != b".\r\n":
            lines.append(line)
        self.taken.append(b"".join(lines))
        self.over.wait(self.late)
        return self.answer(peer, "message")

    def answer(self, peer: socketserver.StreamRequestHandler, step: str) -> bool:
        """Answer as we should, or as we are told to; whether the conversation goes on."""
        line = ANSWERS.get(step, "250 fine")
        if step == self.at:
            if self.how == "hangs":
                self.over.wait()
            if self.how in {"hangs", "closes"}:
                return False
            line = self.how
        peer.wfile.write(f"{line}\r\n".encode())
        return step != "QUIT"
