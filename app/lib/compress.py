"""Pack answers with gzip where the client takes it and it is worth the time.

Static files are packed once and kept; pages are packed quickly. Attachments and other streams pass untouched, and so
does what is packed already. Packing beside secrets is safe here: the CSRF token is signed anew each second, and no
cookie travels with another site's requests, so there is no constant secret to guess by sizes.
"""

import zlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request

from app.lib.assets import STATIC

WORTH_BYTES = 1000
GZIP = 16 + zlib.MAX_WBITS
QUICK, BEST = 3, 9
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PACKABLE = frozenset(
    {
        "text/html",
        "text/css",
        "text/plain",
        "text/csv",
        "text/xml",
        "text/javascript",
        "application/javascript",
        "application/json",
        "application/problem+json",
        "application/xml",
        "application/atom+xml",
        "application/feed+json",
        "application/manifest+json",
        "image/svg+xml",
    }
)


def install(app: Flask) -> None:
    """Attach the hook. It has to be the first that is attached, for Flask runs such hooks last to first."""
    app.after_request(finish)


def finish(response: Response) -> Response:
    """Pack the body, or leave the answer as it is. A redirect says too little to be packed."""
    if (
        response.status_code in REDIRECTS
        or response.mimetype not in PACKABLE
        or "Content-Encoding" in response.headers
        or "Content-Range" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0 or response.cache_control.no_transform:
        return response
    if response.status_code == 304:
        return weaken(response)
    body = packed_body(response)
    if body is None:
        return response
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    return weaken(response)


def weaken(response: Response) -> Response:
    """The tag of a packed answer is weak: the same meaning in other bytes. Asking again with it still matches."""
    tag, weak = response.get_etag()
    if tag and not weak:
        response.set_etag(tag, weak=True)
    return response


def packed_body(response: Response) -> bytes | None:
    """The packed body; None for what is too small, has no body, or is a stream that is none of our static files."""
    if request.method == "HEAD" or response.status_code in {204, 206}:
        return None
    if request.endpoint == "static":
        path = STATIC / str((request.view_args or {}).get("filename", ""))
        found = path.stat()
        if found.st_size < WORTH_BYTES:
            return None
        response.direct_passthrough = False
        response.close()
        return packed_file(path, found.st_mtime)
    if response.is_streamed or response.direct_passthrough:
        return None
    body = response.get_data()
    return pack(body, QUICK) if len(body) >= WORTH_BYTES else None


@lru_cache(maxsize=64)
def packed_file(path: Path, changed: float) -> bytes:
    """A static file, packed as small as it gets, once for each version of it."""
    return pack(path.read_bytes(), BEST)


def pack(body: bytes, level: int) -> bytes:
    """The body in gzip's format, without a time in it: the same bytes make the same bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()
