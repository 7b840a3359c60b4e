"""Whether readers of other languages find what is translated, asking in other forms than the titles have."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import abroad, indexing
from app.knowledge.models import Faq
from app.knowledge.translations.actions import Draft, save
from app.knowledge.translations.rules import Words

FOLDER = Path(__file__).parent.parent / "search" / "abroad"


def read(locale):
    """(names → words in a language, [(question, name of its answer)]) of a file of translations."""
    texts, questions, name = {}, [], ""
    for line in (FOLDER / f"{locale}.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            name, texts[rest] = rest, []
        elif mark == "?":
            questions.append((rest, name))
        elif mark != "#":
            texts[name].append(line)
    return {name: Words(title, "", body) for name, (title, body) in texts.items()}, questions


@pytest.fixture
def translated(people, indexed, now):
    """`translated("de")` → the questions of a file, when what it translates is published and found."""

    def publish(locale):
        texts, questions = read(locale)
        for entry in db.session.scalars(select(Faq).where(Faq.external_id.in_(texts))).all():
            save(entry, locale, Draft(texts[entry.external_id], None, entry.text_version), actor=people.lead, now=now, publish=True)
        db.session.commit()
        indexing.catch_up()
        db.session.rollback()
        return questions

    return publish


def keys(question, locale, reader=None):
    """The names of what is found, best first."""
    return [result.key for result in abroad.search(reader, question, locale).results]


@pytest.mark.parametrize("locale", ["de", "fr", "es"])
def test_questions_in_other_forms_than_the_titles(translated, locale):
    questions = translated(locale)
    ranks = [(question, keys(question + " ", locale), name) for question, name in questions]
    first = sum(found[:1] == [name] for _, found, name in ranks) / len(ranks)
    five = sum(name in found[:5] for _, found, name in ranks) / len(ranks)
    missed = [(question, name, found[:5]) for question, found, name in ranks if name not in found[:5]]
    assert (len(questions) >= 12, first >= 0.85, five >= 0.95) == (True, True, True), (first, five, missed)
