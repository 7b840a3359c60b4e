"""What articles can be written with: tabs, pictures, footnotes, callouts, headings that can be linked to."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.knowledge.reading.pictures import measured
from app.knowledge.render import answer, article, plain
from app.lib.markdown import to_html
from tests.markup import Markup, check_part

TABS = "## Install\n\n::: tabs\n=== macOS\nOne.\n\n```sh\n=== no label\n:::\n```\n=== Linux *x*\n- two\n:::\n\nAfter."
PIECES = st.sampled_from(
    ["::: tabs\n", "=== macOS\n", ":::\n", "```\n", "~~~~\n", "> ", "- ", "    ", "[^a]", "[^a]: x [^b]\n", "[^b]: [^a]\n", "## T\n", "\n",
     '![a"<](/static/x.png "c\\"")', "![a](https://e.example/x.png)", "![a](//e.example)", "![a](javascript:x)", "![a](/\\e.example/x)",
     "<script>alert(1)</script>", "<img src=x onerror=y>", "> **Note:** q\n", "> **Tip:** q\n>\n> - r\n", " https://e.example/a_(b), ", "http://x:y", "word ", "|a|b|\n|-|-|\n|1|2|\n", "\u202e", "é"]
)  # fmt: skip


def shown(text):
    """The elements of an article."""
    return Markup(str(article(text).html))


def test_tabs_stand_one_below_another_under_their_labels():
    page = shown(TABS)
    assert [tab.text for tab in page.all("h3", class_="tab-name")] == ["macOS", "Linux x"]
    first, second = page.all("div", class_="tab")
    assert "=== no label :::" in first.text
    assert second.text.startswith("Linux x two")
    assert "After." not in page.one("div", class_="tab-group").text


def test_labels_of_tabs_are_no_parts_of_the_contents():
    assert [name for _, name, _ in article(TABS + "\n\n### Sub\n\n::: tabs\n=== A\nx\n:::\n").headings] == ["install", "sub"]
    assert shown("### Sub\n\n::: tabs\n=== A\nx\n:::\n").all("h4", class_="tab-name")


def test_tabs_can_stand_in_a_list_or_a_quotation_and_not_in_each_other():
    quoted = shown("> ::: tabs\n> === A\n> a\n> :::  \n\nAfter.").one("div", class_="tab-group")
    assert (quoted.text, quoted.within("blockquote") is not None) == ("A a", True)
    page = shown("1. Do\n\n   ::: tabs\n   === A\n   a\n   === B\n   b\n   :::\n2. Then")
    assert [tab.within("li") is not None for tab in page.all("div", class_="tab")] == [True, True]
    assert len(shown("::: tabs\n=== A\n::: tabs\n=== B\nb\n:::\n:::").all("div", class_="tab-group")) == 1


@pytest.mark.parametrize("text", ["::: tabs\n=== A\nno end", "::: tabs\nno label\n:::", "::: tabs\n:::", "::: notes\n=== A\nx\n:::", "    ::: tabs\n    === A\n    :::"])  # fmt: skip
def test_what_is_no_group_stays_as_it_was_typed(text):
    page = shown(text)
    assert not page.all("div", class_="tab-group")
    assert ":::" in "".join(element.text for element in page.elements)


def test_search_reads_the_words_of_tabs_notes_and_captions():
    words = plain(TABS + '\n\nSee[^n].\n\n![A board](/static/x.png "The caption")\n\n[^n]: Under the line.')
    for part in ("macOS One.", "Linux x two", "See.", "A board The caption", "Under the line."):
        assert part in words


def test_a_footnote_is_numbered_in_the_order_of_the_text_and_leads_back():
    page = shown("B[^b], A[^a], again[^b], none[^c].\n\n[^a]: first *note*\n[^b]: second\n[^d]: never named")
    marks = page.all("sup")
    assert [mark.text for mark in marks] == ["1", "2", "1"]
    notes = [element for element in page.all("li") if element.get("id")]
    assert [note.text for note in notes] == ["second ↩", "first note ↩"]
    for link in page.all("a"):
        if link["href"].startswith("#note"):
            assert page.by_id(link["href"][1:])
    assert "none[^c]" in page.one("p").text
    assert "never named" not in str(article("x[^a]\n\n[^a]: y\n[^d]: never named").html)


def test_bare_addresses_in_notes_are_links_as_in_the_text():
    page = shown("x[^a]\n\n[^a]: see https://e.example/a_b_c. Not `https://f.example`, nor https\\://g.example")
    (note,) = [item for item in page.all("li") if item.get("id")]
    links = [link["href"] for link in page.all("a") if link.within("li") is note]
    assert links == ["https://e.example/a_b_c", f"#{note['id']}-back"]
    assert note.text.startswith("see https://e.example/a_b_c. Not")


def test_notes_that_name_each_other_end():
    page = shown("x[^a]\n\n[^a]: see[^b]\n[^b]: see[^a]")
    assert len([item for item in page.all("li") if item.get("id")]) == 2


def test_two_answers_on_a_page_have_different_notes():
    ids = [Markup(str(answer(f"x[^a]\n\n[^a]: {word}"))).ids for word in ("one", "two")]
    assert ids[0] and not ids[0] & ids[1]


def test_a_picture_of_ours_is_a_figure_that_keeps_its_place():
    figure = shown('![A board](/help/pictures/abc#640x360 "The caption")').one("figure")
    picture = shown('![A board](/help/pictures/abc#640x360 "The caption")').one("img")
    assert figure.text == "The caption"
    assert (picture["src"], picture["alt"], picture["width"], picture["height"], picture["loading"]) == ("/help/pictures/abc", "A board", "640", "360", "lazy")  # fmt: skip


def test_a_picture_of_another_site_is_a_link():
    page = shown("![their board](https://elsewhere.example/a.png) and ![x](//elsewhere.example/b.png)")
    assert not page.all("img")
    assert [link["href"] for link in page.all("a")] == ["https://elsewhere.example/a.png", "//elsewhere.example/b.png"]


def test_the_size_of_a_static_picture_is_read_from_the_file(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1200, 630) + b"\x08\x06")
    (tmp_path / "b.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 20, 30) + b"\0")
    (tmp_path / "c.png").write_bytes(b"\x89PN")
    monkeypatch.setattr("app.knowledge.reading.pictures.STATIC", tmp_path)
    assert [measured(name, "1") for name in ("a.png", "b.gif", "c.png")] == [(1200, 630), (20, 30), None]


def test_a_heading_can_be_linked_to_by_its_name():
    page = shown('## Say "hi" & `go`')
    assert page.one("h2")["id"] == "say-hi-amp-go"
    assert (page.one("a")["href"], page.one("a")["aria-label"]) == ("#say-hi-amp-go", 'Link to “Say "hi" & go”')
    assert "data-copy-link" in page.one("a").attributes


def test_a_callout_holds_all_that_its_quote_holds():
    page = shown("> **Warning:** One.\n>\n> Two:\n>\n> - `a`\n>\n> ```sh\n> hive\n> ```\n\nAfter it.")
    (note,) = page.all("div", class_="callout")
    assert note.text.split() == ["WarningOne.", "Two:", "a", "hive"]
    assert [one.text for one in page.all("p")] == ["Warning", "One.", "Two:", "After it."]
    assert not page.all("blockquote")
    assert [one.text for one in shown("> **Tip:**\n>\n> - first").all("p")] == ["Tip"]


def test_a_short_code_in_a_table_stays_in_one_line_and_a_long_one_may_break():
    page = shown("| a | b |\n|-|-|\n| `HIVE-1001` | word `--x` |\n| `hive config set consensus.max_cost` | `-y` |")
    assert [cell.text for cell in page.all("td", class_="fit")] == ["HIVE-1001", "-y"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://e.example/a_b_c?x=1&y=2.", ["https://e.example/a_b_c?x=1&y=2"]),
        ("(https://e.example/A_(b)), **http://f.example**!", ["https://e.example/A_(b)", "http://f.example"]),
        ("| a |\n|-|\n| https://e.example |", ["https://e.example"]),
        ("`https://e.example`\n\n```\nhttps://e.example\n```", []),
        ("https:// http://: https://a:b/ xhttps://e.example", []),
        ("[https://e.example](https://f.example)", ["https://f.example"]),
        ("https://e.example/a\\_b\\*c&amp;d and https\\://f.example", ["https://e.example/a_b*c&d"]),
    ],
)
def test_bare_addresses_are_links_in_articles_and_in_messages(text, links):
    for page in (shown(text), Markup(to_html(text))):
        assert [one["href"] for one in page.all("a")] == links


@given(st.lists(PIECES, max_size=25).map("".join))
@example("> **Note:** q\n> > **Note:** q\n")
def test_whatever_is_written_becomes_valid_html_that_runs_and_loads_nothing(text):
    for html in (str(article(text).html), str(answer(text))):
        page = check_part(html, None, repr(text))
        assert not [element for element in page.elements if element.tag in {"script", "iframe", "object"}]
        for picture in page.all("img"):
            assert picture["src"].startswith("/") and picture["src"][1:2] not in {"/", "\\"}
        assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]
    plain(text)


def test_a_text_of_nothing_but_beginnings_is_read_in_one_go():
    body = article("::: tabs\n=== a\n" * 3000 + "the end")
    assert "the end" in body.html
