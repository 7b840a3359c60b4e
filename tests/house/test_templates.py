"""Templates: no inline code, parts that are parts, and nothing from elsewhere."""

import re

from app.config import ROOT
from tests.house.source import templates

TEMPLATE_LINES = 150
PAGES = {name: text for name, text in templates().items() if not name.startswith("emails/")}
INLINE = (
    re.compile(r"<style\b"),
    re.compile(r"<script(?![^>]*\ssrc=)[^>]*>"),
    re.compile(r"\sstyle\s*="),
    re.compile(r"\son[a-z]+\s*=\s*[\"']"),
    re.compile(r"\shx-on\b"),
    re.compile(r"[\"']\s*(?:javascript|js):", re.I),
    re.compile(r"hx-trigger=\"[^\"]*\["),
)
# Where trusted HTML is written: bodies that lib/markdown.py has cleaned, and marks that search has escaped.
COMMENT = re.compile(r"\{#.*?#\}", re.S)


def test_no_template_has_an_inline_style_or_script():
    texts = {name: COMMENT.sub("", text) for name, text in PAGES.items()}
    assert [(name, pattern.pattern) for name, text in texts.items() for pattern in INLINE if pattern.search(text)] == []


def test_templates_are_short():
    assert {name: n for name, text in PAGES.items() if (n := len(text.splitlines())) > TEMPLATE_LINES} == {}


def test_parts_and_answers_never_extend():
    named = [name for name in PAGES if name.rpartition("/")[2].startswith("_") or name.endswith(".htmx.html")]
    assert [name for name in named if "{% extends" in PAGES[name]] == []


def test_templates_never_query():
    assert [name for name, text in PAGES.items() if re.search(r"\bdb\.session\b|\.query\.", COMMENT.sub("", text))] == []


def test_nothing_is_loaded_from_other_hosts():
    wanted = re.compile(r"(?:src|href)=[\"']https?://[^\"']+\.(?:js|css|woff2?|png|svg)\b|url\(\s*[\"']?https?:|@import", re.I)
    static = {
        str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for suffix in ("css", "js") for p in (ROOT / "static").rglob(f"*.{suffix}")
    }
    assert [name for name, text in {**PAGES, **static}.items() if wanted.search(text)] == []


def test_each_htmx_request_sits_on_an_element_that_works_without_it():
    """`hx-get` on a link names its `href`, `hx-post` on a form its `action`; regions that poll carry the id of a part."""
    wrong = []
    for name, text in PAGES.items():
        for tag in re.findall(r"<(?:a|form)\b[^>]*\bhx-(?:get|post)=[^>]*>", COMMENT.sub("", text), re.S):
            verb, target = re.search(r"\bhx-(get|post)=\"([^\"]*)\"", tag, re.S).groups()
            plain = re.search(r"\b(?:href|action)=\"([^\"]*)\"", tag, re.S)
            if plain is None or (verb == "post" and plain.group(1) != target):
                wrong.append(f"{name}: {tag[:160]}")
    assert wrong == []
