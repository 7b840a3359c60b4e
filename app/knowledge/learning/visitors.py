"""Who sends this request, as far as counting readers goes."""

from flask import current_app, request
from flask_login import current_user

from app.knowledge.readers import PERSON, Asking

AHEAD = ("prefetch", "prerender", "preview")


def asking() -> Asking:
    """Whoever reads. An administrator who looks through somebody's eyes counts as staff."""
    user = current_user if current_user.is_authenticated else None
    agent = request.user_agent.string[:300]
    purposes = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")).lower()
    return Asking(
        key=str(current_app.config["SECRET_KEY"]),
        who=PERSON.format(user.id) if user else f"{request.remote_addr} {agent}",
        address=request.remote_addr or "",
        user_agent=agent,
        is_staff=bool(user and (user.is_staff or user.impersonator_id is not None)),
        is_demo=bool(user and user.is_demo),
        is_ahead=request.method == "HEAD" or any(word in purposes for word in AHEAD),
    )
