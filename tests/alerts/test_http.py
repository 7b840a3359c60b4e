"""Calls out of the house: what is refused, and what a slow or strange server does to us."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib import http
from tests.alerts.wire import drip

INSIDE = [
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[::10.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://db.internal/",
    "https://printer.local/",
    "https://intranet/",
    "https://app.localhost/",
]
MALFORMED = [
    "",
    "hooks.example.com",
    "ftp://hooks.example.com/",
    "javascript:alert(1)",
    "https://",
    "https:///path",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:port/",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/\r\nX-Evil: 1",
    "https://hooks.example.com/a b",
    "https://[::1",
    "https://hooks.example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("url", [*INSIDE, *MALFORMED, "http://hooks.example.com/"])
def test_an_address_inside_or_none_is_refused(url):
    with pytest.raises(http.Refused):
        http.checked(url)
    with pytest.raises(http.Refused):
        http.post(url, b"{}", {})


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com/services/T0/B0/x", "https://93.184.216.34:8443/hook?x=1", "https://bücher.example/"]
)
def test_an_address_of_the_internet_is_not(url):
    assert http.checked(url).scheme == "https"


@pytest.mark.parametrize("url", MALFORMED)
def test_leave_for_local_addresses_is_no_leave_for_nonsense(url):
    with pytest.raises(http.Refused):
        http.checked(url, allow_local=True)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(monkeypatch, wire):
    """DNS rebinding: what the name says is looked at once, at the moment of the call, and any address inside is too much."""
    asked = []

    def answer(host, port, **over):
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(http.socket, "getaddrinfo", answer)
    with pytest.raises(http.Refused):
        http.post(f"https://rebound.example:{wire.server.server_port}/", b"{}", {})
    assert asked == ["rebound.example"] and wire.received == []


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_all_its_clothes(number):
    plain = ipaddress.IPv4Address(number)
    mapped = ipaddress.IPv6Address(f"::ffff:{plain}")
    translated = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (number << 80))
    assert {http.is_public(one) for one in (mapped, translated, six_to_four)} == {http.is_public(plain)}
    assert http.numeric(str(number)) == plain


def test_a_redirect_is_not_followed(wire):
    wire.answers["/"] = (302, {"Location": f"{wire.url}/secret"}, b"")
    answer = http.post(f"{wire.url}/", b"{}", {}, allow_local=True)
    assert (answer.status, len(wire.received)) == (302, 1)


def test_a_large_answer_is_cut(wire):
    wire.answers["/"] = (200, {}, b"x" * 1_000_000)
    assert len(http.post(f"{wire.url}/", b"{}", {}, allow_local=True).body) == http.MOST_BYTES


@pytest.mark.parametrize("slow", [drip, lambda handler: http.threading.Event().wait(2)])
def test_a_server_that_takes_its_time_is_left(wire, monkeypatch, slow):
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    wire.answers["/"] = slow
    with pytest.raises(http.Away, match="No answer within"):
        http.post(f"{wire.url}/", b"{}", {}, allow_local=True)


def test_a_port_where_nobody_listens_may_have_somebody_later(wire):
    url = wire.url
    wire.stop()
    with pytest.raises(http.Away):
        http.post(f"{url}/", b"{}", {}, allow_local=True)
    wire.start()


def test_https_insists_on_encryption(wire):
    with pytest.raises(http.Away):
        http.post(wire.url.replace("http://", "https://"), b"{}", {}, allow_local=True)
