"""Whether Discord sent it: an Ed25519 signature over the timestamp and the body, by the key of our application. Pure."""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Older than this, or so far ahead, is somebody who plays back what they once heard.
FRESH_SECONDS = 300
LONGEST_TIMESTAMP = 15


def is_genuine(public_key: str, signature: str, timestamp: str, body: bytes) -> bool:
    """Whether `signature` (hexadecimal) is that of `timestamp` followed by `body`. Anything malformed is not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), timestamp.encode() + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_fresh(timestamp: str, now: datetime) -> bool:
    """Whether `timestamp` (seconds since 1970) lies within FRESH_SECONDS of `now`."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= LONGEST_TIMESTAMP):
        return False
    return abs(now.timestamp() - int(timestamp)) <= FRESH_SECONDS
