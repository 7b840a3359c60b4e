"""Random names and secrets."""

import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeSerializer

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


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
