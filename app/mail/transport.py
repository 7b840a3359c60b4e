"""The way to an SMTP server. An outcome says what became of one message; errors are sorted here and nowhere else."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 20
# A server looks through a whole message before it takes it. Who gives up sooner sends the same mail again.
TAKING_SECONDS = 120
GOODBYE_SECONDS = 2
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# They ask for a password or for encryption: our settings are wrong, not the mail.
SETTINGS_WRONG = frozenset({530, 534, 535, 538})


class Patient(smtplib.SMTP):
    """Waits longer for the answer to a whole message than for any other."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand the message over."""
        assert self.sock is not None
        self.sock.settimeout(TAKING_SECONDS)
        return super().data(msg)


class PatientInside(Patient, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


@dataclass(frozen=True)
class Server:
    """Where mail is handed over. `scheme` is smtp (encrypts when offered), smtp+starttls (insists) or smtps."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Outcome:
    """`sent`, `retry` (their trouble may pass), `bounced` (no such recipient) or `failed` (this mail never will go)."""

    state: str
    detail: str = ""


def parse_smtp_url(url: str) -> Server:
    """`smtp://user:password@host:port` in parts; user and password may be percent-encoded. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("SMTP_URL is not an address such as smtp://user:password@mail.example.com:587 (or smtps://, smtp+starttls://)")
    port = parts.port or PORTS[parts.scheme]
    return Server(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


def send(server: Server, message: EmailMessage, *, sender: str, recipient: str) -> Outcome:
    """Hand one message over for one recipient. Never raises for what the network or the server does.

    `sent` means that the server has taken responsibility (it answered 250 to the data).
    """
    try:
        connection = connect(server)
    except (smtplib.SMTPException, OSError, ValueError) as away:
        return Outcome("retry", described(away))
    try:
        authenticate(connection, server)
        connection.sendmail(sender, [recipient], message.as_bytes())
    except smtplib.SMTPRecipientsRefused as refused:
        return refused_recipient(refused, recipient)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        is_final = refused.smtp_code >= 500 and refused.smtp_code not in SETTINGS_WRONG
        return Outcome("failed" if is_final else "retry", described(refused))
    except (smtplib.SMTPException, OSError, ValueError) as away:
        # Wrong credentials or certificates, a closed connection, a timeout, an answer that is none: not this mail's fault.
        return Outcome("retry", described(away))
    finally:
        hang_up(connection)
    return Outcome("sent")


def connect(server: Server) -> smtplib.SMTP:
    """Open a connection, encrypted as the scheme says. Certificates are checked."""
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        return PatientInside(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    connection = Patient(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.ehlo_or_helo_if_needed()
        if server.scheme == "smtp+starttls" or connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
    except (smtplib.SMTPException, OSError, ValueError):
        connection.close()
        raise
    return connection


def authenticate(connection: smtplib.SMTP, server: Server) -> None:
    """Sign in where the address names somebody."""
    if server.user:
        connection.login(server.user, server.password)


def refused_recipient(refused: smtplib.SMTPRecipientsRefused, recipient: str) -> Outcome:
    """4xx may pass (greylisting, a full mailbox); 5xx is for good."""
    code, reason = refused.recipients.get(recipient, (550, b"refused"))
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return Outcome("bounced" if code >= 500 and code not in SETTINGS_WRONG else "retry", f"{code} {words}"[:500])


def described(error: Exception) -> str:
    """One line about an error, as staff may read it. Never our password: smtplib's errors hold answers only."""
    if isinstance(error, smtplib.SMTPResponseException):
        reason = error.smtp_error
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"{error.smtp_code} {' '.join(words.split())}"[:500]
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "The mail server did not answer in time."
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


def hang_up(connection: smtplib.SMTP) -> None:
    """Say goodbye; a server that has gone already needs none, and one that does not answer is not waited for."""
    try:
        if connection.sock is not None:
            connection.sock.settimeout(GOODBYE_SECONDS)
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()
