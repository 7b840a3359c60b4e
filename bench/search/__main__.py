"""`make bench-search`: how well we find beside Fuse.js, MiniSearch and plain BM25F, over the same entries and questions.

Where the model of meaning is installed (`make semantic`), we are measured with it as well as without.
`make bench-search DATA="folder folder"` asks about other people's entries, too; `HALF=judge` (or `tune`) takes half of their
questions; `ONLY=hive` takes the sets whose name begins so; `MOST=100` asks so many questions of a set at most.
bench/search-results.json keeps the figures.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click
from playwright.sync_api import Page

from bench import faqs
from bench.search import engines
from bench.search.engines import Engine
from bench.search.goals import missed, slower_than_thirtieth
from bench.search.scores import Score, score
from bench.search.sets import MOST_QUESTIONS, Entry, QuestionSet, own_sets, people_sets
from bench.servers import ROOT

RESULTS = ROOT / "bench" / "search-results.json"
OURS, WITH_MEANING, FUSE = "ours", "ours, by meaning", "Fuse.js"
TYPED = ("one word", "two words", "a typo", "half typed", "a question")
# Questions that go to an engine at once; between them the bar moves.
AT_ONCE = 20

Scores = dict[str, Score]


def main() -> None:
    """Measure every set with every engine, print a table for each, and keep the figures."""
    sets = list(wanted_sets())
    results: dict[str, object] = {}
    total = sum(len(one.questions) for one in sets) * len(names())
    with engines.browser() as page, click.progressbar(length=total, label="Asking", file=sys.stderr) as bar:
        for one in sets:
            scores = asked_all(one, page, bar.update)
            verdicts = {name: missed(one, scores, name) for name in scores if name.startswith(OURS)}
            show(one, scores, verdicts)
            results[f"{one.name}, {one.kind}"] = {"engines": {name: found.plain() for name, found in scores.items()}, "missed": verdicts}
            keep(results)
        times = timed(page)
    show_times(times)
    keep({**results, "milliseconds at 3,000 entries": times})


def keep(results: dict[str, object]) -> None:
    """Write the figures that there are."""
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def wanted_sets() -> Iterator[QuestionSet]:
    """What DATA, HALF and ONLY ask for."""
    only = os.environ.get("ONLY") or ""
    most = int(os.environ.get("MOST") or MOST_QUESTIONS)
    sets = [*own_sets(most)]
    for folder in (os.environ.get("DATA") or "").split():
        sets += people_sets(Path(folder), os.environ.get("HALF") or "", most)
    yield from (one for one in sets if one.name.startswith(only))


def names() -> tuple[str, ...]:
    """The engines, as the table calls them."""
    ours = (OURS, WITH_MEANING) if engines.model() else (OURS,)
    return (*ours, FUSE, "MiniSearch", "BM25F, any word", "whoosh, default")


def opened(name: str, entries: Sequence[Entry], page: Page) -> AbstractContextManager[Engine]:
    """An engine over the entries."""
    if name in (OURS, WITH_MEANING):
        return engines.ours(entries, engines.model() if name == WITH_MEANING else None)
    if name == FUSE:
        return engines.in_browser(page, "fuse-7.5.0.min.mjs", engines.FUSE, entries)
    if name == "MiniSearch":
        return engines.in_browser(page, "minisearch-7.2.0.mjs", engines.MINISEARCH, entries)
    return engines.whoosh(entries, any_word=name == "BM25F, any word")


def asked_all(one: QuestionSet, page: Page, advance: object) -> Scores:
    """The scores of every engine on a set."""
    found = {}
    for name in names():
        with opened(name, one.entries, page) as engine:
            told = in_pieces(engine, [asked.text for asked in one.questions], advance)
        found[name] = score(one.questions, [keys for keys, _ in told], [milliseconds for _, milliseconds in told])
    return found


def in_pieces(engine: Engine, questions: Sequence[str], advance: object = None) -> engines.Told:
    """Ask a few at a time, so that somebody sees how it goes."""
    told: engines.Told = []
    for at in range(0, len(questions), AT_ONCE):
        piece = questions[at : at + AT_ONCE]
        told += engine(piece)
        if callable(advance):
            advance(len(piece))
    return told


def timed(page: Page) -> dict[str, dict[str, float]]:
    """Engine → kind of question → median milliseconds, over bench/faqs.py's 3,000 entries."""
    entries = [Entry(f"faq:{row['id']}", row["question"], row["answer"], tuple(row["tags"]), row["category"]) for row in faqs.entries()]
    found: dict[str, dict[str, float]] = {}
    for name in names():
        with opened(name, entries, page) as engine:
            found[name] = {kind: median([ms for _, ms in in_pieces(engine, faqs.queries(kind))]) for kind in TYPED}
    return found


def median(values: list[float]) -> float:
    """The middle."""
    return sorted(values)[len(values) // 2]


def show(one: QuestionSet, scores: Scores, verdicts: dict[str, list[str]]) -> None:
    """One table."""
    print(f"\n{one.name}, {one.kind}: {len(one.questions)} questions, {len(one.entries)} entries")
    print(f"  {'':<18}{'R@1':>8}{'R@5':>8}{'R@10':>8}{'MRR@10':>8}{'empty':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for name, found in scores.items():
        shares = "".join(f"{value:>8.3f}" for value in (found.first, found.five, found.ten, found.mrr, found.empty))
        print(f"  {name:<18}{shares}{found.p50_ms:>9.2f}{found.p95_ms:>9.2f}")
    for name, verdict in verdicts.items():
        print(f"  goal, {name}: {'ok' if not verdict else 'MISSED ' + '; '.join(verdict)}", flush=True)


def show_times(times: dict[str, dict[str, float]]) -> None:
    """Milliseconds of a typed question, and whether ours takes a thirtieth of Fuse.js at most."""
    print("\nMilliseconds a question (median), 3,000 entries")
    print(f"  {'':<18}" + "".join(f"{kind:>12}" for kind in TYPED))
    for name, found in times.items():
        print(f"  {name:<18}" + "".join(f"{found[kind]:>12.2f}" for kind in TYPED))
    slow = slower_than_thirtieth(times[OURS], times[FUSE])
    print(f"  goal: {'ok' if not slow else 'MISSED ' + '; '.join(slow)}", flush=True)


if __name__ == "__main__":
    main()
