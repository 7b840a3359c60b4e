"""The signed link of a survey. Without our key the nonce in the database opens nothing."""

from itsdangerous import BadSignature, URLSafeSerializer

SALT = "survey-link"


def token_of(key: str, nonce: str) -> str:
    """The token in a survey's address. When it ends is in the survey's own row, so a changed setting changes no promise."""
    return URLSafeSerializer(key, salt=SALT).dumps(nonce)


def nonce_of(key: str, token: str) -> str | None:
    """The nonce of a token that we signed; None for any other."""
    try:
        nonce = URLSafeSerializer(key, salt=SALT).loads(token)
    except BadSignature:
        return None
    return nonce if isinstance(nonce, str) else None
