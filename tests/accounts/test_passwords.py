"""What makes a password, and that checking one costs the same for everybody."""

import threading
import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import passwords

GOOD = "tulip-rocket-93-vinyl"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "Password123!",
        "P@ssw0rd2026",
        "1234567890",
        "aaaaaaaaaaaa",
        "qwertyuiop1",
        "elena.acme1",
        "owner@acme.example",
        "Correct Horse Battery Staple",
        "x" * 201,
        "!!!!!!!!!!1234",
        "brandtfrieda1",
    ],
)
def test_a_guessable_password_is_refused_with_a_sentence(password):
    reason = passwords.refusal(password, "owner@acme.example", "Frieda Brandt Elena")
    assert reason is not None and reason.endswith(".")


@pytest.mark.parametrize("password", [GOOD, "drei blaue Elefanten", "8=D4kq!fz0zzL", "контора-верблюд-7", "a" * 5 + "zebra lamp river"])
def test_a_good_password_is_taken(password):
    assert passwords.refusal(password, "owner@acme.example", "Frieda Brandt") is None


@given(st.text(max_size=260), st.emails(), st.text(max_size=40))
def test_no_text_breaks_the_rules_and_none_outside_the_bounds_is_taken(password, email, name):
    reason = passwords.refusal(password, email, name)
    assert reason is not None or passwords.MIN_LENGTH <= len(password) <= passwords.MAX_LENGTH


def test_what_is_stored_is_argon2id_with_the_parameters_promised():
    found = extract_parameters(passwords.kept(GOOD))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19456, 2, 1)


def test_the_password_matches_however_its_accents_are_composed():
    stored = passwords.kept("caf\u00e9-\u00fcber-lamp")
    assert passwords.matches(stored, "cafe\u0301-u\u0308ber-lamp")
    assert not passwords.matches(stored, "cafe-uber-lamp")


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_an_account_without_a_usable_password_matches_nothing(stored):
    assert not passwords.matches(stored, "nobody signs in with this")


def test_an_old_hash_is_outdated_and_a_new_one_is_not():
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD))
    assert not passwords.is_outdated(passwords.kept(GOOD))


def test_an_unknown_account_costs_what_a_known_one_does():
    stored = passwords.kept(GOOD)
    passwords.matches(None, "x")
    known, unknown = [], []
    for _ in range(7):
        known.append(spent(stored))
        unknown.append(spent(None))
    assert 0.5 < sorted(unknown)[3] / sorted(known)[3] < 2


def spent(stored):
    """Processor time of one wrong try."""
    before = time.thread_time()
    passwords.matches(stored, "wrong")
    return time.thread_time() - before


def test_no_more_hash_at_once_than_memory_allows_and_who_waits_too_long_hears_it(monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(passwords, "TURNS", threading.BoundedSemaphore(1))
    with passwords.turn(), pytest.raises(passwords.TooBusy) as told:
        passwords.kept(GOOD)
    assert told.value.status == 503
    assert passwords.matches(passwords.kept(GOOD), GOOD)
