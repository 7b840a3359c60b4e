"""The search box for other sites: how its script is served, and what the desk says of it."""

import gzip
from datetime import timedelta

import pytest

from app.lib import assets

ADDRESS = "/embed/search.js"


def test_the_script_is_small():
    text = (assets.STATIC / "embed.js").read_bytes()
    assert len(text) < 8000
    assert len(gzip.compress(text)) < 3500


def test_the_script_makes_no_code_of_text_and_keeps_nothing():
    text = (assets.STATIC / "embed.js").read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.cookie", "localStorage", "sessionStorage", "indexedDB", ".style.", "<style"):  # fmt: skip
        assert word not in text


def test_any_site_may_load_it_for_an_hour(browse):
    answer = browse(None).get(ADDRESS)
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    browse(None).get(ADDRESS, status=304, headers={"If-None-Match": answer.headers["ETag"]})


@pytest.mark.parametrize(("of", "kept"), [("{version}", "public, max-age=31536000, immutable"), ("0badc0de", "public, max-age=3600")])
def test_an_address_with_its_version_may_be_kept_for_ever(browse, of, kept):
    asked = of.format(version=assets.version("embed.js"))
    assert browse(None).get(f"{ADDRESS}?v={asked}").headers["Cache-Control"] == kept


def test_it_carries_no_cookie_of_somebody(browse, people, clock):
    browser = browse(people.user)
    clock.shift(timedelta(days=1))
    assert "Set-Cookie" not in browser.get(ADDRESS).headers


def test_no_page_may_be_framed_by_another_site(browse):
    for path in ("/help", ADDRESS, "/help/suggestions?q=proxy"):
        headers = browse(None).get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_the_desk_shows_the_lines_to_paste(browse, people):
    page = browse(people.agent).get("/desk/knowledge/embed")
    assert '<script src="http://localhost/embed/search.js" data-target="#help" async></script>' in page.words
    assert "script-src http://localhost; connect-src http://localhost" in page.words
    assert page.markup.one("script", src=ADDRESS)["data-target"] == "#try"
