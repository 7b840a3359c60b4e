"""The signed link by which a mail acknowledges its alert: it does this one thing, for this one message, for a week."""

from itsdangerous import BadData, URLSafeTimedSerializer

from app.lib.tokens import AnyClock

SALT = "alert-acknowledgement"
SECONDS = 7 * 86_400


def token_of(key: str, delivery_id: int) -> str:
    """The token of the link in one message."""
    return URLSafeTimedSerializer(key, salt=SALT).dumps(delivery_id)


def delivery_of(key: str, token: str) -> int | None:
    """The message of a token that we signed within a week; None for any other."""
    try:
        found = URLSafeTimedSerializer(key, salt=SALT, signer=AnyClock).loads(token, max_age=SECONDS)
    except BadData:
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
