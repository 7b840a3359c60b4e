"""Which languages the help centre is translated into."""

from flask import current_app


def locales() -> tuple[str, ...]:
    """Those of KNOWLEDGE_LOCALES, in its order; English is the original and not among them."""
    return tuple(current_app.config["SETTINGS"].knowledge_locales)
