"""What several tests of tickets do: stage files, fill in forms."""

import struct
import zlib
from io import BytesIO
from itertools import count

from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.tickets import uploads

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
numbers = count(1)

FORMS = {
    "bug": {
        "kind": "bug",
        "subject": "Consensus hangs in stage two",
        "priority": "high",
        "category": "consensus",
        "description": "It hangs.",
        "steps": "1. hive consensus",
        "expected": "An answer",
        "actual": "Nothing",
        "version": "2.0.1",
        "platform": "Linux (x86_64)",
        "environment": "Debian 13, zsh",
        "logs": "[curator] timeout ``` here",
        "searched": "y",
        "complete": "y",
        "reproducible": "y",
    },
    "feature": {
        "kind": "feature",
        "subject": "Remember the profile",
        "priority": "medium",
        "category": "cli",
        "summary": "Remember it",
        "motivation": "We switch all day",
        "solution": "A line in the configuration",
        "alternatives": "An alias",
    },
    "question": {"kind": "question", "subject": "How do I share an index?", "priority": "low", "body": "Between two agents."},
}


def key():
    """A fresh one-time key."""
    return f"key-of-a-test-form-{next(numbers):04}"


def filled(kind="question", **over):
    """The form of a kind, filled in; None takes a field out."""
    values = {**FORMS[kind], "form_key": key(), **over}
    return {name: value for name, value in values.items() if value is not None}


def upload(content=b"hello", name="a.log"):
    """A file as a browser sends it."""
    return (BytesIO(content), name)


def staged(owner, now, content=b"hello", name="a.log"):
    """A file that its owner has uploaded."""
    file = FileStorage(BytesIO(content), filename=name)
    row = uploads.receive(owner, [], [file], now=now).kept[0]
    db.session.commit()
    return row


def chunk(name, data):
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def picture(width, height, more=b""):
    """A black picture as PNG, a bit for each pixel; `more` are chunks before it."""
    rows = zlib.compress((b"\0" + b"\0" * ((width + 7) // 8)) * height, 9)
    parts = (chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), more, chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
