"""An index in a folder of its own, with a few texts."""

import pytest

from app.search.documents import Document, Query
from app.search.index import Index

EVERYBODY = frozenset({"public"})
STAFF = frozenset({"public", "customers", "enterprise", "staff"})


def document(number, title, body="", *, tags=(), audience="public", category="cli", popularity=0, stamp="1", kind="faq"):
    """A text to be found."""
    return Document(kind, number, title, body, tuple(tags), category, audience, popularity, stamp)


TEXTS = [
    document(1, "How do I install Hive?", "Paste the line into a terminal.", tags=["setup"], category="installation", popularity=90),
    document(2, "How long are answers cached?", "Two hours. Use --no-cache for a fresh one.", tags=["cache"]),
    document(3, "Which proxy settings are there?", "Set consensus.stage_timeout and HTTP_PROXY.", category="network"),
    document(4, "What does E0432 mean?", "The quorum was not met.", category="errors"),
    document(5, "How do I escalate a ticket?", "Tell the manager on call.", audience="staff", category="procedures"),
    document(6, "How do I sign in with Okta?", "Ask your administrator for single sign-on.", audience="enterprise", category="accounts"),
]


@pytest.fixture
def index(tmp_path):
    """The index of TEXTS."""
    made = Index(tmp_path / "index")
    made.rebuild(TEXTS)
    return made


@pytest.fixture
def ask(index):
    """`ask("words")` → the numbers of the texts found, best first."""

    def numbers(text, audiences=EVERYBODY, **more):
        return [hit.id for hit in index.find(Query(text, audiences, **more)).hits]

    return numbers
