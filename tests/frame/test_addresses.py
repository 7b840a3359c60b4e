"""What is an address of the web and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.addresses import split_address

HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z]{2,5}){0,2}", fullmatch=True) | st.sampled_from(["127.0.0.1", "[::1]"])
TAILS = st.from_regex(r"(/[a-zA-Z0-9._~%-]{0,9}){0,3}(\?[a-z=&]{0,9})?(#[a-z]{0,5})?", fullmatch=True)


@given(st.sampled_from(["https", "http", "HTTPS"]), HOSTS, st.none() | st.integers(1, 65_535), TAILS)
def test_a_whole_address_is_taken_apart(scheme, host, port, tail):
    parts = split_address(f"{scheme}://{host}{'' if port is None else f':{port}'}{tail}")
    assert parts is not None and (parts.scheme, parts.hostname, parts.port) == (scheme.lower(), host.strip("[]"), port)


@pytest.mark.parametrize(
    "text",
    [
        *("", "example.com", "//example.com", "https:", "https://", "https:///path", "https://:443", "ftp://example.com"),
        *("https://a b", "https://a\tb", "https://a\nb", "https://a\u00a0b", "https://good.example\\@bad.example", "https://a\x00"),
        *("https://a:0", "https://a:70000", "https://a:x", "https://[", "https://[::1", "https://[x]", "javascript:alert(1)"),
    ],
)
def test_what_is_none_is_none(text):
    assert split_address(text) is None


@given(st.text(max_size=30))
def test_no_text_breaks_it(text):
    for around in ("{}", "https://{}", "https://[{}]", "https://a:{}"):
        split_address(around.format(text))


def test_other_servers_have_other_schemes():
    assert split_address("smtp://user:pass@mail.example:587", ("smtp", "smtps")) is not None
    assert split_address("https://mail.example", ("smtp", "smtps")) is None
