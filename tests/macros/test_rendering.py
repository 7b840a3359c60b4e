"""A macro as HTML: what came of reading it once, with the values of each use."""

import pytest

from app.lib.markdown import to_html
from app.macros import rendering, rules
from app.macros.defaults import MACROS

ODD = {name: f'<b>{name}</b> & "it\'s" *x* _y_ [a](https://evil.example) ~~z~~ `c` x7 {{{{ticket.ref}}}}' for name in rules.PLACEHOLDERS}
PLAIN = ODD | {"ticket.ref": "HT-4F7K2M9", "ticket.url": "/tickets/HT-4F7K2M9", "today": "23 November 2026"}


@pytest.mark.parametrize("values", [rules.example(), PLAIN, {}], ids=["usual", "odd", "none"])
@pytest.mark.parametrize("text", [body for _, _, _, body in MACROS], ids=[key for key, *_ in MACROS])
def test_it_is_the_html_of_the_filled_text(text, values):
    assert rendering.filled(text, values) == to_html(rules.fill(text, values))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("{{ticket.subject}}", "<p>1. <em>not</em> a list</p>"),
        ("**{{ ticket.subject }}**", "<p><strong>1. <em>not</em> a list</strong></p>"),
        ("`{{ticket.subject}}`", "<p><code>1. <em>not</em> a list</code></p>"),
        ("{{nobody.knows}}", "<p>{{nobody.knows}}</p>"),
        ("{{ticket.ref}}{{ticket.ref}}", "<p>your ticketyour ticket</p>"),
    ],
)
def test_a_value_is_text_wherever_it_stands(text, html):
    as_text = html.replace("<em>", "&lt;em&gt;").replace("</em>", "&lt;/em&gt;")
    assert rendering.filled(text, {"ticket.subject": "1. <em>not</em> a list"}) == as_text + "\n"


def test_an_address_of_ours_can_be_a_links_and_no_script_can():
    text = "[ours]({{ticket.url}}) [theirs]({{ticket.subject}})"
    html = rendering.filled(text, {"ticket.url": "/tickets/HT-4F7K2M9", "ticket.subject": "javascript:alert(1)"})
    assert 'href="/tickets/HT-4F7K2M9"' in html and "javascript" not in html


def test_a_text_is_read_once_for_all_its_uses(monkeypatch):
    read = []
    monkeypatch.setattr(rendering, "rendered", lambda text: read.append(text) or to_html(text))
    found = {rendering.filled("Read once: {{ticket.ref}}", {"ticket.ref": ref}) for ref in ("HT-1", "HT-2")}
    assert (len(read), len(found)) == (1, 2)
