"""Searching for somebody who reads another language: translations come first, and each entry once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from app.knowledge import finding, indexing
from app.knowledge.finding import MAX_QUERY, PAGE, Found, Result
from app.knowledge.sections import Reader
from app.knowledge.translations import documents
from app.knowledge.translations.rules import ORIGINAL
from app.lib.text import one_line
from app.search.documents import Answer, Hit


def search(reader: Reader | None, text: str, locale: str, *, category: str | None = None, page: int = 1, sort: str = "best") -> Found:
    """As `finding.search`, in one language and in English. Where nothing is translated into it, the very same.

    Five statements more at most.
    """
    query = one_line(text)[:MAX_QUERY]
    if locale == ORIGINAL or not query or locale not in indexing.locales():
        return finding.search(reader, text, category=category, page=page, sort=sort)
    asked = query + " " if text.endswith(" ") else query
    answer = finding.ask(reader, asked, category=category, locale=locale)
    if answer is None or answer.is_empty:
        return finding.search(reader, text, category=category, page=page, sort=sort)
    hits = finding.in_order(once(answer.hits), sort, reader)
    page = max(1, min(page, finding.LAST_PAGE))
    results = translated(finding.results_of(hits[(page - 1) * PAGE : page * PAGE], reader, answer), locale, answer)
    everything = finding.ask(reader, asked, locale=locale) if category else answer
    categories = counted(everything or answer, reader)
    return Found(query, results, len(hits), categories, answer.did_you_mean, page=page, answer=answer)


def once(hits: Sequence[Hit]) -> list[Hit]:
    """Each entry once, where its best text stands; its snippet is that of the translation where both were found."""
    texts: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        kind, mark, _ = hit.kind.partition(documents.MARK)
        first = texts.get((kind, hit.id))
        number = hit.number if first is None or mark else first.number
        texts[kind, hit.id] = Hit(kind, hit.id, (first or hit).relevance, number)
    return list(texts.values())


def translated(results: Sequence[Result], locale: str, answer: Answer) -> list[Result]:
    """Answers with their titles in a language, where they have one."""
    found = documents.titles([(result.kind, result.id) for result in results], locale)
    return [called(result, found.get((result.kind, result.id)), locale, answer) for result in results]


def called(result: Result, title: str | None, locale: str, answer: Answer) -> Result:
    """One answer under its title in a language."""
    if title is None:
        return result
    heading = title.replace("`", "")
    return replace(result, heading=heading, title=finding.marked(heading, answer.highlighter.spans(heading)), locale=locale)


def counted(answer: Answer, reader: Reader | None) -> dict[str, int]:
    """Category → answers, each entry once. One statement for each kind that is there."""
    keys = [(hit.kind, hit.id) for hit in once(answer.hits)]
    return dict(Counter(row.category for row in finding.rows_of(keys, reader).values()))
