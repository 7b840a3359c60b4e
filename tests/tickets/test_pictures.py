"""Pictures of a message: how large they are, and which are shown with it."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import db
from app.tickets import pictures
from app.tickets.models import Attachment
from tests import factories
from tests.tickets.shared import chunk, picture, staged

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def gif(width, height, more=b""):
    """The beginning of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff" + more


def jpeg(width, height, frame=0xC0, tables=1):
    """The beginning of a JPEG; each table before its frame takes as much room as one can."""
    table = b"\xff\xe1\xff\xff" + b"\0" * 0xFFFD
    return b"\xff\xd8" + table * tables + bytes([0xFF, frame]) + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9


def webp(kind, rest):
    """The beginning of a WebP."""
    return b"RIFF" + struct.pack("<I", 200) + b"WEBP" + kind + struct.pack("<I", 100) + rest + b"\0" * 20


def canvas(width, height, flags=0):
    """What an extended WebP begins with."""
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


LOSSLESS = b"\x2f" + ((300 - 1) | (200 - 1) << 14).to_bytes(4, "little")
LOSSY = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 300 | 0x4000, 200)


@pytest.mark.parametrize(
    "content",
    [
        picture(300, 200),
        gif(300, 200),
        jpeg(300, 200),
        jpeg(300, 200, frame=0xC2, tables=3),
        webp(b"VP8X", canvas(300, 200)),
        webp(b"VP8L", LOSSLESS),
        webp(b"VP8 ", LOSSY),
    ],
)
def test_the_size_of_each_kind_is_read_from_its_beginning(content):
    assert pictures.size(io.BytesIO(content)) == (300, 200)


@pytest.mark.parametrize(
    "content",
    [gif(9, 9, b"\x21\xff\x0bNETSCAPE2.0"), picture(9, 9, chunk(b"acTL", b"\0" * 8)), webp(b"VP8X", canvas(9, 9, flags=0x02))],
)
def test_what_moves_is_not_played_unasked(content):
    assert pictures.size(io.BytesIO(content)) is None


@pytest.mark.parametrize("content", [b"", b"GIF8", b"\xff\xd8\xff", b"RIFF", SVG, jpeg(9, 9)[:300], b"\xff\xd8" + b"\xff\xe1\0\0" * 300])
def test_what_is_no_whole_picture_has_no_size(content):
    found = pictures.size(io.BytesIO(content))
    assert found is None or found[0] * found[1] == 0


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8X"]),
    st.binary(max_size=60),
)
def test_no_beginning_of_a_file_breaks_it(begin, rest):
    pictures.size(io.BytesIO(begin + rest))


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [((1600, 900), (240, 135)), ((900, 1600), (90, 160)), ((32, 40), (32, 40)), ((5000, 10), (240, 24)), ((1, 1), (24, 24))],
)
def test_a_preview_keeps_the_shape_and_is_never_larger_than_the_picture(pixels, shown):
    assert pictures.fitted(*pixels) == shown


@pytest.mark.parametrize("who", ["user", "agent"])
def test_a_picture_is_shown_small_and_opens_whole(people, browse, now, who):
    ticket = factories.ticket(
        people.user, files=[staged(people.user, now, picture(1600, 900), "shot.png"), staged(people.user, now, SVG, "a.svg")]
    )
    page = browse(getattr(people, who)).get(f"{'/desk' if who == 'agent' else ''}/tickets/{ticket.ref}").markup
    refs = {one.name: one.ref for one in db.session.query(Attachment)}
    image = page.one("img")
    assert (image["src"], image["width"], image["height"]) == (f"/attachments/{refs['shot.png']}", "240", "135")
    assert (image["alt"], image["loading"]) == ("", "lazy")
    link = image.within("a")
    assert link["href"] == image["src"] and "download" not in link.attributes and link.text.startswith("shot.png")
    assert "download" in page.one("a", href=f"/attachments/{refs['a.svg']}").attributes


def test_what_is_long_to_send_or_fills_the_memory_stays_a_link(people, browse, now):
    names = {"bomb.png": picture(30_000, 2_000), "noise.png": picture(8, 8) + bytes(pictures.MOST_BYTES), "text.png": SVG}
    ticket = factories.ticket(people.user, files=[staged(people.user, now, content, name) for name, content in names.items()])
    page = browse(people.user).get(f"/tickets/{ticket.ref}").markup
    assert page.all("img") == [] and len([link for link in page.all("a", class_="file") if "download" in link.attributes]) == 3
