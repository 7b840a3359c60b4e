"""What may leave: public messages only, dressed for mail programs."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.lib.markdown import to_html
from app.mail.content import dressed, public_message

BASE = "https://support.hivetechs.example"


@dataclass
class Row:
    """A message's row."""

    visibility: str
    body: str = "words"
    html: str = "<p>words</p>"
    id: int = 7
    by_staff: bool = True
    is_automatic: bool = False
    created_at: datetime = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("visibility", ["internal", "", "PUBLIC", "private"])
def test_an_internal_note_cannot_become_something_that_leaves(visibility):
    with pytest.raises(ValueError, match="never leaves"):
        public_message(Row(visibility), author="Jo", base_url=BASE)


def test_a_public_message_keeps_its_words():
    made = public_message(Row("public", body="a\r\nb\u202e"), author="Jo\nPark", files=["x\r\n.log"], base_url=BASE)
    assert (made.author, made.body, made.files) == ("Jo Park", "a\nb", ("x .log",))


def test_a_long_message_is_quoted_by_its_beginning():
    made = public_message(Row("public", body="word " * 1000), author="Jo", base_url=BASE)
    assert len(made.excerpt) < 720 and made.excerpt.endswith(" …")


MARKED = "## Steps\n\nIt is **really** `slow` & <b>, see [the guide](/help/faq).\n\n- one\n- two\n\n```\nx = [1]\n\ny\n```\n"


def test_a_quotation_shows_no_marks_of_markdown():
    made = public_message(Row("public", body=MARKED, html=to_html(MARKED)), author="Jo", base_url=BASE)
    plain = "Steps\nIt is really slow & <b>, see the guide.\n\none\ntwo\n\nx = [1]\n\ny"
    assert made.excerpt_text == plain
    assert made.excerpt_html == made.html and "<strong>really</strong>" in made.html


def test_the_beginning_of_a_long_message_is_rendered_whole():
    body = f"**bold** [a](/help/faq) [b](javascript:x) <script>\n\n```\n{'word ' * 1000}"
    made = public_message(Row("public", body=body, html=to_html(body)), author="Jo", base_url=BASE)
    assert f'href="{BASE}/help/faq"' in made.excerpt_html and "<strong>bold</strong>" in made.excerpt_html
    assert "<script" not in made.excerpt_html and "javascript:" not in made.excerpt_html.replace("[b](javascript:x)", "")
    assert len(made.excerpt_html) < 2000 and made.excerpt_html.count("<pre") == made.excerpt_html.count("</pre>") == 1


def test_links_in_a_message_become_absolute():
    html = dressed(to_html("[a](/help/faq) [b](https://x.example/) [c](//evil.example/x)"), BASE)
    assert f'href="{BASE}/help/faq"' in html
    assert 'href="https://x.example/"' in html
    assert 'href="https://evil.example/x"' in html


def test_every_tag_carries_its_look():
    html = dressed(to_html("> q\n\n- a\n\n```\ncode\n```\n\n| a |\n|---|\n| b |"), BASE)
    for tag in ("blockquote", "ul", "pre", "table", "th", "td", "p"):
        assert f"<{tag} " in html
    assert html.count("style=") >= 7


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<a title="<p onclick=1>" href="/x">y</a>',
        '<img src="https://x.example/pixel">',
        '<p style="position:fixed" onclick="x()">z</p>',
        '<a href="data:text/html,x">d</a>',
    ],
)
def test_hostile_markup_is_cleaned_even_if_it_was_stored(hostile):
    html = dressed(hostile, BASE)
    for bad in ("<script", "javascript:", "<img", "position", 'onclick="', "data:"):
        assert bad not in html
