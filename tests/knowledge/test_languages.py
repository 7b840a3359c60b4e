"""Whether readers of other languages find what is translated, asking in other forms than the titles have."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import abroad, finding, indexing
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
    assert len(questions) >= 12
    assert first >= 0.85
    assert five >= 0.95, missed


@pytest.fixture
def german(translated, faq, people, indexed, now):
    """What the file translates, a question that is not translated, and one in German for staff alone."""
    translated("de")
    faq("Which chargers fit the solar robot?", "The yellow ones, `hive robot --charge`.")
    secret = faq("Who oils the robot?", "Staff do.", audience="staff")
    words = Words("Wer ölt die Gelenke des Roboters?", "", "Das Personal, mit gelbem Öl.")
    save(secret, "de", Draft(words, None, secret.text_version), actor=people.lead, now=now, publish=True)
    indexed()


def test_a_page_marks_the_forms_that_were_found_and_leads_to_the_translation(browse, german):
    page = browse(None).get("/help/search?q=zurueckgesetzte+Einstellung&lang=de").markup
    link = next(link for link in page.all("a") if "/help/faq/reset-settings" in link.get("href"))
    assert link["href"].endswith("?lang=de")
    assert {"Einstellungen", "zurück"} <= {mark.text for mark in page.all("mark")}


def test_what_nobody_translated_is_found_in_english_and_each_entry_once(browse, german):
    assert keys("solar robot ", "de") == keys("Solar Roboter robot ", "de") == ["which-chargers-fit-the-solar-robot"]
    assert "Which chargers fit" in browse(None).get("/help/search?q=robot&lang=de").words
    found = keys("hive login ", "de")
    assert len(found) == len(set(found))
    assert found[0] == "login-browser"
    assert abroad.search(None, "hive login ", "de").results[0].locale == "de"


def test_who_may_not_read_a_text_is_told_nothing_of_it_in_any_language(people, german):
    for question in ("ölt die gelenke ", "gelenk", "gelenkee "):
        found = abroad.search(None, question, "de")
        assert "who-oils-the-robot" not in [result.key for result in found.results]
        assert found.did_you_mean is None
    assert keys("Gelenk ", "de", people.agent)[:1] == ["who-oils-the-robot"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("schluessel widerrufen", "token-leaked"), ("SCHLÜSSEL WIDERRUFEN", "token-leaked"), ("rechnugn kopie ", "invoice-copy"),
        ("sicherheitsl", "report-vulnerability"), ("passwort vergesen ", "forgotten-password"), ("HIVE_PROXY ", "company-proxy"),
        ("firewall 443 ", "firewall-hosts"), (".hiveignore ", "exclude-files"), ("e0432 rolle ", "roles"),
    ],
)  # fmt: skip
def test_umlauts_typos_half_words_and_commands_in_german(german, question, first):
    assert keys(question, "de")[:1] == [first]


def test_a_misspelt_word_is_mended_on_the_page(browse, german):
    page = browse(None).get("/help/search?q=Prüfprotokol+exportiern+&lang=de").markup
    assert "prüfprotokoll" in " ".join(link.text for link in page.all("a"))


def test_stop_words_alone_show_what_most_people_read(german):
    assert abroad.search(None, "wie ist das denn ", "de").is_popular
    assert abroad.search(None, "how do I ", "de").is_popular


def test_categories_and_orders_in_a_language_count_each_entry_once(german):
    found = abroad.search(None, "rechnungen kündigen ", "de")
    assert sum(found.categories.values()) == found.total == len({result.key for result in found.results})
    inside = abroad.search(None, "rechnungen kündigen ", "de", category="billing")
    assert (inside.total, inside.categories) == (found.categories["billing"], found.categories)
    newest = abroad.search(None, "rechnungen kündigen ", "de", sort="newest")
    assert {result.key for result in newest.results} == {result.key for result in found.results}


def test_what_is_no_answer_beside_the_best_of_the_other_language_is_left_out(german, faq, indexed):
    faq("Which words do menus have abroad?", "They say Einstellungen in German. " + "The rest is the same, with other letters. " * 4)
    indexed()
    asked = "Wie setze ich alle Einstellungen zurück?"
    assert "which-words-do-menus-have-abroad" in [result.key for result in finding.search(None, asked).results]
    found = keys(asked, "de")
    assert found[0] == "reset-settings"
    assert "which-words-do-menus-have-abroad" not in found


def test_past_the_last_page_is_the_last_page_as_in_english(german):
    asked = "rechnungen proxy install settings update key "
    first = abroad.search(None, asked, "de")
    assert first.pages > 1
    last, beyond = (abroad.search(None, asked, "de", page=page) for page in (first.pages, 15))
    assert (beyond.page, beyond.results, beyond.is_poor) == (last.page, last.results, False)
    assert len(beyond.results) == first.total - 10 * (first.pages - 1)


def test_two_languages_cost_four_statements_more_and_english_none(german, statements):
    with statements() as english:
        finding.search(None, "proxy settings ")
    with statements() as both:
        abroad.search(None, "proxy einrichten ", "de")
    assert len(both) <= len(english) + 4
    with statements() as again:
        abroad.search(None, "proxy settings ", "en")
    assert len(again) == len(english)


def test_other_phrases_in_a_language_have_its_texts_read_again(german):
    """To English these lines have the same phrase; to German they have not."""
    told = indexing.the_index().synonyms()
    assert not indexing.has_other_phrases(told)
    indexing.the_index().put((), synonyms=f"{told}proxy, gelbe lampe\n")
    assert indexing.has_other_phrases(f"{told}proxy, gelbe lampen\n")
    assert not indexing.has_other_phrases(f"{told}mirror, gelbe lampe\n")
