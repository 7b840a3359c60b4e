"""`hive-support faq`, `knowledge` and `search`."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select

from app.events.models import Event
from app.extensions import db
from app.knowledge import commands, finding, indexing
from app.knowledge.defaults import shipped_articles
from app.knowledge.models import Article, Faq
from app.knowledge.translations.models import Translation

ROWS = [
    {"id": "z1", "question": "Do zebras run?", "answer": "Fast.", "category": "cli", "tags": ["zebra"], "popularity": 4},
    {"id": "z2", "question": "Do zebras swim?", "answer": "A little.", "category": "cli", "tags": [], "popularity": 0},
]


@pytest.fixture
def run(app):
    """`run(command, …)` → the result; it must end with the given code."""

    def invoke(command, *arguments, code=0, typed=None):
        db.session.commit()
        result = CliRunner().invoke(command, [str(argument) for argument in arguments], input=typed)
        assert result.exit_code == code, result.output
        db.session.expire_all()
        return result

    return invoke


def test_questions_are_imported_and_found(run, tmp_path):
    file = tmp_path / "faq.json"
    file.write_text(json.dumps(ROWS))
    assert "2 questions added, 0 changed, 0 the same" in run(commands.faq, "import", file).output
    assert "0 questions added, 0 changed, 2 the same" in run(commands.faq, "import", file).output
    assert [result.key for result in finding.search(None, "zebra run").results][:1] == ["z1"]


def test_questions_come_from_standard_input(run):
    assert "2 questions added" in run(commands.faq, "import", "-", typed=json.dumps(ROWS)).output
    assert "-:1: not JSON" in run(commands.faq, "import", "-", typed="{", code=1).output
    assert "standard input" in run(commands.faq, "import", "--help").output


def test_a_long_import_is_looked_at_once_it_is_through(run, tmp_path):
    file = tmp_path / "faq.json"
    file.write_text(json.dumps([{"id": f"z{number}", "question": f"Zebra {number}?", "answer": "Yes."} for number in range(501)]))
    run(commands.faq, "import", file)
    told = db.session.execute(select(Event.kind, Event.facts).where(Event.kind.like("knowledge.import%")).order_by(Event.id))
    assert [(kind.removeprefix("knowledge."), facts["added"]) for kind, facts in told] == [
        ("imported", 500),
        ("imported", 1),
        ("import_finished", 501),
    ]
    run(commands.faq, "import", file)
    assert len(db.session.scalars(select(Event).where(Event.kind.like("knowledge.import%"))).all()) == 3


def test_bad_rows_are_named_and_the_rest_is_imported(run, tmp_path):
    file = tmp_path / "faq.json"
    file.write_text('[\n{"id": "z1", "question": "Do zebras run?", "answer": "Fast."},\n{"id": "z2"},\n{broken}\n]')
    output = run(commands.faq, "import", file, code=1).output
    assert f"{file}:3: question or answer is missing" in output
    assert f"{file}:4: not JSON" in output
    assert "1 questions added" in output


def test_a_language_that_nothing_is_translated_into_is_named_and_the_question_is_imported(run, tmp_path):
    file = tmp_path / "faq.json"
    texts = {locale: {"question": "Z?", "answer": "Z."} for locale in ("de", "xx")}
    file.write_text(json.dumps([{**ROWS[0], "translations": texts}]))
    output = run(commands.faq, "import", file, code=1).output
    assert "1 questions added" in output
    assert "z1, xx: nothing is translated into it here: KNOWLEDGE_LOCALES names de" in output
    assert db.session.scalars(select(Translation.locale).where(Translation.kind == "faq")).all() == ["de"]


def test_what_is_not_utf8_is_told(run, tmp_path):
    file = tmp_path / "faq.json"
    file.write_bytes(b'[{"question": "\xff"}]')
    assert "not UTF-8" in run(commands.faq, "import", file, code=1).output


def test_an_export_of_questions_can_be_imported_again(run, tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    run(commands.faq, "export", first)
    db.session.execute(delete(Faq))
    run(commands.faq, "import", first)
    run(commands.faq, "export", second)
    assert first.read_bytes() == second.read_bytes()
    assert run(commands.faq, "export", "-").stdout == first.read_text(encoding="utf-8")


def test_a_folder_of_knowledge_goes_out_and_in_byte_for_byte(run, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    run(commands.knowledge, "export", first)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) == len(shipped_articles()) + 1
    db.session.execute(delete(Article))
    db.session.execute(delete(Faq))
    output = run(commands.knowledge, "import", first).output
    assert f"{len(shipped_articles())} articles added" in output
    run(commands.knowledge, "export", second)
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert f"{len(shipped_articles())} the same already" in run(commands.knowledge, "import", second).output


def test_a_bad_article_is_named_and_the_rest_is_imported(run, tmp_path):
    (tmp_path / "user-guide").mkdir()
    (tmp_path / "user-guide" / "good.md").write_text("---\ntitle: Good\n---\nText.\n")
    (tmp_path / "user-guide" / "bad.md").write_text("no front matter")
    output = run(commands.knowledge, "import", tmp_path, code=1).output
    assert "bad.md:1: there is no front matter" in output
    assert db.session.scalar(select(Article).where(Article.slug == "good")).title == "Good"


def test_files_of_a_folder_that_are_nothing_of_ours_are_named_and_do_no_harm(run, tmp_path):
    for name in ("user-guide/good.md", "user-guide/notes.txt", "user-guide/gone.fr.md", "board.png", ".git/config", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("---\ntitle: Good\n---\nText.\n")
    output = run(commands.knowledge, "import", tmp_path).output
    assert "1 articles added" in output
    named = [line.partition(": left out, ")[0] for line in output.splitlines() if ": left out, " in line]
    assert named == ["user-guide/gone.fr.md", f"{tmp_path}/board.png", f"{tmp_path}/user-guide/notes.txt"]


def test_the_index_is_rebuilt_with_a_bar(run, indexed):
    before = indexing.the_index().stamps()
    assert f"The index has {indexing.count_published()} entries." in run(commands.search, "rebuild").output
    assert indexing.the_index().stamps() == before
