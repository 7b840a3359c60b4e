"""Mail domains as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.domains import domain_of, parse_domains


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", []),
        ("Acme.Example", ["acme.example"]),
        ("@acme.example, acme.example.\nsub.acme.example", ["acme.example", "sub.acme.example"]),
        ("bücher.example", ["xn--bcher-kva.example"]),
    ],
)
def test_domains_are_cleaned_and_each_stands_once(typed, found):
    assert parse_domains(typed) == found


@pytest.mark.parametrize(
    "typed",
    ["gmail.com", "localhost", "a..b", "-a.example", "acme.example/path", "a" * 64 + ".example", "\x00.example x_y.z", "1" + ".a" * 130],
)
def test_what_cannot_belong_to_one_organization_is_refused(typed):
    with pytest.raises(ValueError, match=r"\.$"):
        parse_domains(typed)


def test_twenty_are_enough():
    with pytest.raises(ValueError, match="20"):
        parse_domains(" ".join(f"d{n}.example" for n in range(21)))


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    try:
        assert all("." in domain and domain == domain.lower() for domain in parse_domains(text))
    except ValueError as told:
        assert str(told)


def test_the_domain_of_an_address_is_after_its_last_sign():
    assert domain_of('"a@b"@Acme.example') == "acme.example"
