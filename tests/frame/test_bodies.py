"""Bodies beyond every limit, sent to the real web server: a refusal in words reaches who sends them."""

import http.client
import re
import socket
import threading
from contextlib import nullcontext, suppress
from urllib.parse import urlencode

import pytest

from app.lib import bodies
from app.ops import web
from tests import forked
from tests.mail.smtp import free_port
from tests.people import PASSWORD
from tests.worker import environment, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MILLION = b"x" * 1_000_000
SERVE = "from wsgi import app\nfrom app.ops import web\nweb.STALLED_SECONDS = 2\nweb.Server(app).run()"


@pytest.fixture
def connection(app, tmp_path):
    """A connection to the web server as it is run, which keeps it for several requests."""
    port = free_port()
    server = forked.Python("-c", SERVE, environ=environment(app, PORT=str(port)), stdout=tmp_path / "server.log")
    opened = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    until(lambda: answers(opened), "the web server")
    yield opened
    opened.close()
    server.terminate()
    server.wait(30)


def answers(connection):
    """Whether there is a server."""
    try:
        return asked(connection, "GET", "/healthz")[0] == 200
    except OSError:
        connection.close()
        return False


def asked(connection, method, path, body=None, **headers):
    """Status and words of the answer to one request."""
    connection.request(method, path, body, {**FORM, **headers})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def chunks():
    """A body of thirty million bytes whose length nobody says before."""
    for _ in range(30):
        yield MILLION


def test_what_is_too_large_is_refused_in_words_and_the_connection_goes_on(connection):
    for body in (b"email=" + MILLION * 10, b"a&" * 1_000_000, MILLION * 30, chunks()):
        status, words = asked(connection, "POST", "/login", body)
        assert (status, "larger than we accept" in words) == (413, True)
        before = connection.sock
        assert asked(connection, "GET", "/healthz")[0] == 200
        assert before is not None and connection.sock is before


def test_a_body_that_nobody_asked_for_costs_no_answer(connection):
    assert asked(connection, "GET", "/login", MILLION * 10)[0] == 200
    assert asked(connection, "POST", "/nothing/here", MILLION * 10)[0] == 404
    assert asked(connection, "PUT", "/login", MILLION * 10)[0] == 405
    status, words = asked(connection, "POST", "/webhooks/discord", MILLION * 10, Accept="application/json")
    assert status in {404, 413} and words.startswith("{")


def test_who_stops_in_the_middle_of_a_body_takes_no_thread_for_good(connection):
    gone = [socket.create_connection(("127.0.0.1", connection.port)) for _ in range(16)]
    for one in gone:
        one.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nemail=")
    connection.close()
    assert asked(connection, "GET", "/healthz")[0] == 200
    for one in gone:
        one.close()


HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
LONG = b"Content-Length: 5000\r\n\r\nemail="


def test_who_drips_a_request_byte_by_byte_takes_no_thread_for_good(connection):
    """In a form, in a header, and in a body that nobody reads but for the sender's sake."""
    slow, over = [socket.create_connection(("127.0.0.1", connection.port)) for _ in range(24)], threading.Event()
    for one, beginning in zip(slow, [HEAD + LONG, HEAD + b"X-Slow: ", HEAD.replace(b"login", b"") + LONG] * 8, strict=True):
        one.sendall(beginning)

    def drip():
        while not over.wait(0.3):
            for one in slow:
                with suppress(OSError):
                    one.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        connection.close()
        assert asked(connection, "GET", "/healthz")[0] == 200
    finally:
        over.set()
        dripping.join()
        for one in slow:
            one.close()


@pytest.fixture
def line(monkeypatch):
    """Both ends of a connection between which little waits: ours, and that of who takes an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        taker.connect(listener.getsockname())
        given, _ = listener.accept()
        given.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
        monkeypatch.setattr(web, "STALLED_SECONDS", 1)
        with web.PatientSocket.around(given) as ours:
            yield ours, taker


@pytest.mark.parametrize("is_slow", [False, True])
def test_an_answer_is_sent_to_the_end_to_who_takes_it_fast_enough_and_no_further_to_others(line, monkeypatch, is_slow):
    monkeypatch.setattr(web, "SLOWEST", 1_000_000_000 if is_slow else web.SLOWEST)
    ours, taker = line
    arrived = []

    def take():
        with suppress(OSError):
            while piece := taker.recv(65_536):
                arrived.append(len(piece))
                threading.Event().wait(0.02)

    taking = threading.Thread(target=take)
    taking.start()
    ours.begin()
    try:
        with pytest.raises(ConnectionResetError) if is_slow else nullcontext():
            ours.sendall(b"x" * 3_000_000)
    finally:
        ours.shutdown(socket.SHUT_WR)
        taking.join()
    assert (sum(arrived) < 3_000_000) == is_slow


def test_half_a_form_is_not_taken_for_a_whole_one(connection, people):
    connection.request("GET", "/login")
    answer = connection.getresponse()
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())[1]
    form = urlencode({"email": people.user.email, "password": PASSWORD, "csrf_token": token}).encode()
    head = f"Content-Type: application/x-www-form-urlencoded\r\nCookie: {answer.headers['Set-Cookie'].split(';')[0]}\r\n".encode()
    for missing, status in ((10, b"400"), (0, b"303")):
        with socket.create_connection(("127.0.0.1", connection.port)) as line:
            line.sendall(HEAD + head + b"Content-Length: %d\r\n\r\n" % (len(form) + missing) + form)
            line.shutdown(socket.SHUT_WR)
            assert line.makefile("rb").readline().split()[1] == status


class Endless:
    """A body that goes on and on."""

    def __init__(self):
        self.read_so_far = 0

    def read(self, size):
        self.read_so_far += size
        return bytes(size)


def test_nobody_reads_for_ever(monkeypatch):
    monkeypatch.setattr(bodies, "MOST_BYTES", 1_000_000)
    body = Endless()
    bodies.discard(body)
    assert body.read_so_far <= 1_000_000 + bodies.PIECE
    monkeypatch.setattr(bodies, "MOST_SECONDS", 0.0)
    body = Endless()
    bodies.discard(body)
    assert body.read_so_far <= bodies.PIECE
