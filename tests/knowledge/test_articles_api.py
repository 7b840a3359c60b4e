"""`GET /api/v1/articles`."""

from datetime import timedelta

import pytest

from app.accounts import actions as accounts
from app.extensions import db
from app.knowledge.defaults import shipped_articles

PATH = "/api/v1/articles"


def get(browse, query="", status=200, **headers):
    return browse(None).get(PATH + query, status=status, headers=headers)


@pytest.fixture
def bearer(now):
    """The header of a token of somebody."""

    def of(person):
        _, secret = accounts.create_token(person, "reader", ["tickets:read"], now=now, actor=None)
        db.session.commit()
        return {"Authorization": f"Bearer {secret}"}

    return of


def public():
    return {(one.section, one.slug) for one in shipped_articles() if one.audience == "public"}


@pytest.mark.engines("sqlite", "postgresql")
def test_paging_by_the_cursor_gives_each_article_once(browse):
    seen, query = [], "?limit=7"
    while True:
        body = get(browse, query).json
        assert set(body) == {"items", "next", "total"}
        seen += [(item["section"], item["slug"]) for item in body["items"]]
        if body["next"] is None:
            break
        query = f"?limit=7&cursor={body['next']}"
    assert len(seen) == body["total"] == len(public())
    assert set(seen) == public()


@pytest.mark.engines("sqlite", "postgresql")
def test_the_list_is_filtered_by_section_tag_and_change(browse, article, now):
    article("Zebra", slug="zebra", tags=("stripes", "50 %_é")).changed_at = now + timedelta(hours=2)
    article("Horse", slug="horse", tags=("stripes of none",)).changed_at = now + timedelta(hours=1)
    db.session.commit()
    for query, slugs in [
        ("?tag=stripes", ["zebra"]),
        ("?tag=50%20%25_%C3%A9", ["zebra"]),
        ("?tag=50%20%25x%C3%A9", []),
        ("?section=enterprise&tag=stripes", []),
        (f"?changed_since={(now + timedelta(minutes=30)).isoformat()}", ["horse", "zebra"]),
        ("?changed_since=2099-01-01T00:00:00Z", []),
        ("?section=nowhere", []),
    ]:
        body = get(browse, query).json
        assert ([item["slug"] for item in body["items"]], body["total"]) == (slugs, len(slugs)), query


def test_everybody_gets_what_is_public_and_a_token_what_its_owner_may_read(browse, people, article, bearer):
    for audience in ("customers", "enterprise", "staff"):
        article(f"For {audience}", slug=audience, audience=audience)
    article("A draft", slug="draft", publish=False)
    tokens = {person: bearer(person) for person in (people.stranger, people.user, people.agent)}

    def seen(headers):
        items = get(browse, "?section=user-guide&limit=100", **headers).json["items"]
        listed = {item["slug"] for item in items} & {"customers", "enterprise", "staff", "draft"}
        shown = {
            slug
            for slug in ("customers", "enterprise", "staff", "draft")
            if get(browse, f"/user-guide/{slug}", None, **headers).status_code == 200
        }
        assert listed == shown
        return listed

    assert seen({}) == set()
    assert seen(tokens[people.stranger]) == {"customers"}
    assert seen(tokens[people.user]) == {"customers", "enterprise"}
    assert seen(tokens[people.agent]) == {"customers", "enterprise", "staff"}


def test_a_wrong_token_is_refused_and_not_read_as_none(browse):
    answer = get(browse, status=401, Authorization="Bearer nonsense")
    assert answer.mimetype == "application/problem+json"
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_one_article_has_its_text_in_both_forms(browse):
    body = get(browse, "/getting-started/first-steps").json
    assert body["markdown"].startswith("This page takes you")
    assert '<h2 id="1-sign-in">' in body["html"]
    assert {"level": 2, "id": "1-sign-in", "text": "1. Sign in"} in body["headings"]
    assert body["url"] == "http://localhost/help/getting-started/first-steps"
    assert (body["product_version"], body["reviewed_on"], body["audience"]) == ("2.0", "2026-11-16", "public")
    get(browse, "/getting-started/nothing", 404)
    get(browse, "/staff/escalation", 404)


def test_lists_come_without_texts_and_cost_the_same_whatever_their_length(browse, statements):
    assert "markdown" not in get(browse).json["items"][0]
    with statements() as one:
        get(browse, "?limit=1")
    with statements() as many:
        get(browse, "?limit=100")
    assert len(one) == len(many) == 2


def test_what_is_public_is_kept_for_a_minute_and_what_is_not_by_nobody(browse, people, bearer):
    for path in ("", "/getting-started/first-steps"):
        answer = get(browse, path)
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in answer.headers["Vary"]
        assert get(browse, path, 304, **{"If-None-Match": answer.headers["ETag"]}).data == b""
        own = get(browse, path, **bearer(people.agent))
        assert own.headers["Cache-Control"] == "private, no-cache"
        assert "Access-Control-Allow-Origin" not in own.headers


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?limit=x", "?limit=1&limit=2", "?changed_since=yesterday", "?changed_since=2026-11-01T00:00:00", "?cursor=x", "?cursor=WzAsMV0", f"?tag={'a' * 301}"])  # fmt: skip
def test_bad_input_is_a_problem(browse, query):
    answer = get(browse, query, 422)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"]
