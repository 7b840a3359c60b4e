"""Attached files: their names, what they are by their content, and where their bytes lie.

Bytes lie outside of the web root, under random keys that no name or address leads to. What a file is, is decided by an
allow-list of signatures; what can carry script (HTML, SVG, XML) is plain text to us and is never served as itself.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import structlog
from flask import current_app

from app.lib.errors import Gone, Invalid
from app.lib.text import one_line

log = structlog.get_logger()

CHUNK = 64 * 1024
HEAD = 4096
MAX_NAME = 120
TEXT = "text/plain"
UNKNOWN = "application/octet-stream"
# Pictures made of pixels, which a browser may show by itself.
RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# Characters that some system gives a meaning to in a name.
MEANT = str.maketrans(dict.fromkeys('<>:"|?*\\/', "_"))

# (offset, signature, type), the first that fits.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (257, b"ustar", "application/x-tar"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
)
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True)
class Stored:
    """What was written: its key, size, fingerprint and type."""

    key: str
    size_bytes: int
    sha256: str
    media_type: str


def clean_name(name: str | None) -> str:
    """`..\\..\\a/report.pdf` → `report.pdf`: the last part of a path, one line, no hidden file, MAX_NAME characters at most."""
    last = one_line((name or "").replace("\\", "/")).rsplit("/", 1)[-1]
    cleaned = last.translate(MEANT).strip(" .")
    stem, dot, extension = cleaned.rpartition(".")
    if len(cleaned) > MAX_NAME and dot and len(extension) <= 12:
        return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"
    return cleaned[:MAX_NAME] or "file"


def media_type(head: bytes, whole: bool) -> str:
    """What the first HEAD bytes say a file is; `whole` if there are no more. UNKNOWN for what is not on the list."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for offset, signature, kind in SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return kind
    return TEXT if is_text(head, whole) else UNKNOWN


def is_text(head: bytes, whole: bool) -> bool:
    """Whether it reads as text: UTF-8 without control characters, or UTF-16 that says so."""
    encoding = next((name for mark, name in BOMS if head.startswith(mark)), "utf-8")
    usable = head if whole else head[: len(head) // 2 * 2 - 4]
    for cut in range(4):
        try:
            text = usable[: len(usable) - cut].decode(encoding)
        except UnicodeDecodeError:
            if whole:
                return False
            continue
        return not any(c < " " and c not in "\t\n\r\f\b\x1b" for c in text)
    return False


def is_shown(kind: str) -> bool:
    """Whether a browser may show it in place; all else is only ever saved."""
    return kind in RASTER


def root() -> Path:
    """Where the bytes lie. Raises ValueError for an address that is not file:."""
    address = urlsplit(current_app.config["SETTINGS"].attachments_url)
    if address.scheme != "file" or not address.path:
        raise ValueError("ATTACHMENTS_URL must be file:/path")
    return Path(unquote(address.path))


def path_of(key: str) -> Path:
    """The path of a key that we made."""
    return root() / key[:2] / key


def store(source: IO[bytes], max_bytes: int) -> Stored:
    """Write a stream under a new key, reading it once and never more than `max_bytes` and a chunk.

    Raises Invalid for an empty or a too large one, and when our disk takes nothing more; leaves nothing behind then.
    """
    key = secrets.token_hex(20)
    path = path_of(key)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            for chunk in chunks(source, max_bytes):
                head = head if len(head) >= HEAD else (head + chunk)[:HEAD]
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
    except (Invalid, OSError) as refused:
        with suppress(OSError):
            path.unlink()
        if isinstance(refused, Invalid):
            raise
        log.error("file.not_kept", error=refused.strerror)
        raise Invalid("cannot be kept on our side just now; send the rest without it, or try again later") from refused
    return Stored(key, size, digest.hexdigest(), media_type(head, whole=size <= HEAD))


def chunks(source: IO[bytes], max_bytes: int) -> Iterator[bytes]:
    """The stream in pieces; raises Invalid when there is nothing in it, or more than `max_bytes`."""
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise Invalid(f"is too large, {max_bytes / 1_000_000:.3g} MB would fit")
        yield chunk
    if size == 0:
        raise Invalid("is empty")


def existing(key: str) -> Path:
    """The path of bytes that are there. Raises Gone where somebody has removed them from the disk."""
    path = path_of(key)
    if not path.is_file():
        raise Gone("This file is no longer in our store. Ask whoever sent it to attach it again.")
    return path


def remove(key: str) -> None:
    """Delete the bytes; missing ones are no error."""
    path_of(key).unlink(missing_ok=True)
