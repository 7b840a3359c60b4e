"""Random names and secrets."""

import hashlib
import secrets

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
