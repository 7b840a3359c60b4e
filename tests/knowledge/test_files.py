"""Knowledge as files, and the content that ships."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.knowledge import defaults
from app.knowledge.exchange.files import ArticleFile, compose_article, parse_article
from app.knowledge.exchange.frontmatter import Unreadable
from app.knowledge.exchange.questions import compose_faqs, parse_faqs
from app.knowledge.learning.rules import hashed
from app.knowledge.rules import is_key, is_slug, masked, slug_of, tags_of
from app.knowledge.sections import AUDIENCES, SECTIONS, audiences_of, shelf

PAGES = {
    "getting-started": "installation first-steps configuration migration",
    "user-guide": "cli-commands tui-interface planning-mode repository-analysis",
    "api-reference": "mcp-protocol lsp-integration rest-api hooks-system",
    "troubleshooting": "common-issues error-messages performance-tuning debug-mode",
    "enterprise": "deployment security team-management compliance",
    "community": "contributing code-of-conduct support resources",
}
LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=60).map(
    lambda text: " ".join(text.split())
)


def test_every_page_of_the_product_has_real_content():
    shipped = {(one.section, one.slug): one for one in defaults.shipped_articles()}
    for section, slugs in PAGES.items():
        for slug in slugs.split():
            article = shipped[section, slug]
            assert len(article.body.split()) > 400
            assert article.summary
            assert article.reviewed_on
            assert article.product_version
            assert article.audience == "public"
    assert len([one for one in shipped.values() if one.section == "staff" and one.audience == "staff"]) >= 4


def test_there_are_enough_questions():
    rows = defaults.shipped_faqs()
    assert len(rows) >= 60
    assert len({row.question for row in rows}) == len(rows)
    assert all(len(row.answer.split()) > 8 and row.tags for row in rows)


def test_shipped_articles_are_the_bytes_that_an_export_writes():
    for article in defaults.shipped_articles():
        assert compose_article(article) == (defaults.CONTENT / article.path).read_text(encoding="utf-8")


def test_shipped_links_lead_somewhere():
    known = {f"/help/{one.section}/{one.slug}" for one in defaults.shipped_articles()}
    for article in defaults.shipped_articles():
        for piece in article.body.split("](")[1:]:
            target = piece.split(")")[0].split("#")[0]
            if target.startswith("/help/") and target.count("/") == 3:
                assert target in known, f"{article.path} links to {target}"


@given(
    title=LINES.filter(bool),
    summary=LINES,
    tags=st.lists(LINES.filter(lambda t: t and "," not in t), max_size=4, unique=True),
    position=st.integers(0, 999),
    body=LINES.filter(bool),
)
def test_an_article_survives_its_file(title, summary, tags, position, body):
    article = ArticleFile(
        "user-guide", "a-page", title[:200], f"# {body}\n\n---\n\n{body}", summary, "staff", position, tuple(tags), "2.1", None, "draft"
    )
    once = parse_article("user-guide", "a-page", compose_article(article))
    assert compose_article(once) == compose_article(parse_article("user-guide", "a-page", compose_article(once)))
    assert once.body == parse_article("user-guide", "a-page", compose_article(once)).body


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no front matter", "front matter"), ("---\ntitle: x\n", "front matter"), ("---\ncolour red\n---\nBody", "none of the front matter"),
        ("---\ntitle: \n---\nBody", "missing"), ("---\ntitle: x\n---\n  \n", "missing"), ("---\ntitle: x\naudience: nobody\n---\nB", "audience"),
        ("---\ntitle: x\nreviewed: soon\n---\nB", "review date"), ("---\ntitle: x\nposition: one\n---\nB", "position"),
        ("---\ntitle: x\nposition: 99999999999\n---\nB", "position"), ("---\ntitle: " + "x" * 300 + "\n---\nB", "too long"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_article_says_why(text, why):
    with pytest.raises(Unreadable, match=why):
        parse_article("user-guide", "a-page", text)


@pytest.mark.parametrize(("section", "slug"), [("nowhere", "a"), ("user-guide", "A B"), ("user-guide", ".."), ("..", "a")])
def test_an_article_lies_at_an_address_of_ours(section, slug):
    with pytest.raises(Unreadable, match="address"):
        parse_article(section, slug, "---\ntitle: x\n---\nBody")


def test_bad_rows_are_named_by_line_and_the_rest_is_read():
    text = """[
  {"id": "a", "question": "One?", "answer": "Yes."},
  {"id": "b", "question": "", "answer": "Yes."},
  {"id": "c", "question": "Three?", "answer": "Yes.", "popularity": "many"},
  {"id": "d" "question": "broken"},
  {"id": "a", "question": "Again?", "answer": "Yes."},
  17,
  {"question": "Without an id?", "answer": "Named by its question.", "category": "A B"}
]
"""
    parsed = parse_faqs(text)
    assert [row.external_id for row in parsed.rows] == ["a", "without-an-id"]
    assert parsed.rows[1].category == "a-b"
    assert [line for line, _ in parsed.problems] == [3, 4, 5, 6, 7]
    assert "not JSON" in parsed.problems[2][1]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 5000, '"x"', "\ufeff[]", "[{]}", "NaN"])
def test_files_without_questions_have_none(text):
    assert parse_faqs(text).rows == []


def test_lines_of_objects_are_read_as_well():
    assert len(parse_faqs('{"question": "One?", "answer": "A."}\n{"question": "Two?", "answer": "B."}').rows) == 2


def test_a_row_that_cannot_be_read_is_named_by_its_line_or_by_its_number_where_all_are_in_one():
    rows = [{"question": "One?", "answer": "A."}, {"question": ""}, *({"question": f"{n}?", "answer": "A."} for n in range(8)), 5]
    told = [(line, why.partition(":")[0]) for line, why in parse_faqs(json.dumps(rows)).problems]
    assert told == [(1, "row 2"), (1, "row 11")]
    told = parse_faqs(json.dumps(rows, indent=0)).problems
    assert told == [(6, "question or answer is missing"), (41, "a row is an object with question and answer")]


@pytest.mark.parametrize(
    "row",
    [{"id": "a/b"}, {"id": "<script>"}, {"id": " " * 5 + "\n"}, {"answer": "x" * 20_001}, {"question": "x" * 251}, {"tags": 5}, {"tags": [1]}, {"popularity": -1},
     {"popularity": True}, {"popularity": 1e300}, {"audience": "world"}, {"status": "deleted"}, {"category": 5}, {"category": ""}],
)  # fmt: skip
def test_rows_beyond_their_bounds_are_refused(row):
    parsed = parse_faqs(json.dumps([{"id": "a", "question": "Q?", "answer": "A.", **row}]))
    assert parsed.rows == []
    assert len(parsed.problems) == 1


def test_questions_survive_their_file():
    rows = list(defaults.shipped_faqs())
    assert compose_faqs(rows) == (defaults.CONTENT / "faq.json").read_text(encoding="utf-8")
    assert parse_faqs(compose_faqs(rows)).rows == rows


@given(st.text(max_size=60))
def test_a_slug_is_always_one(text):
    assert is_slug(slug_of(text))
    assert is_key(slug_of(text))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("Mail ada@example.com about it", "mail [address] about it"), ("call +49 (170) 123-4567", "call [number]"), ("order 1234567", "order [number]"),
        ("see https://intra.example/x?token=abc", "see [link]"), ("key sk_live_51Hxyzabc0123456", "key [secret]"), ("HIVE-4001 in 2.0.1", "hive-4001 in 2.0.1"),
        ("E0432", "e0432"),
    ],
)  # fmt: skip
def test_what_points_at_a_person_is_masked(query, kept):
    assert masked(query) == kept


def test_a_visitor_is_a_word_that_needs_our_key():
    assert hashed("key", "visitor", "person 1") == hashed("key", "visitor", "person 1")
    assert hashed("key", "visitor", "person 1") != hashed("other", "visitor", "person 1")


def test_tags_are_each_once_and_trimmed():
    assert tags_of(" a,  b c , a,, ") == ["a", "b c"]
    assert len(tags_of(",".join(map(str, range(99))))) == 20


def test_every_reader_has_their_audiences(people):
    assert audiences_of(None) == {"public"}
    assert audiences_of(people.stranger) == {"public", "customers"}
    assert audiences_of(people.user) == {"public", "customers", "enterprise"}
    assert audiences_of(people.moderator) == {"public", "customers"}
    assert audiences_of(people.agent) == set(AUDIENCES)


def test_a_shelf_that_nobody_named_is_called_by_its_key():
    assert shelf("odd_one").label == "Odd one"
    assert set(PAGES) <= set(SECTIONS)
