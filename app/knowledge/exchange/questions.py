"""Questions in one JSON list. Pure: text in, text out."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from operator import itemgetter
from typing import Any

from app.knowledge.exchange.files import FINGERPRINT, LOCALE, NO_CARE, STATES_OF_TRANSLATIONS, Care
from app.knowledge.exchange.frontmatter import Unreadable
from app.knowledge.rules import MAX_ANSWER, MAX_QUESTION, MOST_POPULAR, is_key, slug_of, tags_of
from app.knowledge.sections import AUDIENCES, STATES
from app.lib.text import many_lines, one_line

NEXT_ROW = re.compile(r"[\n,\[]\s*(?=\{)")
# Half of a pair, which no file in UTF-8 and no database can hold.
HALF = re.compile("[\ud800-\udfff]")
BLANK = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class AnswerIn:
    """A question and its answer in another language; `source` is the fingerprint of the original that it was made from."""

    question: str
    answer: str
    status: str = "published"
    source: str = ""


@dataclass(frozen=True)
class FaqRow:
    """A question as a row of the list has it. What comes after popularity stands there only when it is not the usual."""

    external_id: str
    question: str
    answer: str
    category: str
    tags: tuple[str, ...] = ()
    popularity: int = 0
    audience: str = "public"
    status: str = "published"
    care: Care = NO_CARE
    translations: tuple[tuple[str, AnswerIn], ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of its row in the database."""
        names = ("external_id", "question", "answer", "category", "popularity", "audience", "status")
        return {**{name: getattr(self, name) for name in names}, "tags": list(self.tags)}


@dataclass
class Parsed:
    """The rows of a list that are good, and (line, why) of those that are not."""

    rows: list[FaqRow] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def parse_faqs(text: str, before: Collection[str] = ()) -> Parsed:
    """The rows of a JSON list (or of lines with one object each). What cannot be read, or has an id that came before in it or
    in other lists (`before`), is named by its line, the rest is good."""
    parsed = Parsed()
    seen = set(before)
    for line, which, row in raw_rows(text.removeprefix("\ufeff"), parsed.problems):
        try:
            good = checked_faq(row)
            if good.external_id in seen:
                raise Unreadable(f"the id {good.external_id!r} has come before")
        except Unreadable as wrong:
            parsed.problems.append((line, f"{which}{wrong}"))
            continue
        seen.add(good.external_id)
        parsed.rows.append(good)
    parsed.problems.sort(key=itemgetter(0))
    return parsed


def raw_rows(text: str, problems: list[tuple[int, str]]) -> Iterator[tuple[int, str, Any]]:
    """(line, which of those that begin in it, value) of each element of the outermost list; after one that is not JSON it goes
    on with the next object."""
    decoder = json.JSONDecoder(parse_constant=float)
    at = skip_blank(text, 0)
    if text[at : at + 1] == "[":
        at = skip_blank(text, at + 1)
    line, counted, before = 1, 0, 0
    for number in count(1):
        if at >= len(text) or text[at] == "]":
            return
        line, counted = line + text.count("\n", counted, at), at
        # A list without line breaks is all in line 1, so that its rows are counted instead.
        which, before = f"row {number}: " if line == before else "", line
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as wrong:
            problems.append((line, f"{which}not JSON: {getattr(wrong, 'msg', 'nested too deeply')}"))
            following = NEXT_ROW.search(text, at + 1)
            at = following.end() if following else len(text)
        else:
            yield line, which, value
        at = skip_blank(text, at)


def skip_blank(text: str, at: int) -> int:
    """Past white space and commas."""
    found = BLANK.match(text, at)
    return found.end() if found else at


def checked_faq(row: Any) -> FaqRow:
    """A row within its bounds. Without an id it is named by its question. Raises Unreadable."""
    if not isinstance(row, dict):
        raise Unreadable("a row is an object with question and answer")
    if HALF.search(json.dumps(row, ensure_ascii=False)) is not None:
        raise Unreadable("half of a character stands in it")
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
        checked_care(row),
        checked_translations(row.get("translations") or {}),
    )


def checked_care(row: Mapping[str, Any]) -> Care:
    """Owner, day of the next review, and old addresses. Raises Unreadable."""
    owner, review, redirects = row.get("owner"), row.get("review"), row.get("redirects") or []
    if (
        not (owner is None or isinstance(owner, str))
        or not isinstance(redirects, list)
        or not all(isinstance(one, str) for one in redirects)
    ):
        raise Unreadable("owner is an address, redirects a list of addresses")
    try:
        day = date.fromisoformat(review) if review else None
    except (TypeError, ValueError) as wrong:
        raise Unreadable(f"the review date cannot be read: {wrong}") from wrong
    return Care(None if owner is None else one_line(owner), day, tuple(map(one_line, redirects)))


def checked_translations(value: Any) -> tuple[tuple[str, AnswerIn], ...]:
    """Language → question and answer, by language. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("translations is an object with a language for each question and answer")
    return tuple((locale, checked_translation(locale, value[locale])) for locale in sorted(value))


def checked_translation(locale: str, value: Any) -> AnswerIn:
    """One of them. Raises Unreadable."""
    if LOCALE.fullmatch(locale) is None or locale == "en" or not isinstance(value, dict):
        raise Unreadable(f"{locale[:20]!r} is no language, or has no question and answer")
    texts = {
        name: value.get(name, default) for name, default in (("question", ""), ("answer", ""), ("status", "published"), ("source", ""))
    }
    if not all(isinstance(text, str) for text in texts.values()):
        raise Unreadable(f"the question and answer in {locale} are no texts")
    question, answer = one_line(texts["question"]), many_lines(texts["answer"])
    if not question or not answer or len(question) > MAX_QUESTION or len(answer) > MAX_ANSWER:
        raise Unreadable(f"the question or answer in {locale} is missing or too long")
    if texts["status"] not in STATES_OF_TRANSLATIONS or (texts["source"] and FINGERPRINT.fullmatch(texts["source"]) is None):
        raise Unreadable(f"the status or source in {locale} is none that we know")
    return AnswerIn(question, answer, texts["status"], texts["source"])


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
    care = {"owner": row.care.owner, "review": str(row.care.review_on or ""), "redirects": list(row.care.redirects)}
    more |= {name: told for name, told in care.items() if told}
    if row.translations:
        more["translations"] = {locale: as_translation(text) for locale, text in row.translations}
    return {**value, **more}


def as_translation(text: AnswerIn) -> dict[str, str]:
    """A translation as it stands in the list."""
    more = {"status": text.status if text.status != "published" else "", "source": text.source}
    return {"question": text.question, "answer": text.answer, **{name: value for name, value in more.items() if value}}
