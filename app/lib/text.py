"""Cleaning what people type before it is stored."""

import re
import unicodedata

# Characters that reorder or hide text: bidirectional controls, zero-width joiners outside emoji are left alone.
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def one_line(text: str | None) -> str:
    """A title, name or header value: no line breaks, control or bidirectional characters; runs of space folded."""
    cleaned = BIDI.sub("", CONTROL.sub("", unicodedata.normalize("NFC", text or "")))
    return " ".join(cleaned.split())


def many_lines(text: str | None) -> str:
    """A body: control and bidirectional characters removed, line ends as `\\n`, outer blank lines trimmed."""
    cleaned = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return BIDI.sub("", CONTROL.sub("", unicodedata.normalize("NFC", cleaned))).strip("\n").rstrip()
