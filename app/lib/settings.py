"""What a setting may say: each parser takes the words of the environment, and raises ValueError with what it expects."""

import re
from collections.abc import Callable
from email.utils import parseaddr
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.lib.addresses import split_address


def words(text: str) -> tuple[str, ...]:
    """Split a comma or space separated list."""
    return tuple(text.replace(",", " ").split())


def languages(text: str) -> tuple[str, ...]:
    """Split a list of language tags, without English, in which everything is written."""
    found = words(text.lower())
    if not all(re.fullmatch(r"[a-z]{2,3}", word) for word in found):
        raise ValueError("a language is two or three letters, such as de")
    return tuple(dict.fromkeys(word for word in found if word != "en"))


def flag(text: str) -> bool:
    """Parse a yes/no setting."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("expected yes or no")


def zone_name(text: str) -> str:
    """Check that a time zone exists."""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, OSError) as unknown:
        raise ValueError("no time zone has this name") from unknown


def database_url(text: str) -> str:
    """Name the driver in a PostgreSQL address, so that every accepted spelling means psycopg 3; empty for the default."""
    for short in ("postgresql://", "postgres://"):
        if text.startswith(short):
            text = "postgresql+psycopg://" + text.removeprefix(short)
    try:
        found = make_url(text) if text else None
    except (ArgumentError, ValueError):
        raise ValueError("expected an address such as postgresql://user:password@host:5432/support") from None
    if found is not None and found.drivername not in ("postgresql+psycopg", "sqlite"):
        raise ValueError("expected postgresql://… or sqlite:///path; other databases are not supported")
    if found is not None and found.drivername == "sqlite" and is_in_memory(found):
        raise ValueError(
            "expected a file, such as sqlite:////srv/support.sqlite3: one in memory is not shared by the web server and workers"
        )
    return text


def is_in_memory(found: URL) -> bool:
    """Whether a SQLite address names no file."""
    return not found.database or ":memory:" in found.database or found.query.get("mode") == "memory"


def whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    """A parser of whole numbers within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", text) or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number {f'of {least} or more' if most == 2**31 - 1 else f'from {least} to {most}'}")
        return int(text)

    return parse


def one_of(*known: str) -> Callable[[str], str]:
    """A parser of a word out of a few."""

    def parse(text: str) -> str:
        found = next((word for word in known if word.lower() == text.lower()), None)
        if found is None:
            raise ValueError(f"expected {', '.join(known[:-1])} or {known[-1]}")
        return found

    return parse


def some_of(*known: str) -> Callable[[str], tuple[str, ...]]:
    """A parser of a list, maybe empty, of words out of a few."""

    def parse(text: str) -> tuple[str, ...]:
        found = words(text)
        if not set(found) <= set(known):
            raise ValueError(f"expected some of {', '.join(known)}")
        return found

    return parse


def address(*schemes: str, example: str, empty: bool = False) -> Callable[[str], str]:
    """A parser of addresses of servers: a scheme of these, a host, and a port that exists."""

    def parse(text: str) -> str:
        if (text or not empty) and split_address(text, schemes) is None:
            raise ValueError(f"expected an address such as {example}")
        return text

    return parse


def redis_url(text: str) -> str:
    """The address of a Redis, by network or by socket; empty for the embedded one."""
    if text and not text.startswith("unix:///") and split_address(text, ("redis", "rediss")) is None:
        raise ValueError("expected an address such as redis://redis.example.com:6379/0 or unix:///run/redis.sock")
    return text


def folder_url(text: str) -> str:
    """A folder as `file:/path`; empty for the default."""
    if text and not re.match(r"file:(//)?/[^/]", text):
        raise ValueError("expected file: and a path from the root, such as file:/srv/attachments")
    return text


def sender(text: str) -> str:
    """Who our mail comes from: an address, with or without a name."""
    if not re.fullmatch(r"[^\x00-\x1f\x7f]+", text) or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(text)[1]):
        raise ValueError("expected an address such as Support <support@example.com>")
    return text


def domain(text: str) -> str:
    """The name of a domain; empty for none."""
    if text and not re.fullmatch(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*", text.lower()):
        raise ValueError("expected a domain such as reply.example.com")
    return text.lower()


def something(text: str) -> str:
    """What must not be empty."""
    if not text:
        raise ValueError("expected something; unset it for the default")
    return text


def hex_key(text: str) -> str:
    """A public key of 32 bytes as Discord shows it; empty for none."""
    if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError("expected 64 hexadecimal digits")
    return text.lower()


def snowflake(text: str) -> str:
    """A number as Discord gives to everything; empty for none."""
    if text and not re.fullmatch(r"[0-9]{15,21}", text):
        raise ValueError("expected a number of 15 to 21 digits")
    return text
