"""How templates are compiled: what they print, and what they include."""

from enum import StrEnum
from typing import Any

import pytest
from flask import Flask, render_template_string
from jinja2 import DictLoader
from markupsafe import Markup, escape

from app.lib import pages


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
