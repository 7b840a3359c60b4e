"""What is the address of a server. Pure."""

import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

WEB = ("https", "http")
# Spaces, control characters, and the backslash, which browsers take for a slash and others do not.
ODD = re.compile(r"[\x00-\x20\x7f\\]|\s")


def split_address(text: str, schemes: Collection[str] = WEB) -> SplitResult | None:
    """The parts of a whole address: one of these schemes, a host, and a port that exists, if any. None for what is none."""
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole and not ODD.search(text) else None
