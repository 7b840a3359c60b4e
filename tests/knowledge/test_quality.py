"""Whether the help centre finds what people ask for: on the content that ships, whatever engine is behind it."""

import random
import string
from pathlib import Path

import pytest

from app.knowledge.defaults import shipped_articles, shipped_faqs
from app.knowledge.render import plain
from app.search.documents import Document, Query
from app.search.index import Index

QUESTIONS = Path(__file__).parent.parent / "search" / "questions.txt"
EVERYBODY = frozenset({"public"})


@pytest.fixture(scope="module")
def find(tmp_path_factory):
    """`find("question")` → the names of what is found, best first."""
    documents, names = [], {}
    for number, row in enumerate(shipped_faqs(), 1):
        documents.append(
            Document("faq", number, row.question, plain(row.answer), row.tags, row.category, row.audience, row.popularity, "1")
        )
        names["faq", number] = row.external_id
    for number, one in enumerate(shipped_articles(), 1):
        body = f"{one.summary} {plain(one.body)}"
        documents.append(Document("article", number, one.title, body, one.tags, one.section, one.audience, 0, "1"))
        names["article", number] = f"{one.section}/{one.slug}"
    index = Index(tmp_path_factory.mktemp("quality"))
    index.rebuild(documents)
    return lambda question: [names[hit.kind, hit.id] for hit in index.find(Query(question, EVERYBODY)).hits]


def asked():
    """(question, names of the entries that answer it)."""
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            names, _, question = line.partition(" | ")
            yield question, {name.strip() for name in names.split(",")}


def misspelt(question, chance):
    """The question with one letter wrong in one or two of its longer words."""
    words = question.split()
    places = [i for i, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    for i in chance.sample(places, min(len(places), 1 if len(places) < 4 else 2)):
        word, at = words[i], chance.randrange(1, len(words[i]))
        letter = chance.choice(string.ascii_lowercase)
        swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        words[i] = chance.choice([word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :], swapped])
    return " ".join(words)


def measured(find, pairs):
    """(Recall@1, Recall@5, mean reciprocal rank, empty answers) over (question, names)."""
    ranks, empty = [], 0
    for question, names in pairs:
        found = find(question)
        empty += not found
        ranks.append(next((place for place, name in enumerate(found[:10], 1) if name in names), None))
    total = len(ranks)
    hits = [rank for rank in ranks if rank]
    return sum(rank == 1 for rank in hits) / total, sum(rank <= 5 for rank in hits) / total, sum(1 / rank for rank in hits) / total, empty


def test_questions_in_peoples_own_words(find):
    first, five, mean, empty = measured(find, list(asked()))
    assert (first >= 0.72, five >= 0.92, mean >= 0.82, empty) == (True, True, True, 0), (first, five, mean, empty)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_questions_misspelt(find, seed):
    chance = random.Random(seed)
    first, five, mean, empty = measured(find, [(misspelt(question, chance), names) for question, names in asked()])
    assert (five >= 0.90, mean >= 0.75, empty <= 2) == (True, True, True), (first, five, mean, empty)


def test_every_shipped_question_finds_itself(find):
    first, five, _, empty = measured(find, [(row.question, {row.external_id}) for row in shipped_faqs()])
    assert (first >= 0.97, five, empty) == (True, 1.0, 0), (first, five, empty)


def test_titles_while_they_are_typed(find):
    """After three quarters of a question, its answer is among the first five."""
    pairs = [(row.question[: len(row.question) * 3 // 4], {row.external_id}) for row in shipped_faqs()]
    _, five, mean, empty = measured(find, pairs)
    assert (five >= 0.93, mean >= 0.85, empty) == (True, True, 0), (five, mean, empty)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("HIVE-4001", "quorum-not-met"), ("hive4001", "quorum-not-met"), ("--no-cahce", "cache-answers"), ("NO_COLOR", "no-colors"),
        ("hive_home", "move-hive-home"), ("config.toml", "where-is-config"), ("hive serve", "port-in-use"), ("hive login", "login-browser"),
        ("vs code", "vscode"), ("visual studio code", "vscode"), ("sign in", "sso"), ("MCP", "api-reference/mcp-protocol"),
    ],
)  # fmt: skip
def test_codes_commands_and_settings(find, question, name):
    assert name in find(question)[:3]


def test_what_is_written_for_staff_is_not_found(find):
    for question in ("escalation procedure", "on-call handover", "moderation ledger", "first response template"):
        assert not [name for name in find(question) if name.startswith("staff/")]
