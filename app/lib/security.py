"""What every answer carries and every request must pass: host names, the content policy, request ids, write intent."""

import re
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request

from app.lib.database import write_intent
from app.lib.kept import statements
from app.lib.requests import root
from app.lib.tokens import Sessions

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask) -> None:
    """Attach the hooks; the first to run."""
    app.session_interface = Sessions()
    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def begin() -> None:
    """Name the request, refuse foreign host names, and declare whether it means to write."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    write_intent.set(request.method not in READS)
    statements.set([])
    root.set(request.script_root)
    if request.mimetype == "application/x-www-form-urlencoded":
        # Werkzeug bounds the texts of a form in parts only; these are held in memory, too.
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
    settings = current_app.config["SETTINGS"]
    host = urlsplit(f"//{request.host}").hostname or ""
    if host not in settings.allowed_hosts and f"[{host}]" not in settings.allowed_hosts and "*" not in settings.allowed_hosts:
        abort(400, "This address is not one of ours.")


def finish(response: Response) -> Response:
    """Add the headers that keep pages safe, but for those that an answer has already."""
    settings, headers = current_app.config["SETTINGS"], response.headers
    wanted = SAFE | {"X-Request-ID": g.get("request_id", "")}
    if settings.secure:
        wanted["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        wanted["Cache-Control"] = "private, no-cache"
    given = {name.lower() for name, _ in headers}
    headers.extend([(name, value) for name, value in wanted.items() if name.lower() not in given])
    if settings.count_queries or settings.env == "development":
        headers["X-Query-Count"] = str(len(statements.get() or ()))
    return response


def end(error: BaseException | None) -> None:
    """What comes after the request has said nothing of what it will do."""
    write_intent.set(None)
    root.set(None)


def same_site_path(target: str | None) -> str | None:
    """`target` if it is a path on this site, else None: the only `next` that is ever followed."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or any(c in target for c in "\r\n\t\0\\"):
        return None
    return target
