"""The signed link of a call; when it ends is in the call's own row, so a changed setting changes no promise."""

from app.lib.tokens import nonce_in, signed

PURPOSE = "call-link"


def token_of(key: str, nonce: str) -> str:
    """The token in the address that a customer is mailed."""
    return signed(key, PURPOSE, nonce)


def nonce_of(key: str, token: str) -> str | None:
    """The nonce of a token that we signed; None for any other."""
    return nonce_in(key, PURPOSE, token)
