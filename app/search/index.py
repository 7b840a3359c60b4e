"""The full-text index: what the product asks of it, and the only file that opens whoosh's.

Derived from the database: it can be thrown away and built again at any time. One writer at a time (a lock), any number
of readers in any number of processes; each notices a publication by one look at a small file.
"""

import shutil
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.fields import COLUMN, ID, KEYWORD, TEXT, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex
from whoosh.reading import IndexReader, TermNotFound
from whoosh.writing import SegmentWriter

from app.search import analysis, store, vocabularies
from app.search.documents import Answer, Document, Entry, Query
from app.search.explain import Explanation, explained
from app.search.languages import ENGLISH_LOCALE, language
from app.search.lens import Lens
from app.search.mapped import MappedStorage
from app.search.query import MAX_CHARACTERS, NOTHING_BESIDE, START
from app.search.semantic import vectors
from app.search.semantic.vectors import Model, Near, Vectors
from app.search.spelling import Spelling
from app.search.store import Published, Unusable

HERE = Path(__file__).resolve().parent
FINGERPRINT = store.fingerprint_of(
    *(HERE / f"{name}.py" for name in ("index", "analysis", "languages", "german", "stemming", "synonyms", "documents")),
    *(HERE / f"{name}.txt" for name in ("stopwords", "smallwords", "weakwords", "weakwords_abroad", "everyday")),
)
SYNONYMS = "synonyms.txt"
ANSWERS_KEPT = 256
# How often a generation may be swept away just while we open it.
TRIES = 6


def schema() -> Schema:
    """The fields. Texts come analysed, their terms apart by spaces; `about` is what ranking needs of each text, `text` its plain body."""
    spaces = SpaceSeparatedTokenizer()
    return Schema(
        key=ID(unique=True),
        title=TEXT(analyzer=spaces, phrase=False),
        body=TEXT(analyzer=spaces, phrase=False),
        tags=TEXT(analyzer=spaces, phrase=False),
        starts=KEYWORD(),
        about=COLUMN(),
        text=COLUMN(),
    )


class Opened:
    """One generation, open for reading. Threads must take turns."""

    def __init__(self, home: Path, published: Published, before: "Opened | None", model: Model | None) -> None:
        folder = store.verify(home, published)
        self.published = published
        self.model = model
        try:
            self.reader: IndexReader = FileIndex(MappedStorage(str(folder)), schema()).reader()
            self.vocabularies = vocabularies.read(folder)
            self.told: str = (folder / SYNONYMS).read_text(encoding="utf-8")
            self.vectors = Vectors.read(folder, model) if model else None
        except (OSError, EmptyIndexError) as gone:
            raise Unusable(f"{published.name} went away") from gone
        # By language. One that was not asked lately is not renewed before somebody asks.
        self.spellings: dict[str, Spelling] = {}
        self.before: dict[str, Spelling] = before.before | before.spellings if before else {}
        self.leaves = self.reader.leaf_readers()
        self.entries = [entry for leaf, _ in self.leaves for entry in entries_of(leaf)]
        self.bodies = [(offset, leaf.column_reader("text")) for leaf, offset in self.leaves if leaf.doc_count_all()]
        self.lenses: dict[frozenset[str], Lens] = {}
        self.counts: dict[tuple[str, frozenset[str]], dict[str, int]] = {}

    def spelling(self, locale: str) -> Spelling:
        """The vocabulary of a language, with the words that editors keep."""
        if locale not in self.spellings:
            known = language(locale)
            words = [*self.vocabularies.pop(locale, ()), *analysis.read_synonyms(self.told, known).words]
            before = self.before.pop(locale, None)
            self.spellings[locale] = before.renewed(words) if before else Spelling(words, known)
        return self.spellings[locale]

    def unready(self) -> list[str]:
        """The languages whose spelling was never built. English, which most ask in, is always one, so that its new words are read, too."""
        built = {locale for locale, spelling in (self.before | self.spellings).items() if spelling.symspell is not None}
        return [ENGLISH_LOCALE, *((self.vocabularies.keys() | self.spellings.keys()) - built - {ENGLISH_LOCALE})]

    def lens(self, audiences: frozenset[str], locale: str = ENGLISH_LOCALE) -> Lens:
        """The index as somebody sees it who may read these audiences, whose texts are in this language."""
        if audiences not in self.lenses:
            synonyms = analysis.read_synonyms(self.told, language(locale))
            known = (self.spelling(locale), synonyms, self.occurrences, self.published.number)
            near = Near(self.model, self.vectors, self.entries, audiences) if self.model and self.vectors else None
            self.lenses[audiences] = Lens(self.entries, audiences, *known, near)
        return self.lenses[audiences]

    def counted(self, kind: str, audiences: frozenset[str]) -> dict[str, int]:
        """Category → how many texts of a kind there are for these audiences. Counted once a generation."""
        if (kind, audiences) not in self.counts:
            there = (entry for entry in self.entries if entry is not None and entry.kind == kind and entry.audience in audiences)
            self.counts[kind, audiences] = dict(Counter(entry.category for entry in there))
        return self.counts[kind, audiences]

    def occurrences(self, field: str, term: str) -> Iterator[tuple[int, float]]:
        """(number of the text, how often) for each text that has the term in the field, deleted texts among them."""
        for leaf, offset in self.leaves:
            try:
                matcher = leaf.postings(field, term)
            except TermNotFound:
                continue
            matcher = getattr(matcher, "child", matcher)
            if hasattr(matcher, "_read_weights"):
                # Whole blocks at once: ten times as fast as stepping from text to text.
                while matcher.is_active():
                    matcher._read_ids()
                    matcher._read_weights()
                    yield from zip([number + offset for number in matcher._ids], matcher._weights, strict=True)
                    matcher._next_block()
                continue
            while matcher.is_active():
                yield matcher.id() + offset, matcher.weight()
                matcher.next()

    def lacking(self) -> list[str]:
        """Keys of the texts that have no vector; none where there is no model to make any."""
        placed = self.vectors.places(self.entries) if self.vectors is not None else range(len(self.entries))
        return [entry.key for i, entry in enumerate(self.entries) if entry is not None and i not in placed]

    def text(self, number: int) -> str:
        """The plain body of a text, for snippets."""
        offset, bodies = next((offset, bodies) for offset, bodies in reversed(self.bodies) if number >= offset)
        return str(bodies[number - offset], "utf-8")


def entries_of(leaf: IndexReader) -> list[Entry | None]:
    """What ranking knows of each text of a segment; None for a deleted one."""
    if not leaf.doc_count_all():
        return []
    column = leaf.column_reader("about")
    return [None if leaf.is_deleted(i) else Entry.unpacked(column[i].decode()) for i in range(leaf.doc_count_all())]


class Index:
    """The index in one folder, as one process uses it; with a `model`, it finds by meaning, too."""

    def __init__(self, home: Path, model: Model | None = None) -> None:
        self.home = home
        self.model = model
        self.lock = Lock()
        self.opened: Opened | None = None
        self.marker: tuple[int, int, int] = (0, 0, 0)
        self.answers: OrderedDict[tuple[object, ...], Answer] = OrderedDict()

    def find(self, query: Query) -> Answer:
        """The best answers to a question. Raises Unusable when there is no index to ask.

        Remembers the latest answers of each generation. Costs no statement.
        """
        text = query.text[:MAX_CHARACTERS]
        asked = text.lower() if text == text.strip() else text.strip().lower() + " "
        key = (asked, query.audiences, query.category, query.kinds, query.beside)
        with self.lock:
            opened = self.current()
            answer = self.answers.get(key)
            if answer is None:
                lens = opened.lens(query.audiences, query.locale)
                beside = opened.lens(*query.beside).beside(text) if query.beside else NOTHING_BESIDE
                answer = lens.answer(text, query.category, query.kinds, beside=beside)
                self.answers[key] = answer
                if len(self.answers) > ANSWERS_KEPT:
                    self.answers.popitem(last=False)
            else:
                self.answers.move_to_end(key)
        return answer

    def explained(self, query: Query) -> Explanation:
        """How a question is understood, and why its first answers come first. Raises Unusable."""
        with self.lock:
            return explained(self.current().lens(query.audiences), query.text[:MAX_CHARACTERS])

    def texts(self, numbers: Iterable[int], answer: Answer) -> list[str]:
        """The plain bodies of texts of an answer; empty when another generation has been published since."""
        with self.lock:
            opened = self.opened
            if opened is None or opened.published.number != answer.generation:
                return ["" for _ in numbers]
            return [opened.text(number) for number in numbers]

    def warm(self) -> None:
        """Be ready for misspelt questions in each language before anybody asks one; others find meanwhile. Raises Unusable."""
        with self.lock:
            unready = self.current().unready()
        for locale in unready:
            with self.lock:
                spelling = self.current().spelling(locale)
            spelling.prepare(self.lock)

    def current(self) -> Opened:
        """The published generation; opened anew when it is another than the last time. The lock must be held."""
        marker = store.marker(self.home)
        if self.opened is None or marker != self.marker:
            self.opened = self.open()
            self.marker = marker
            self.answers.clear()
        return self.opened

    def open(self) -> Opened:
        """Open what is published. A generation that is swept away meanwhile is looked up again."""
        for tries in reversed(range(TRIES)):
            published = usable(self.home)
            try:
                return Opened(self.home, published, self.opened, self.model)
            except Unusable:
                if not tries or store.read_current(self.home).number == published.number:
                    raise
        raise Unusable("publications overtook us")

    def categories(self, audiences: frozenset[str]) -> dict[str, int]:
        """Category → how many texts somebody has in it who may read these audiences. Raises Unusable."""
        with self.lock:
            return self.current().lens(audiences).categories

    def categories_of(self, kind: str, audiences: frozenset[str]) -> dict[str, int]:
        """The same for the texts of one kind. Raises Unusable."""
        with self.lock:
            return self.current().counted(kind, audiences)

    def stamps(self) -> dict[str, str]:
        """Key → stamp of each text in the index, to compare with the database. Raises Unusable."""
        with self.lock:
            return {entry.key: entry.stamp for entry in self.current().entries if entry is not None}

    def check(self) -> int:
        """The generation that is published, when it is whole and of this version. Raises Unusable. One system call for each file."""
        published = usable(self.home)
        store.verify(self.home, published)
        return published.number

    def synonyms(self) -> str:
        """The lines of synonyms that the index was built with. Raises Unusable."""
        with self.lock:
            return self.current().told

    def put(self, documents: Iterable[Document], gone: Iterable[str] = (), synonyms: str | None = None) -> int:
        """Add or replace texts, and take away those with the keys `gone`; then publish. Returns the new generation.

        Other `synonyms` (lines as in synonyms.txt) take the place of those there are; with other phrases than theirs,
        rebuild instead. Waits for another writer. Raises Unusable where there is nothing to add to: rebuild instead.
        """
        with store.only_writer(self.home):
            base = usable(self.home)
            store.verify(self.home, base)
            number, folder = store.next_folder(self.home, base)
            with changing(FileIndex(FileStorage(str(folder)), schema()), folder, synonyms) as writer:
                wanted = list(documents)
                for key in [*gone, *(document.key for document in wanted)]:
                    writer.delete_by_term("key", key)
                for document in wanted:
                    writer.add_document(**fields_of(document, writer.synonyms))
                    writer.words[document.locale] |= document.words()
            return store.publish(self.home, number, folder, FINGERPRINT).number

    def without_vectors(self) -> list[str]:
        """Keys of the texts to give to `put_vectors`; none without a model. Raises Unusable."""
        with self.lock:
            return self.current().lacking()

    def put_vectors(self, documents: Iterable[Document], progress: Callable[[int], None] = lambda done: None) -> int:
        """Give texts the vectors that say what they mean, and publish. Returns how many; without a model it is none.

        Others find and publish while they are made. `progress` hears how many are done. Raises Unusable.
        """
        if self.model is None:
            return 0
        with self.lock:
            opened = self.current()
        fresh = vectors.made(documents, self.model, opened.vectors or Vectors({}, b""), progress)
        if fresh:
            with store.only_writer(self.home):
                base = usable(self.home)
                store.verify(self.home, base)
                number, folder = store.next_folder(self.home, base)
                vectors.add(folder, self.model, fresh, frozenset(entry.key for entry in opened.entries if entry is not None))
                store.publish(self.home, number, folder, FINGERPRINT)
        return len(fresh)

    def rebuild(
        self,
        documents: Iterable[Document],
        progress: Callable[[int], None] = lambda done: None,
        *,
        synonyms: str = analysis.SHIPPED,
        wait: bool = True,
    ) -> int:
        """Build the whole index anew beside the one in use, then publish it. Returns how many texts it has.

        Others may publish meanwhile; what they did after `documents` were read is not in it. `progress` hears how many are
        done. Raises Busy when another process is building, unless `wait`.
        """
        with store.only_builder(self.home, wait=wait):
            folder = store.building_folder(self.home)
            done = 0
            with changing(FileIndex.create(FileStorage(str(folder)), schema(), "MAIN"), folder, synonyms) as writer:
                for done, document in enumerate(documents, 1):
                    writer.add_document(**fields_of(document, writer.synonyms))
                    writer.words[document.locale] |= document.words()
                    progress(done)
            with store.only_writer(self.home):
                store.carry(self.home, folder, vectors.FILES)
                number = store.next_number(self.home)
                store.publish(self.home, number, folder.rename(self.home / f"generation-{number}"), FINGERPRINT)
            return done


class Writer(SegmentWriter):
    """A writer that also collects the vocabularies, and knows the lines of synonyms."""

    words: defaultdict[str, set[str]]
    synonyms: str


@contextmanager
def changing(index: FileIndex, folder: Path, synonyms: str | None) -> Iterator[Writer]:
    """A writer for one change of a folder, with other synonyms if they are given. The folder goes when the change fails."""
    writer = Writer(index, limitmb=64)
    writer.words = defaultdict(set, vocabularies.read(folder))
    # Words join and none leave, so that a language of as many as before has the same.
    before = {locale: len(words) for locale, words in writer.words.items()}
    try:
        if synonyms is not None:
            store.replace_text(folder / SYNONYMS, synonyms)
        writer.synonyms = (folder / SYNONYMS).read_text(encoding="utf-8")
        analysis.read_synonyms(writer.synonyms)
        yield writer
        writer.commit()
    except BaseException:
        if not writer.is_closed:
            writer.cancel()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    vocabularies.write(folder, {locale: words for locale, words in writer.words.items() if len(words) != before.get(locale)})


def usable(home: Path) -> Published:
    """What is published, if this version wrote it. Raises Unusable."""
    published = store.read_current(home)
    if published.fingerprint != FINGERPRINT:
        raise Unusable("the index was built by another version")
    return published


def fields_of(document: Document, told: str) -> dict[str, str | bytes]:
    """One text as whoosh takes it; `told` are the lines of synonyms."""
    read = language(document.locale)
    synonyms = analysis.read_synonyms(told, read)
    title, body, tags = (analysis.terms(text, synonyms, read) for text in (document.title, document.body, ", ".join(document.tags)))
    starts = sorted(START + word for word in analysis.beginnings(f"{document.title} {' '.join(document.tags)}", read))
    about = Entry(document.kind, document.id, document.audience, document.category, document.popularity, document.stamp)
    about.lengths = (len(title), len(tags), len(body))
    about.title = tuple(analysis.gist(document.title, read))
    return {
        "key": document.key,
        "title": " ".join(title),
        "body": " ".join(body),
        "tags": " ".join(tags),
        "starts": " ".join(starts),
        "about": about.packed().encode(),
        "text": document.body.encode(),
    }


INDEXES: dict[tuple[Path, Model | None], Index] = {}


def at(home: Path, model: Model | None = None) -> Index:
    """The process's one object for the index in a folder, as it is asked with a model or without."""
    return INDEXES.setdefault((home, model), Index(home, model))
