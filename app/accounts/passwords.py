"""Passwords: argon2id (OWASP's second set: 19 MiB, two passes, one lane), a guess refused slowly and alike for anybody.

`refusal` is pure. `kept` and `matches` take tens of milliseconds of processor and release the interpreter meanwhile; call
them outside of a database transaction, since a SQLite writer would keep everybody else waiting.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from app.lib.errors import DomainError

MIN_LENGTH = 10
MAX_LENGTH = 200
# Each hashing holds 19 MiB; so many run in one process at a time, and the others wait their turn.
AT_ONCE = 2
WAIT_SECONDS = 10.0
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
TURNS = threading.BoundedSemaphore(AT_ONCE)

# What people choose when ten characters are asked for; looked up without case, digits and marks at the end, and common swaps.
COMMON_WORDS = """
password passw0rd pass password1 mypassword newpassword passwordpassword letmein letmeinnow welcome welcomeback welcomehome
iloveyou iloveyoumore qwerty qwertyuiop qwertyqwerty asdfghjkl asdfghjklz zxcvbnm zxcvbnmasd qazwsx qazwsxedc qweasdzxc q1w2e3r4t5
q1w2e3r4t5y6 qaz2wsx3edc zaq1xsw2cde3 a1b2c3d4e5 abcdefghij abcdefghijk abcabcabc admin administrator administration superuser
rootroot changeme changemenow changeit default defaultpassword secret secretsecret topsecret mysecret letmeinplease trustno master
masterkey monkey monkeymonkey dragon dragondragon football baseball basketball superman batman spiderman starwars pokemon princess
sunshine whatever michael jennifer charlie jordan computer internet samsung google facebook microsoft linkedin
correcthorsebatterystaple thequickbrownfox opensesame abracadabra helloworld hellohello goodmorning summer winter spring autumn
monday friday january december hivetechs hivetech hive consensus support supportsupport hivetechssupport hivesupport testtest
testing testpassword temporary temppassword guest guestguest login loginlogin access accessaccess correcthorsebattery
"""
COMMON = frozenset(COMMON_WORDS.split())
SWAPS = str.maketrans("0134579@$!", "oieastgasi")
TAIL = re.compile(r"[\W\d_]+$")
RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")


class TooBusy(DomainError):
    """More people sign in at this moment than the processor can check."""

    status = 503
    title = "Not available"


def refusal(password: str, email: str, name: str = "") -> str | None:
    """Why this password is not taken, as one sentence for the person who typed it; None if it is good enough."""
    if len(password) < MIN_LENGTH:
        return f"Use {MIN_LENGTH} characters or more. A few unrelated words are easy to remember."
    if len(password) > MAX_LENGTH:
        return f"Use {MAX_LENGTH} characters at most."
    if len(set(password)) < 4 or any(password.lower() in run for run in RUNS):
        return "This password repeats a few characters or follows their order. Choose one that nobody would guess."
    if is_common(password):
        return "This password is one of the first that anybody would try. Choose another one."
    if is_own(password, email, name):
        return "This password is made of your name or address. Choose one that nobody would guess."
    return None


def is_common(password: str) -> bool:
    """Whether it is a well-known password, however it is capitalized, dressed with digits or spelled with look-alikes."""
    plain = unicodedata.normalize("NFKC", password).casefold().replace(" ", "")
    bare = TAIL.sub("", plain)
    forms = {plain, bare, plain.translate(SWAPS), bare.translate(SWAPS), TAIL.sub("", plain.translate(SWAPS))}
    return not bare or bool(forms & COMMON)


def is_own(password: str, email: str, name: str) -> bool:
    """Whether little is left of it without the person's own address and name."""
    left = password.casefold()
    local, _, domain = email.casefold().partition("@")
    words = {email.casefold(), local, domain, domain.partition(".")[0], *re.split(r"[._+-]", local), *name.casefold().split()}
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 2:
            left = left.replace(word, "")
    return len(left) < 5


def kept(password: str) -> str:
    """What is stored of a password. Raises TooBusy when too many wait."""
    with turn():
        return HASHER.hash(prepared(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; False for an account that has none, after the same work. Raises TooBusy."""
    with turn():
        try:
            return HASHER.verify(password_hash or nobodys(), prepared(password)) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's, so that the next sign-in should store it anew."""
    return HASHER.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def nobodys() -> str:
    """A hash that belongs to nobody, for accounts that do not exist."""
    return HASHER.hash("nobody signs in with this")


def prepared(password: str) -> bytes:
    """The same bytes for the same characters, however a keyboard composes them; an endless text is cut before it costs anything."""
    return unicodedata.normalize("NFKC", password[: MAX_LENGTH * 2]).encode("utf-8", "surrogatepass")


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a place among those that hash."""
    if not TURNS.acquire(timeout=WAIT_SECONDS):
        raise TooBusy("Many people sign in at this moment. Try again in a minute.")
    try:
        yield
    finally:
        TURNS.release()
