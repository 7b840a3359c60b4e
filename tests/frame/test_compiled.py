"""How templates are compiled: what they print, and what they include."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from jinja2 import DictLoader, Environment
from markupsafe import Markup, escape

from app.lib import pages
from app.lib.compiled import Kept


class Safe:
    """Something that says itself that it is HTML."""

    def __html__(self) -> str:
        return "<i>"


class Sign(StrEnum):
    """A word that is more than a word."""

    LESS = "<"


@pytest.mark.parametrize("value", ["'\"><b>&", Markup("<b>"), Safe(), Sign.LESS, 7, True, None, 1.5])
def test_what_a_template_prints_is_escaped_once(app: Flask, value: Any) -> None:
    source = "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{% set kept %}{{ value }}{% endset %}{{ kept }}{{ twice(value) }}"
    with app.test_request_context("/"):
        assert render_template_string(source, value=value) == str(escape(value)) * 3
    assert pages.printed(value) == str(escape(value))


def test_what_is_html_is_printed_as_it_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bold = Markup("<b>")
    assert pages.printed(bold) is bold
    monkeypatch.setattr(pages, "printed", lambda value: "as ours")
    assert app.jinja_env.from_string("{{ n }}").render(n=1) == "as ours"


def test_a_template_is_one_piece_and_what_it_includes_sees_what_stands_around_it(app: Flask) -> None:
    line = "<{{ n }} {{ here }}>{% set here = 2 %}"
    whole = '{% for n in numbers %}{% include "line" %}{% endfor %}{{ here }}'
    env = app.jinja_env.overlay(loader=DictLoader({"line": line, "whole": whole}))
    page = env.from_string('{% set here = 1 %}a{% include "whole" %}b')
    assert list(page.generate(numbers=[3, 4])) == ["a<3 1><4 1>1b"]


def test_addresses_lie_below_the_path_of_the_site(app: Flask) -> None:
    """Whichever path the request before came by."""
    for below in ("", "/support", ""):
        page = app.test_client().get("/login", environ_overrides={"SCRIPT_NAME": below})
        assert f'href="{below}/help' in page.text
        with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": below}):
            assert pages.address_of("accounts.login") == f"{below}/login"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled, as it happens."""
    names: list[str] = []
    compile_ = Environment.compile
    monkeypatch.setattr(
        Environment, "compile", lambda env, source, name=None, *rest: names.append(name) or compile_(env, source, name, *rest)
    )
    return names


def test_a_template_is_compiled_once_for_all_processes(tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    maker = tmp_path / "maker.py"
    maker.write_text("")

    def draw(source: str) -> str:
        env = Environment(loader=DictLoader({"page": source}), bytecode_cache=Kept(str(maker), tmp_path / "new" / "kept"), autoescape=True)
        return env.get_template("page").render(n=1)

    assert [draw("a{{ n }}"), draw("a{{ n }}")] == ["a1", "a1"]
    assert compiled == ["page"]
    assert [draw("b{{ n }}"), draw("b{{ n }}")] == ["b1", "b1"]
    assert len(compiled) == 2
    maker.write_text("# How templates are compiled has changed.")
    assert draw("b{{ n }}") == "b1"
    assert len(compiled) == 3
    (kept,) = (tmp_path / "new" / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:-9])
    assert draw("b{{ n }}") == "b1"


def test_who_may_not_keep_templates_compiles_them(tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for folder, unwanted in ((tmp_path / "file" / "kept", False), (tmp_path / "kept", True)):
        monkeypatch.setattr(sys, "dont_write_bytecode", unwanted)
        env = Environment(loader=DictLoader({"page": "{{ n }}"}), bytecode_cache=Kept(__file__, folder), autoescape=True)
        assert env.get_template("page").render(n=1) == "1"
    assert compiled == ["page", "page"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
