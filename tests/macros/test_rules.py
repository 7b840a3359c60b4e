"""Placeholders: filled in one pass, evaluated never."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.markdown import to_html
from app.macros import rules
from app.macros.defaults import MACROS

TICKET = SimpleNamespace(ref="HT-4F7K2M9", subject="It *breaks*", promised_priority="high")


def test_every_placeholder_is_filled():
    text = " ".join(f"{{{{{name}}}}}" for name in rules.PLACEHOLDERS)
    filled = rules.fill(text, rules.example())
    assert "{{" not in filled
    assert "Marcus Webb" in filled and "within 4 hours" in filled


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {{requester.first_name}},", "Hello Ada,"),
        ("Hello {{  requester.first_name  }}", "Hello Ada"),
        ("{{organization}}", "your organization"),
        ("{{nobody.knows}} stays", "{{nobody.knows}} stays"),
        ("{{ 7 * 7 }} {% if 1 %}", "{{ 7 * 7 }} {% if 1 %}"),
        ("{requester.name} {{{requester.name}}}", "{requester.name} {Ada Lovelace}"),
        ("no placeholders", "no placeholders"),
    ],
)
def test_a_text_is_filled_and_nothing_is_evaluated(text, filled):
    values = rules.values_of(TICKET, requester=SimpleNamespace(name="Ada Lovelace"))
    assert rules.fill(text, values) == filled


def test_what_a_customer_typed_is_neither_filled_again_nor_rendered():
    requester = SimpleNamespace(name="{{ticket.ref}} [click](https://evil.example) <script>")
    filled = rules.fill("{{requester.name}} {{ticket.subject}}", rules.values_of(TICKET, requester=requester))
    assert "{{ticket.ref}}" in filled
    html = to_html(filled)
    assert "<a" not in html and "<em>" not in html and "<script" not in html
    assert "It *breaks*" in html


@pytest.mark.parametrize(("name", "first"), [("Ada Lovelace", "Ada"), ("Cher", "Cher"), ("ada@example.org", ""), ("", ""), (None, "")])
def test_a_first_name_is_one_only_if_it_is_a_name(name, first):
    assert rules.first_name(name) == first


def test_an_unknown_placeholder_is_refused_with_the_known_ones():
    told = rules.refusal("Dear {{customer}}, {{ticket.ref}} {{customer}}")
    assert "{{customer}}" in told and told.count("{{customer}}") == 1
    assert "{{requester.first_name}}" in told
    assert rules.refusal("Dear {{requester.name}}") is None


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: macro[0])
def test_our_own_macros_know_their_placeholders(macro):
    assert rules.refusal(macro[3]) is None
    assert macro[1] in rules.KINDS


@given(st.text(max_size=400), st.text(max_size=60))
def test_filling_never_raises_and_leaves_no_known_name(text, name):
    filled = rules.fill(text + "{{requester.name}}", {"requester.name": name})
    assert isinstance(filled, str)
    assert (
        rules.fill("{{requester.name}}", {"requester.name": name}) == filled.removeprefix(rules.fill(text, {"requester.name": name}))
        or "{{" in text
    )


def test_filling_a_large_hostile_text_is_quick():
    assert rules.fill("{{" * 50_000, rules.example()) == "{{" * 50_000
