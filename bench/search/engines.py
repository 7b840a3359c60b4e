"""The engines that are compared: ours, whoosh as it comes, and two that run in a browser."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from playwright.sync_api import Page, sync_playwright
from whoosh.analysis import StemmingAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.qparser import MultifieldParser, MultifieldPlugin, OrGroup, WhitespacePlugin
from whoosh.scoring import BM25F

from app.search.documents import Document, Query
from app.search.index import Index
from app.search.semantic import loading
from app.search.semantic.vectors import Model
from bench.search.scores import LOOKED_AT
from bench.search.sets import Entry
from tests import services

# (keys best first, milliseconds) of each question.
Told = list[tuple[list[str], float]]
Engine = Callable[[Sequence[str]], Told]
FIELDS = ("title", "body", "tags")
RIVALS = Path(__file__).resolve().parent / "rivals"
EVERYBODY = frozenset({"public"})

# As the seed of the product wrote it, and as its documentation advises for the other.
FUSE = """(module, entries) => {
  const fuse = new module.default(entries, {keys: ["question", "answer", "tags"], threshold: 0.3, includeMatches: true, includeScore: true});
  return (text) => fuse.search(text).map((hit) => hit.item.key);
}"""
MINISEARCH = """(module, entries) => {
  const mini = new module.default({idField: "key", fields: ["question", "answer", "tags"], searchOptions: {prefix: true, fuzzy: 0.2, boost: {question: 2}}});
  mini.addAll(entries.map((entry) => ({...entry, tags: entry.tags.join(" ")})));
  return (text) => mini.search(text).map((hit) => hit.id);
}"""
LOAD = """async ([source, make, entries]) => {
  const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  window.ask = eval(make)(module, entries);
  for (const entry of entries.slice(0, 3)) window.ask(entry.question);
}"""
ASK = """([questions, most]) => questions.map((text) => {
  const begun = performance.now();
  const found = window.ask(text);
  return [found.slice(0, most), performance.now() - begun];
})"""


@cache
def model() -> Model | None:
    """The model of meaning, where it is installed. It reads each passage once, though many sets ask about the same entries."""
    found = loading.model()
    if found is not None:
        vars(found)["kept"] = cache(found.kept)
    return found


@contextmanager
def ours(entries: Sequence[Entry], model: Model | None = None) -> Iterator[Engine]:
    """The product's own engine, in this process, over an index of its own; with a model, by meaning, too."""
    with tempfile.TemporaryDirectory(prefix="hive-search-") as folder:
        index = Index(Path(folder) / "index", model)
        documents = [document(number, entry) for number, entry in enumerate(entries)]
        index.rebuild(documents)
        index.put_vectors(documents)

        def ask(text: str) -> list[str]:
            return [entries[hit.id].key for hit in index.find(Query(text, EVERYBODY)).hits[:LOOKED_AT]]

        # The first question of a process builds what spelling needs.
        ask("warmm upp")
        yield one_by_one(ask)


def document(number: int, entry: Entry) -> Document:
    """An entry as the index takes it."""
    return Document("faq", number, entry.title, entry.body, entry.tags, entry.category, "public", entry.popularity, "1")


@contextmanager
def whoosh(entries: Sequence[Entry], *, any_word: bool) -> Iterator[Engine]:
    """BM25F over stock English stems: any of the words, or all of them as whoosh's parser has it by default."""
    analyzer = StemmingAnalyzer()
    schema = Schema(key=ID(stored=True), **{name: TEXT(analyzer=analyzer) for name in FIELDS})
    index = RamStorage().create_index(schema)
    writer = index.writer()
    for entry in entries:
        writer.add_document(key=entry.key, title=entry.title, body=entry.body, tags=" ".join(entry.tags))
    writer.commit()
    if any_word:
        # Without its query language: a question mark would be a wildcard.
        parser = MultifieldParser(FIELDS, schema, plugins=[WhitespacePlugin(), MultifieldPlugin(FIELDS)], group=OrGroup)
    else:
        parser = MultifieldParser(FIELDS, schema)
    with index.searcher(weighting=BM25F()) as searcher:
        yield one_by_one(lambda text: [hit["key"] for hit in searcher.search(parser.parse(text), limit=LOOKED_AT)])


def one_by_one(ask: Callable[[str], list[str]]) -> Engine:
    """An engine of this process."""

    def told(questions: Sequence[str]) -> Told:
        found = []
        for text in questions:
            begun = perf_counter()
            keys = ask(text)
            found.append((keys, (perf_counter() - begun) * 1000))
        return found

    return told


@contextmanager
def browser() -> Iterator[Page]:
    """A page in a Chromium, for the engines that are made for it."""
    services.ensure_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=services.chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield chromium.new_page()
        chromium.close()


@contextmanager
def in_browser(page: Page, library: str, make: str, entries: Sequence[Entry]) -> Iterator[Engine]:
    """A JavaScript engine over the entries."""
    rows: list[dict[str, Any]] = [
        {"key": entry.key, "question": entry.title, "answer": entry.body, "tags": list(entry.tags)} for entry in entries
    ]
    page.goto("about:blank")
    page.evaluate(LOAD, [(RIVALS / library).read_text(encoding="utf-8"), make, rows])
    yield lambda questions: [(keys, milliseconds) for keys, milliseconds in page.evaluate(ASK, [list(questions), LOOKED_AT])]
