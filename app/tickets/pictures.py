"""Pictures that a message shows small: how large they are, read from the beginning of the file, and which are left to a click.

We keep no smaller copies, so a preview is the picture itself: what is long to send, would fill the memory of whoever looks, or
moves without having been asked to stays a link. The formats: PNG (ISO/IEC 15948), GIF89a, JPEG (ITU-T T.81, B.1), WebP (RFC 9649).
"""

from typing import IO

from app.tickets import files

WIDTH, HEIGHT, LEAST = 240, 160, 24
MOST_BYTES = 2_000_000
MOST_PIXELS = 50_000_000
# Nobody's camera writes more segments before a picture begins.
MOST_SEGMENTS = 200
# What says that a GIF repeats, that a PNG has several frames; a WebP has a bit for it.
MOVING = (b"NETSCAPE2.0", b"acTL")
WEBP_HEAD, WEBP_MOVES = 30, 0x02
# Frames of JPEG, by any of its processes; what lies between them are tables.
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def preview(key: str, media_type: str, size_bytes: int) -> tuple[int, int] | None:
    """How large to show a picture, in CSS pixels; None for what is no picture, or is better shown by itself only. Reads a few kB."""
    if not files.is_shown(media_type) or size_bytes > MOST_BYTES:
        return None
    try:
        with files.path_of(key).open("rb") as source:
            found = size(source)
    except OSError:
        return None
    return fitted(*found) if found is not None and 0 < found[0] * found[1] <= MOST_PIXELS else None


def fitted(width: int, height: int) -> tuple[int, int]:
    """The same shape within WIDTH × HEIGHT, no larger than it is; a line is made thick enough to be hit. Pure."""
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    return max(LEAST, round(width * scale)), max(LEAST, round(height * scale))


def size(source: IO[bytes]) -> tuple[int, int] | None:
    """(width, height) in pixels of a picture that stands still; None for one that moves, and for what cannot be read."""
    head = source.read(files.HEAD)
    if any(mark in head for mark in MOVING):
        return None
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR":
        return number(head[16:20]), number(head[20:24])
    if head[:4] == b"GIF8":
        return number(head[7:5:-1]), number(head[9:7:-1])
    if head[:4] == b"RIFF" and len(head) >= WEBP_HEAD:
        return webp(head)
    return jpeg(source) if head[:2] == b"\xff\xd8" else None


def number(digits: bytes) -> int:
    """Bytes as a number, the most significant first."""
    return int.from_bytes(digits, "big")


def webp(head: bytes) -> tuple[int, int] | None:
    """The size of a WebP: of its canvas, or of its only frame, lossless or not."""
    if head[12:16] == b"VP8X" and not head[20] & WEBP_MOVES:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def jpeg(source: IO[bytes]) -> tuple[int, int] | None:
    """The size of a JPEG: it stands in the segment that begins the frame, after any number of tables."""
    source.seek(2)
    for _ in range(MOST_SEGMENTS):
        head = source.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            break
        if head[1] in FRAMES:
            frame = source.read(5)
            return number(frame[3:5]), number(frame[1:3])
        source.seek(number(head[2:4]) - 2, 1)
    return None
