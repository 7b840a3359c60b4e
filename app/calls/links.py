"""The signed link of a call. Without our key the nonce in the database opens nothing; when it ends is in the call's own row."""

from itsdangerous import BadSignature, URLSafeSerializer

SALT = "call-link"


def token_of(key: str, nonce: str) -> str:
    """The token in the address that a customer is mailed."""
    return URLSafeSerializer(key, salt=SALT).dumps(nonce)


def nonce_of(key: str, token: str) -> str | None:
    """The nonce of a token that we signed; None for any other."""
    try:
        nonce = URLSafeSerializer(key, salt=SALT).loads(token)
    except BadSignature:
        return None
    return nonce if isinstance(nonce, str) else None
