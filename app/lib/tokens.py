"""Random names and secrets."""

import hashlib
import math
import secrets
import time
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class AnyClock(TimestampSigner):
    """Takes what was signed by a clock that was ahead: of another machine, or of this one before it was set back."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """As the library's, which takes nothing that is younger than now."""
        value, at = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - int(at.timestamp())
        if max_age is not None and age > max_age:
            raise SignatureExpired(f"Signature age {age} > {max_age} seconds", payload=value, date_signed=at)
        return (value, at) if return_timestamp else value


class Cookies:
    """What signs sessions and reads them. A browser sends the same cookie with every request until something in it changes: its
    signature is worked out at the first of them, and its age at each."""

    def __init__(self, signing: URLSafeTimedSerializer) -> None:
        self.signing, self.dumps = signing, signing.dumps
        self.verified = lru_cache(maxsize=2048)(self.read)

    def read(self, cookie: str) -> tuple[Any, int]:
        """(what a cookie says, in JSON, and when it was signed, in seconds since 1970). Raises BadSignature."""
        said, at = self.signing.loads(cookie, return_timestamp=True)
        return self.signing.serializer.dumps(said), int(at.timestamp())

    def loads(self, cookie: str, max_age: float = math.inf) -> Any:
        """What a cookie says, anew for each who asks. Raises BadSignature, and SignatureExpired for one older than `max_age` seconds."""
        said, signed_at = self.verified(cookie)
        age = int(time.time()) - signed_at
        if age > max_age:
            raise SignatureExpired(f"Signature age {age} > {max_age} seconds")
        return self.signing.serializer.loads(said)


class Sessions(SecureCookieSessionInterface):
    """Flask's cookies: a sign-in ends with its row, not because a clock was set right."""

    def get_signing_serializer(self, app: Flask) -> Any:
        """What signs and reads them; made once, since every request asks for it."""
        if app.secret_key and "sessions" not in app.extensions:
            signing: Any = super().get_signing_serializer(app)
            signing.signer = AnyClock
            app.extensions["sessions"] = Cookies(signing)
        return app.extensions.get("sessions")


def public_ref(prefix: str, length: int = 7) -> str:
    """A name that people can read aloud and nobody can guess in order: `HT-4F7K2M9` (35 bits)."""
    return f"{prefix}-" + "".join(secrets.choice(CROCKFORD) for _ in range(length))


def new_secret() -> str:
    """A 256-bit secret for a link or a session."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """What we store of a secret: its SHA-256, in hexadecimal. A stolen table opens nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def signed(key: str, purpose: str, nonce: str) -> str:
    """A nonce of the database as a link shows it: without our key it opens nothing. When it ends is in its own row."""
    return URLSafeSerializer(key, salt=purpose).dumps(nonce)


def nonce_in(key: str, purpose: str, token: str) -> str | None:
    """The nonce of a token that we signed for this purpose; None for any other."""
    try:
        nonce = URLSafeSerializer(key, salt=purpose).loads(token)
    except BadSignature:
        return None
    return nonce if isinstance(nonce, str) else None
