"""Searching for somebody who reads another language: translations come first, and each entry once.

The question is put twice, to the texts in their language and to the English ones, each read by its own stems and words, and
weighed by what is rare there. What is translated is shown in their language, whichever of its texts was found.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import merge

from app.knowledge import finding, indexing
from app.knowledge.finding import MAX_QUERY, PAGE, Found, Result
from app.knowledge.sections import Reader
from app.knowledge.translations import documents
from app.knowledge.translations.rules import MARK, ORIGINAL
from app.lib.text import one_line
from app.search.documents import Answer, Hit
from app.search.ranking import BESIDE_BEST

# What an answer in English counts beside one in the reader's language.
IN_ENGLISH = 0.7


def search(reader: Reader | None, text: str, locale: str, *, category: str | None = None, page: int = 1, sort: str = "best") -> Found:
    """As `finding.search`, in one language and in English. Where nothing is translated into it, the very same.

    Four statements more at most.
    """
    query = one_line(text)[:MAX_QUERY]
    if locale == ORIGINAL or not query or locale not in indexing.locales():
        return finding.search(reader, text, category=category, page=page, sort=sort)
    asked = query + " " if text.endswith(" ") else query
    both = answers(reader, asked, locale, category)
    if both is None:
        return finding.roughly(reader, query, category=category)
    own, english = both
    hits = once(own, english)
    if not hits and (own.is_empty or english.is_empty):
        return finding.popular(reader, query=query, category=category)
    ordered = finding.in_order(hits, sort, reader)
    page = finding.page_there(page, len(hits))
    results = results_of(ordered[(page - 1) * PAGE : page * PAGE], reader, locale, own, english)
    everything = answers(reader, asked, locale, None) if category else None
    categories = counted(once(*everything) if everything else hits, reader)
    return Found(query, results, len(hits), categories, own.did_you_mean or english.did_you_mean, page=page, answer=own)


def answers(reader: Reader | None, asked: str, locale: str, category: str | None) -> tuple[Answer, Answer] | None:
    """What is found in a language, and in English; None where there is no index."""
    own = finding.ask(reader, asked, category=category, locale=locale, beside=ORIGINAL)
    english = finding.ask(reader, asked, category=category, beside=locale)
    return (own, english) if own is not None and english is not None else None


def once(own: Answer, english: Answer) -> list[Hit]:
    """Each entry once, best first, where its best text stands; the number is that of its translation where that was found."""
    entries: dict[tuple[str, int], Hit] = {}
    for hit in likely(own.hits, english.hits):
        kind, mark, _ = hit.kind.partition(MARK)
        first = entries.setdefault((kind, hit.id), hit._replace(kind=kind))
        if mark:
            entries[kind, hit.id] = first._replace(number=hit.number)
    return list(entries.values())


def likely(own: Sequence[Hit], english: Sequence[Hit]) -> Iterator[Hit]:
    """The hits of two answers in one order, of equals the translation first, without those that are no answers beside the best."""
    less = (hit._replace(relevance=round(hit.relevance * IN_ENGLISH, 3)) for hit in english)
    joined = list(merge(own, less, key=lambda hit: -hit.relevance))
    least = joined[0].relevance * BESIDE_BEST if joined else 0.0
    return (hit for hit in joined if hit.relevance >= least)


def results_of(hits: Sequence[Hit], reader: Reader | None, locale: str, own: Answer, english: Answer) -> list[Result]:
    """Hits as lists show them, with their titles in a language where they have one. Four statements at most."""
    keys = [(hit.kind, hit.id) for hit in hits]
    rows, titles = finding.rows_of(keys, reader), documents.titles(keys, locale)
    translated = {hit.number for hit in own.hits}
    found: dict[tuple[str, int], Result] = {}
    for answer in (own, english):
        part = [hit for hit in hits if (hit.number in translated) == (answer is own)]
        found.update({(result.kind, result.id): result for result in finding.shown(part, rows, answer)})
    return [called(found[key], titles.get(key), locale, own) for key in keys if key in found]


def called(result: Result, title: str | None, locale: str, own: Answer) -> Result:
    """One answer under its title in a language."""
    if title is None:
        return result
    heading = title.replace("`", "")
    return replace(result, heading=heading, title=finding.marked(heading, own.highlighter.spans(heading)), locale=locale)


def counted(hits: Sequence[Hit], reader: Reader | None) -> dict[str, int]:
    """Category → answers. One statement for each kind that is there."""
    return dict(Counter(row.category for row in finding.rows_of(((hit.kind, hit.id) for hit in hits), reader).values()))
