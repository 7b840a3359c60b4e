"""`GET /api/v1/faqs`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audiences import DOORS
from app.knowledge.api import as_item
from app.knowledge.models import Faq
from app.search.highlight import Highlighter

# What may stand around a word: accents, emoji, what changes its length in lower case, right to left, marks of Markdown.
AROUND = st.lists(
    st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("İßﬁ😀é́ا*`_-'.<"), max_size=12), min_size=1, max_size=6
)


def get(browse, query="", status=200, **headers):
    return browse(None).get(f"/api/v1/faqs{query}", status=status, headers=headers)


def test_the_shape_of_an_answer(browse, indexed):
    body = get(browse, "?q=how+to+uninstal+hive").json
    assert set(body) == {"items", "did_you_mean", "total", "took_ms"}
    first = body["items"][0]
    assert set(first) == {"id", "external_id", "question", "answer", "category", "tags", "popularity", "relevance", "matches"}
    assert first["external_id"] == "uninstall"
    assert 0 < first["relevance"] <= 1
    for item in body["items"]:
        for match in item["matches"]:
            assert 0 <= match["start"] < match["end"] <= len(item[match["field"]])
    assert [item["relevance"] for item in body["items"]] == sorted((item["relevance"] for item in body["items"]), reverse=True)


@given(AROUND, AROUND)
def test_matches_are_exact_in_characters_whatever_stands_around(question, answer):
    fields = {
        name: " Zebras ".join(piece.replace("ebra", "") for piece in pieces)
        for name, pieces in (("question", question), ("answer", answer))
    }
    item = as_item(Faq(id=1, external_id="z", category="cli", tags=[], popularity=0, **fields), 1.0, Highlighter({"zebra"}))
    expected = []
    for name, text in fields.items():
        at = text.find(" Zebras ")
        while at >= 0:
            expected.append({"field": name, "start": at + 1, "end": at + 7})
            at = text.find(" Zebras ", at + 7)
    assert item["matches"] == expected
    assert all(item[match["field"]][match["start"] : match["end"]] == "Zebras" for match in item["matches"])


def test_another_site_may_read_what_was_wrong_but_nobody_is_signed_in_by_it(browse):
    answer = get(browse, "?limit=0", status=422, Origin="https://shop.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_what_was_meant(browse, indexed):
    assert get(browse, "?q=certificat+eror+tls").json["did_you_mean"] in {"certificate error tls", "certificat error tls"}


def test_nothing_asked_gives_the_most_popular(browse):
    body = get(browse).json
    assert len(body["items"]) == body["total"] == 10
    assert [item["popularity"] for item in body["items"]] == sorted((item["popularity"] for item in body["items"]), reverse=True)
    assert len(get(browse, "?limit=50").json["items"]) == 50


def test_a_category_and_a_limit(browse, indexed):
    body = get(browse, "?q=index&category=repository&limit=2").json
    assert len(body["items"]) == 2
    assert body["total"] > 2
    assert {item["category"] for item in body["items"]} == {"repository"}
    assert get(browse, "?q=index&category=nope").json["items"] == []


def test_only_public_questions_even_for_staff(browse, people, faq, indexed):
    for audience in ("customers", "enterprise", "staff"):
        faq(f"Quagga {audience}", audience=audience)
    faq("Quagga draft", publish=False)
    indexed()
    assert get(browse, "?q=quagga").json["items"] == []
    assert browse(people.agent).get("/api/v1/faqs?q=quagga").json["total"] == 0
    assert not [item for item in get(browse, "?limit=50").json["items"] if "Quagga" in item["question"]]


@pytest.mark.parametrize("query", ["?limit=0", "?limit=51", "?limit=x", "?limit=-1", "?limit=1e3", "?limit=²", f"?q={'a' * 1001}", "?q=a&q=b", "?limit=" + "9" * 200])  # fmt: skip
def test_bad_input_is_a_problem(browse, query):
    answer = get(browse, query, status=422)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 422
    assert answer.json["detail"]


@pytest.mark.parametrize(
    "query", ["?q=%00", "?q=%F0%9F%98%80", "?q=*", "?q=%22", "?q=how+do+i", "?q=%20", "?q=%ff%fe", "?unknown=1", "?q=" + "a" * 1000]
)
def test_odd_input_is_answered(browse, query):
    assert "items" in get(browse, query).json


def test_it_is_cached_and_knows_what_has_not_changed(browse, indexed):
    answer = get(browse, "?q=proxy")
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    again = get(browse, "?q=proxy", status=304, **{"If-None-Match": answer.headers["ETag"]})
    assert again.data == b""
    assert get(browse, "?q=cache").headers["ETag"] != answer.headers["ETag"]


def test_without_an_index_the_database_answers(browse, indexed, monkeypatch):
    monkeypatch.setattr("app.knowledge.finding.ask", lambda *args, **more: None)
    body = get(browse, "?q=uninstall+hive").json
    assert body["items"]


def test_it_is_an_api_door():
    assert DOORS["faqs_api"] == ("api", None)
