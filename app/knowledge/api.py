"""`GET /api/v1/faqs`: the public questions for other programs. Read-only, cached, the same for everybody."""

import json
from time import perf_counter
from typing import Any

from flask import Response, jsonify

from app.audiences import api
from app.knowledge import finding, queries
from app.knowledge.models import Faq
from app.lib.api import tagged, whole_number, word
from app.lib.text import one_line
from app.search.documents import Answer
from app.search.highlight import Highlighter

bp = api("faqs_api", __name__)
KINDS = frozenset({"faq"})
LIMIT, MOST = 10, 50
MAX_QUERY = 1000
KEPT = "public, max-age=60, stale-while-revalidate=300"


@bp.get("/api/v1/faqs")
def index() -> Response:
    """The questions that answer `q`, at most `limit` (1 to 50), of one `category` if given; without `q` the most popular."""
    started = perf_counter()
    text, category, limit = word("q", MAX_QUERY), one_line(word("category", 100)), whole_number("limit", LIMIT, MOST)
    # The space at its end says that the last word is finished.
    text = text if one_line(text) else ""
    answer = finding.ask(None, text, category=category, kinds=KINDS) if text else None
    if answer is not None and not answer.is_empty:
        body = found(answer, limit)
    else:
        body = popular(category, limit) if not text or answer is not None else rough(text, category, limit)
    response = jsonify({**body, "took_ms": round((perf_counter() - started) * 1000, 2)})
    # The time it took does not make it another answer.
    return tagged(response, json.dumps(body, sort_keys=True, ensure_ascii=False), KEPT)


@bp.after_request
def open_to_all(response: Response) -> Response:
    """Pages of other sites may read every answer, what was wrong with a question, too; nobody's cookies are read here."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response


def found(answer: Answer, limit: int) -> dict[str, Any]:
    """Answers by relevance."""
    hits = answer.hits[:limit]
    rows = queries.answers_of([hit.id for hit in hits], None)
    items = [as_item(rows[hit.id], hit.relevance, answer.highlighter) for hit in hits if hit.id in rows]
    return {"items": items, "did_you_mean": answer.did_you_mean, "total": answer.total}


def popular(category: str, limit: int) -> dict[str, Any]:
    """The most popular; nobody asked, so nothing is relevant and nothing matches."""
    rows = queries.popular_answers(category, limit)
    return {"items": [as_item(row, 0.0, Highlighter()) for row in rows], "did_you_mean": None, "total": len(rows)}


def rough(text: str, category: str, limit: int) -> dict[str, Any]:
    """Without an index: what the database finds."""
    results = [result for result in finding.roughly(None, one_line(text), category=category or None).results if result.kind == "faq"][
        :limit
    ]
    rows = queries.answers_of([result.id for result in results], None)
    return {"items": [as_item(row, 0.0, Highlighter()) for row in rows.values()], "did_you_mean": None, "total": len(rows)}


def as_item(faq: Faq, relevance: float, highlighter: Highlighter) -> dict[str, Any]:
    """One question. `matches` are offsets in characters (code points) of the fields as they stand here."""
    fields = {"question": faq.question, "answer": faq.answer}
    matches = [{"field": name, "start": start, "end": end} for name, text in fields.items() for start, end in highlighter.spans(text)]
    about = {"category": faq.category, "tags": faq.tags, "popularity": faq.popularity}
    return {"id": faq.id, "external_id": faq.external_id, **fields, **about, "relevance": relevance, "matches": matches}
