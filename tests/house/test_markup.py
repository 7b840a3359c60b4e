"""The eyes of the other tests: what they read in a page is what stands in it."""

import pytest

from tests.markup import Markup


@pytest.mark.parametrize(
    ("plain", "otherwise"),
    [
        ('<a href="/x?a=1&amp;b=2" hidden>in</a>', "<A HREF='/x?a=1&amp;b=2' Hidden>in</a>"),
        ('<input name="n" value="&quot;&lt;b&gt;">', "<input name=n value='\"<b>'>"),
        ('<input\n  id="x"\n  required\n/>', "<input id=x required/>"),
        ('<p title="a > b">', "<p title='a > b'>"),
        ("<b data-x='{\"a\": 1}'>", "<b data-x={&quot;a&quot;:&#32;1}>"),
        ("<!doctype html><p>a</p><svg hidden/><i>b &amp; c</i>", "<!DOCTYPE html><p >a</p><SVG HIDDEN/><i>b &amp; c</i>"),
        ('<p hx-target:inherited="#x" id="">', "<p hx-target:inherited='#x' id=''>"),
    ],
)
def test_a_plain_tag_is_read_like_one_that_is_written_otherwise(plain, otherwise):
    one, other = Markup(plain), Markup(otherwise)
    assert one.shape == other.shape
    assert [(e.tag, e.attributes, e.texts) for e in one.elements] == [(e.tag, e.attributes, e.texts) for e in other.elements]


def test_words_belong_to_all_that_is_open_and_to_nothing_else():
    page = Markup('<main>a<ul><li>b<br>c</li><li id="two">d</ul>e</main><footer>f')
    words = {e.get("id") or e.tag: e.text for e in page.elements}
    assert words == {"main": "abcde", "ul": "bcd", "li": "bc", "br": "", "two": "d", "footer": "f"}


def test_what_stands_in_a_script_is_no_element():
    page = Markup('<script src="/x.js">if (a <b && c> d) "<p>"</script><p>after</p>')
    assert [e.tag for e in page.elements] == ["script", "p"]
    assert page.words == "after"
