"""The files under static/: their addresses, which change with their content, and how long they may be kept."""

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
YEAR_SECONDS = 31_536_000


def install(app: Flask) -> None:
    """Say on each static file how long it stays true."""
    app.after_request(keep)


@lru_cache(maxsize=256)
def content_hash(name: str, changed: float) -> str:
    """Eight characters that change when the file does."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]


def version(name: str) -> str:
    """The version of a static file as it is now. Raises OSError for a name that we do not have."""
    return content_hash(name, os.stat(f"{STATIC}/{name}").st_mtime)


@lru_cache(maxsize=512)
def url_at(name: str, second: int) -> str:
    """The address of a static file within one second: a page names the icon file hundreds of times."""
    return f"/static/{name}?v={version(name)}"


def static_url(name: str) -> str:
    """The address of a static file as it is now, or was a second ago, safe to keep for ever. Raises FileNotFoundError for a name that
    we do not have."""
    return url_at(name, int(time.monotonic()))


def keep(response: Response) -> Response:
    """For ever under an address that names this very content; else ask each time, which the entity tag makes cheap.

    An address of another version comes from another release that runs beside this one: its answer must not stick.
    """
    if request.endpoint != "static":
        return response
    asked = request.args.get("v")
    if response.status_code not in {200, 206, 304}:
        response.headers["Cache-Control"] = "no-store"
    elif asked and request.view_args and asked == version(request.view_args["filename"]):
        response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    else:
        response.headers["Cache-Control"] = "public, no-cache"
    response.headers.pop("Expires", None)
    return response
