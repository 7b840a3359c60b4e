"""Rules for every template: no inline code, no inline looks, static files by their versioned address."""

import hashlib
import re

from flask import Flask

from app.config import ROOT
from app.lib.assets import STATIC

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "emails" not in path.parts)
INLINE = {
    "a style attribute": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an event handler": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.I),
    "an hx-on handler": re.compile(r"\bhx-on\b", re.I),
    "a script without a file": re.compile(r"<script\b(?![^>]*\bsrc=)", re.I),
    "a javascript address": re.compile(r"javascript:", re.I),
    "values made by script": re.compile(r"""hx-(?:vals|headers)\S*\s*=\s*["']?\s*(?:js|javascript):""", re.I),
    "a trigger filter": re.compile(r"""hx-trigger\s*=\s*["'][^"']*\["""),
    "a static file without its version": re.compile(r"""(?:src|href)\s*=\s*["']/static/"""),
}
MAX_LINES = 150


def test_no_template_holds_inline_code() -> None:
    sources = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert [(name, what) for name, source in sources.items() for what, pattern in INLINE.items() if pattern.search(source)] == []


def test_the_rules_find_what_they_forbid() -> None:
    wrong = {
        "a style attribute": '<p class="x" style="color:red">',
        "a style element": "<style>p{}</style>",
        "an event handler": '<a href="#" onclick="x()">',
        "an hx-on handler": '<a hx-on:click="x()">',
        "a script without a file": "<script>x()</script>",
        "a javascript address": '<a href="javascript:x()">',
        "values made by script": "<a hx-vals='js:{a: 1}'>",
        "a trigger filter": '<a hx-trigger="keyup[ctrlKey]">',
        "a static file without its version": '<link href="/static/css/portal.css">',
    }
    assert set(wrong) == set(INLINE)
    for what, source in wrong.items():
        assert INLINE[what].search(source), what


def test_no_template_grows_beyond_its_size() -> None:
    long = {path.name: lines for path in TEMPLATES if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES}
    assert not long


def test_every_template_compiles(app: Flask) -> None:
    for path in TEMPLATES:
        app.jinja_env.get_template(str(path.relative_to(ROOT / "templates")))


def test_every_icon_that_a_template_names_is_drawn() -> None:
    symbols = set(re.findall(r'<symbol id="([gi]-[a-z0-9-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = set()
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        named |= {f"i-{name}" for name in re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", source)}
        named |= {f"g-{name}" for name in re.findall(r"""\bglyph\(\s*["']([a-z0-9-]+)["']""", source)}
        named |= set(re.findall(r"#([gi]-[a-z0-9-]+)[\"']", source))
    assert named <= symbols, f"not in icons.svg: {sorted(named - symbols)}"


def test_the_style_sheet_names_the_present_version_of_each_font() -> None:
    css = (STATIC / "css/portal.css").read_text(encoding="utf-8")
    fonts = re.findall(r'url\("\.\./fonts/([\w-]+\.woff2)\?v=([0-9a-f]{8})"\)', css)
    assert len(fonts) == css.count("url(") == 3
    for name, version in fonts:
        assert hashlib.sha256((STATIC / "fonts" / name).read_bytes()).hexdigest()[:8] == version, name


def test_htmx_is_the_file_that_we_vendored() -> None:
    told = re.search(r"\b[0-9a-f]{64}\b", (STATIC / "js/README").read_text(encoding="utf-8"))
    assert told
    assert hashlib.sha256((STATIC / "js/htmx.min.js").read_bytes()).hexdigest() == told.group()


def test_scripts_and_styles_stay_small() -> None:
    assert (STATIC / "css/portal.css").stat().st_size < 50_000
    assert (STATIC / "js/portal.js").stat().st_size < 16_000
    assert "eval(" not in (STATIC / "js/portal.js").read_text(encoding="utf-8")
