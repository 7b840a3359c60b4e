"""Packing of answers and keeping of static files."""

import gzip
from typing import Any

import pytest
from flask import Flask, Response, make_response
from hypothesis import given
from hypothesis import strategies as st

from app.lib import assets, compress

PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def get(app: Flask, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Any:
    """An answer to a client without a session, read to its end and closed as a server does."""
    return app.test_client().open(path, method=method, headers=headers, buffered=True)


@pytest.mark.parametrize("name", ["css/portal.css", "js/portal.js", "js/htmx.min.js", "icons.svg"])
def test_a_static_file_is_packed_and_unpacks_to_itself(app: Flask, name: str) -> None:
    answer = get(app, assets.static_url(name), headers=PACKED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert gzip.decompress(answer.data) == (assets.STATIC / name).read_bytes()


def test_a_client_that_takes_no_gzip_gets_plain_bytes(app: Flask) -> None:
    for asked in ("", "br", "gzip;q=0"):
        answer = get(app, assets.static_url("css/portal.css"), headers={"Accept-Encoding": asked})
        assert "Content-Encoding" not in answer.headers
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.data == (assets.STATIC / "css/portal.css").read_bytes()


def test_fonts_are_packed_already_and_stay_as_they_are(app: Flask) -> None:
    answer = get(app, assets.static_url("fonts/geist-latin-wght-normal.woff2"), headers=PACKED)
    assert "Content-Encoding" not in answer.headers


def test_a_packed_file_is_not_sent_again_while_its_tag_matches(app: Flask) -> None:
    first = get(app, assets.static_url("css/portal.css"), headers=PACKED)
    tag = first.headers["ETag"]
    assert tag.startswith("W/")
    again = get(app, assets.static_url("css/portal.css"), headers={**PACKED, "If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)


def test_a_part_of_a_file_is_never_packed(app: Flask) -> None:
    answer = get(app, assets.static_url("css/portal.css"), headers={**PACKED, "Range": "bytes=0-1999"})
    assert answer.status_code == 206
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (assets.STATIC / "css/portal.css").read_bytes()[:2000]


def test_head_tells_no_packing(app: Flask) -> None:
    answer = get(app, assets.static_url("css/portal.css"), headers=PACKED, method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Content-Encoding" not in answer.headers


def test_an_address_that_names_the_content_keeps_for_ever(app: Flask) -> None:
    answer = get(app, assets.static_url("css/portal.css"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=00000000", "?v="])
def test_an_address_of_another_version_is_asked_for_each_time(app: Flask, query: str) -> None:
    answer = get(app, f"/static/css/portal.css{query}")
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_a_file_that_we_do_not_have_is_not_kept(app: Flask) -> None:
    answer = get(app, "/static/css/none.css?v=00000000")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]
    assert get(app, "/static/../pyproject.toml").status_code == 404


def finished(app: Flask, response: Response, headers: dict[str, str] | None = None, method: str = "GET") -> Response:
    """The response after the hook."""
    with app.test_request_context("/anything", method=method, headers=PACKED if headers is None else headers):
        return compress.finish(response)


def page(body: bytes, mimetype: str = "text/html") -> Response:
    """A response of ours."""
    return Response(body, mimetype=mimetype)


def test_a_page_is_packed_when_it_is_worth_it(app: Flask) -> None:
    large, small = finished(app, page(b"word " * 400)), finished(app, page(b"word"))
    assert gzip.decompress(large.get_data()) == b"word " * 400
    assert large.content_length == len(large.get_data())
    assert small.get_data() == b"word"
    assert "Content-Encoding" not in small.headers


def test_a_stream_an_image_and_a_packed_answer_pass_untouched(app: Flask) -> None:
    stream = finished(app, Response((b"x" * 2000 for _ in range(2)), mimetype="text/csv"))
    assert b"".join(stream.iter_encoded()) == b"x" * 4000
    assert "Content-Encoding" not in finished(app, page(b"\0" * 4000, "image/png")).headers
    packed = page(gzip.compress(b"y" * 4000))
    packed.headers["Content-Encoding"] = "gzip"
    body = packed.get_data()
    assert finished(app, packed).get_data() == body
    kept = page(b"z" * 4000)
    kept.cache_control.no_transform = True
    assert finished(app, kept).get_data() == b"z" * 4000


def test_a_redirect_is_the_same_for_who_takes_gzip_and_who_does_not(app: Flask) -> None:
    answer = get(app, "/desk", headers=PACKED)
    assert answer.status_code == 303
    assert "Content-Encoding" not in answer.headers and "Accept-Encoding" not in answer.headers.get("Vary", "")


def test_a_page_with_a_tag_gets_a_weak_one(app: Flask) -> None:
    tagged = page(b"word " * 400)
    tagged.set_etag("abc")
    assert finished(app, tagged).headers["ETag"] == 'W/"abc"'
    unchanged = Response(status=304, mimetype="text/html")
    unchanged.set_etag("abc")
    assert finished(app, unchanged).headers["ETag"] == 'W/"abc"'


def test_every_page_of_the_application_is_packed_last(app: Flask) -> None:
    answer = get(app, "/nothing-here", headers=PACKED)
    assert answer.status_code == 404
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(answer.data)
    assert answer.headers["X-Request-ID"]


@given(body=st.binary(max_size=4000), level=st.integers(1, 9))
def test_packing_loses_nothing(body: bytes, level: int) -> None:
    assert gzip.decompress(compress.pack(body, level)) == body
    assert compress.pack(body, level) == compress.pack(body, level)


def test_make_response_of_text_is_packable(app: Flask) -> None:
    with app.test_request_context("/", headers=PACKED):
        response = compress.finish(make_response("é" * 2000))
    assert gzip.decompress(response.get_data()).decode() == "é" * 2000
