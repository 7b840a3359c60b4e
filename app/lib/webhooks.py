"""Signing what we send to webhooks, by Standard Webhooks (https://www.standardwebhooks.com): three headers over the body."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"


def new_key() -> str:
    """A fresh secret to share with a receiver: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(key: str, identifier: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body`. Raises ValueError for a key that is none of ours."""
    if not key.startswith(PREFIX):
        raise ValueError("the key of a webhook begins with whsec_")
    secret = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    digest = hmac.new(secret, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(key: str, identifier: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one message. `identifier` is the same at each try, so that a receiver knows a repeat."""
    timestamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, identifier, timestamp, body),
    }
