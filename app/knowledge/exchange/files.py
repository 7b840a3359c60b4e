"""Knowledge as files: articles in Markdown with front matter, questions in one JSON list. Pure: text in, text out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.knowledge.rules import MAX_ANSWER, MAX_BODY, MAX_QUESTION, MAX_SUMMARY, MAX_TITLE, MOST_POPULAR, is_key, is_slug, slug_of, tags_of
from app.knowledge.sections import AUDIENCES, SECTIONS, STATES
from app.lib.text import many_lines, one_line

FENCE = "---\n"
NEXT_ROW = re.compile(r"[\n,\[]\s*(?=\{)")
BLANK = re.compile(r"[\s,]*")


class Unreadable(ValueError):
    """A file or a row of it that cannot be taken in; the message says why."""


@dataclass(frozen=True)
class ArticleFile:
    """An article as its file has it."""

    section: str
    slug: str
    title: str
    body: str
    summary: str = ""
    audience: str = "public"
    position: int = 0
    tags: tuple[str, ...] = ()
    product_version: str = ""
    reviewed_on: date | None = None
    status: str = "published"

    @property
    def path(self) -> str:
        """Where it lies below the folder of an export."""
        return f"{self.section}/{self.slug}.md"


@dataclass(frozen=True)
class FaqRow:
    """A question as a row of the list has it. Audience and status stand there only when they are not the usual ones."""

    external_id: str
    question: str
    answer: str
    category: str
    tags: tuple[str, ...] = ()
    popularity: int = 0
    audience: str = "public"
    status: str = "published"


@dataclass
class Parsed:
    """The rows of a list that are good, and (line, why) of those that are not."""

    rows: list[FaqRow] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def parse_article(section: str, slug: str, text: str) -> ArticleFile:
    """An article from its file. Raises Unreadable."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    head, fence, body = text.removeprefix(FENCE).partition("\n" + FENCE)
    if not text.startswith(FENCE) or not fence:
        raise Unreadable("there is no front matter between two lines of ---")
    fields: dict[str, str] = {}
    for number, line in enumerate(head.split("\n"), 2):
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in {"title", "summary", "audience", "position", "tags", "version", "reviewed", "status"}:
            raise Unreadable(f"line {number} is none of the front matter that we know: {line[:60]!r}")
        fields[key.strip()] = one_line(value)
    return checked_article(section, slug, fields, many_lines(body))


def checked_article(section: str, slug: str, fields: Mapping[str, str], body: str) -> ArticleFile:
    """An article from its parts, each within its bounds. Raises Unreadable."""
    title = fields.get("title", "")
    if section not in SECTIONS or not is_slug(slug):
        raise Unreadable(f"{section}/{slug} is not an address of ours")
    if not 0 < len(title) <= MAX_TITLE or not body.strip() or len(body) > MAX_BODY or len(fields.get("summary", "")) > MAX_SUMMARY:
        raise Unreadable("title or body is missing, or something is too long")
    audience, status = fields.get("audience", "public"), fields.get("status", "published")
    if audience not in AUDIENCES or status not in STATES:
        raise Unreadable("audience or status is none that we know")
    try:
        position = int(fields.get("position") or 0)
        reviewed = date.fromisoformat(fields["reviewed"]) if fields.get("reviewed") else None
    except ValueError as wrong:
        raise Unreadable(f"position or review date cannot be read: {wrong}") from wrong
    if not -1_000_000 <= position <= 1_000_000:
        raise Unreadable("the position is out of bounds")
    tags = tuple(tags_of(fields.get("tags", "")))
    version = fields.get("version", "")[:60]
    return ArticleFile(section, slug, title, body, fields.get("summary", ""), audience, position, tags, version, reviewed, status)


def compose_article(article: ArticleFile) -> str:
    """The file of an article. Parsing it gives the same article, and composing that the same bytes."""
    lines = [
        f"title: {article.title}",
        f"summary: {article.summary}".rstrip(),
        f"audience: {article.audience}",
        f"position: {article.position}",
        f"tags: {', '.join(article.tags)}".rstrip(),
        f"version: {article.product_version}".rstrip(),
        f"reviewed: {article.reviewed_on or ''}".rstrip(),
    ]
    if article.status != "published":
        lines.append(f"status: {article.status}")
    return FENCE + "\n".join(lines) + "\n" + FENCE + article.body + "\n"


def parse_faqs(text: str) -> Parsed:
    """The rows of a JSON list (or of lines with one object each). What cannot be read is named by its line, the rest is good."""
    parsed = Parsed()
    seen: set[str] = set()
    for line, row in raw_rows(text.removeprefix("\ufeff"), parsed.problems):
        try:
            good = checked_faq(row)
            if good.external_id in seen:
                raise Unreadable(f"the id {good.external_id!r} has come before")
        except Unreadable as wrong:
            parsed.problems.append((line, str(wrong)))
            continue
        seen.add(good.external_id)
        parsed.rows.append(good)
    parsed.problems.sort()
    return parsed


def raw_rows(text: str, problems: list[tuple[int, str]]) -> Iterator[tuple[int, Any]]:
    """(line, value) of each element of the outermost list; after an element that is not JSON it goes on with the next object."""
    decoder = json.JSONDecoder(parse_constant=float)
    at = skip_blank(text, 0)
    if text[at : at + 1] == "[":
        at = skip_blank(text, at + 1)
    line, counted = 1, 0
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as wrong:
            problems.append((line, f"not JSON: {getattr(wrong, 'msg', 'nested too deeply')}"))
            following = NEXT_ROW.search(text, at + 1)
            at = following.end() if following else len(text)
        else:
            yield line, value
        at = skip_blank(text, at)


def skip_blank(text: str, at: int) -> int:
    """Past white space and commas."""
    found = BLANK.match(text, at)
    return found.end() if found else at


def checked_faq(row: Any) -> FaqRow:
    """A row within its bounds. Without an id it is named by its question. Raises Unreadable."""
    if not isinstance(row, dict):
        raise Unreadable("a row is an object with question and answer")
    texts = {name: row.get(name) for name in ("question", "answer")}
    if not all(isinstance(value, str) and value.strip() for value in texts.values()):
        raise Unreadable("question or answer is missing")
    question, answer = one_line(str(texts["question"])), many_lines(str(texts["answer"]))
    if not question or not answer.strip() or len(question) > MAX_QUESTION or len(answer) > MAX_ANSWER:
        raise Unreadable(f"the question has more than {MAX_QUESTION} characters, or the answer more than {MAX_ANSWER}")
    key = one_line(str(row["id"])) if isinstance(row.get("id"), (str, int)) and row["id"] != "" else slug_of(question)
    category, audience, status = (
        row.get(name, default) for name, default in (("category", "other"), ("audience", "public"), ("status", "published"))
    )
    if not is_key(key) or not isinstance(category, str) or not category.strip():
        raise Unreadable("id or category cannot be used")
    if audience not in AUDIENCES or status not in STATES:
        raise Unreadable("audience or status is none that we know")
    return FaqRow(
        key,
        question,
        answer,
        slug_of(category),
        checked_tags(row.get("tags") or []),
        checked_number(row.get("popularity", 0)),
        audience,
        status,
    )


def checked_tags(tags: Any) -> tuple[str, ...]:
    """A list of words. Raises Unreadable."""
    if not isinstance(tags, (list, str)) or not all(isinstance(tag, str) for tag in tags):
        raise Unreadable("tags is a list of words")
    return tuple(tags_of([one_line(tag) for tag in (tags.split(",") if isinstance(tags, str) else tags)]))


def checked_number(value: Any) -> int:
    """A popularity. Raises Unreadable."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_POPULAR:
        raise Unreadable(f"popularity is a number from 0 to {MOST_POPULAR}")
    return int(value)


def compose_faqs(rows: list[FaqRow]) -> str:
    """The list as a file: importing it changes nothing, and exporting again gives the same bytes."""
    return json.dumps([as_object(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def as_object(row: FaqRow) -> dict[str, Any]:
    """A row as it stands in the list."""
    value = {"id": row.external_id, "question": row.question, "answer": row.answer, "category": row.category}
    more: dict[str, Any] = {"tags": list(row.tags), "popularity": row.popularity}
    if row.audience != "public":
        more["audience"] = row.audience
    if row.status != "published":
        more["status"] = row.status
    return {**value, **more}
