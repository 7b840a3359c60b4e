"""A file of an article, and zips of files."""

import io
import zipfile

PLAIN = """---
title: Zebras
summary: All about them.
audience: public
position: 3
tags: zebra, sleep
version: 2.1
reviewed: 2026-11-01
---
## Sleep

Standing.
"""


def packed(entries):
    """A zip of (name, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()
