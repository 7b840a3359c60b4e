"""Readers see the pictures of what they may read, in whichever language it is."""

import io

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import delete
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.knowledge.exchange import importing
from app.knowledge.exchange.files import TranslationFile
from app.knowledge.translations import actions
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.rules import Words
from app.knowledge.writing import pictures
from app.knowledge.writing.models import PictureUse
from app.lib import schema
from tests.rows import PNG

BOTH = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def picture(people, now):
    """A picture that no text shows yet."""
    return pictures.add(FileStorage(io.BytesIO(PNG), "stripes.png"), actor=people.lead, now=now)


@pytest.fixture
def page(article):
    """A published article without any picture."""
    return article("Zebras", "They stand.", slug="zebras")


def address(picture):
    """Where it is."""
    return f"/help/pictures/{picture.ref}"


def translated(page, body, there, people, now, *, publish):
    """The article in German."""
    draft = Draft(Words("Zebras", "", body), there.version if there else None, page.text_version)
    done = actions.save(page, "de", draft, actor=people.lead, now=now, publish=publish)
    db.session.commit()
    return done


@BOTH
def test_a_picture_of_a_translation_is_shown_as_long_as_its_readers_see_it(browse, people, now, page, picture):
    reader, text = browse(None), f"![Streifen]({address(picture)})"
    there = translated(page, text, None, people, now, publish=False)
    reader.get(address(picture), status=404)
    translated(page, text, there, people, now, publish=True)
    assert reader.get(address(picture)).data == PNG
    translated(page, "Ohne Bild.", there, people, now, publish=False)
    assert reader.get(address(picture)).data == PNG
    actions.withdraw(page, there, seen=there.version, actor=people.lead, now=now)
    db.session.commit()
    reader.get(address(picture), status=404)


def test_a_picture_of_a_translation_that_came_by_file_is_shown_as_long_as_it_is_in_it(browse, now, page, picture):
    reader, text = browse(None), f"![Streifen]({address(picture)})"
    importing.import_translations([TranslationFile("user-guide", "zebras", "de", "Zebras", text)], source="test", now=now)
    db.session.commit()
    assert reader.get(address(picture)).data == PNG
    importing.import_translations([TranslationFile("user-guide", "zebras", "de", "Zebras", "Ohne Bild.")], source="test", now=now)
    db.session.commit()
    reader.get(address(picture), status=404)


@BOTH
def test_pictures_of_translations_that_were_published_before_are_shown_from_the_migration_on(browse, people, now, page, picture):
    translated(page, f"![Streifen]({address(picture)}) ![Fort](/help/pictures/{'x' * 22})", None, people, now, publish=True)
    db.session.execute(delete(PictureUse))
    migration = ScriptDirectory.from_config(schema.alembic_config()).get_revision("20261128_pictures_abroad").module
    with Operations.context(MigrationContext.configure(db.session.connection())):
        for _ in range(2):
            migration.upgrade()
    assert browse(None).get(address(picture)).data == PNG
