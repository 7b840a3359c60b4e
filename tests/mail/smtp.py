"""A real SMTP server on this machine, which refuses whom it is told to refuse."""

import socket
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """`answers` maps a recipient to the reply it gets; `data_answer` is the reply to a whole message."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 taken"
    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    controller: Controller | None = None

    def start(self) -> "MailServer":
        """Listen; on the port of before, if there was one."""
        self.port = self.port or free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self.controller.start()
        return self

    def stop(self) -> None:
        """Be gone."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    @property
    def url(self) -> str:
        """What SMTP_URL would say."""
        return f"smtp://127.0.0.1:{self.port}"

    def subjects(self) -> list[str]:
        """The subjects of what arrived."""
        return [str(message["Subject"]) for _, message in self.received]

    async def handle_RCPT(self, server, session, envelope, address, options):
        """Refuse or take a recipient."""
        answer = self.answers.get(address, "250 fine")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        """Refuse or take a message."""
        if self.data_answer.startswith("2"):
            message = message_from_bytes(envelope.content, policy=default)
            self.received.extend((recipient, message) for recipient in envelope.rcpt_tos)
        return self.data_answer


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
