"""Texts of other languages: their words and stems, and that what is found in one has nothing to do with another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symspellpy import SymSpell

from app.search import german
from app.search.analysis import terms, words
from app.search.documents import Document, Query
from app.search.highlight import Highlighter
from app.search.index import Index
from app.search.languages import ENGLISH, language
from app.search.query import plan
from tests.search.conftest import EVERYBODY, TEXTS, document
from tests.search.test_index import HOSTILE

LANGUAGES = ["da", "de", "es", "fi", "fr", "hu", "it", "nb", "nl", "pt", "ro", "ru", "sv", "tr", "cs", "pl", "ja", "ar", "xx"]
GERMANS, FRENCH, ARABS = (frozenset({f"public@{locale}"}) for locale in ("de", "fr", "ar"))


def translation(number, title, body="", *, locale="de", tags=()):
    """A text in another language."""
    return Document(f"faq@{locale}", number, title, body, tuple(tags), "cli", f"public@{locale}", 0, "1", locale)


ABROAD = [
    translation(
        1, "Wie setze ich meinen API-Schlüssel zurück?", "Mit `hive init --no-cache` entsteht ein neuer. Fehler E0432 verschwindet."
    ),
    translation(2, "Sicherungskopien anlegen", "Die Straße zum Ziel: größere Dateien werden zuletzt kopiert."),
    translation(3, "Proxy einrichten", "Den Server des Netzwerks eintragen.", tags=["network"]),
    translation(4, "Gelöschte Konten wiederherstellen", "Binnen 30 Tagen, danach ist das Konto fort."),
    translation(5, "How do I install Hive?", "Das Programm in ein Terminal einfügen."),
    translation(6, "L'installation a échoué", "Vérifiez la clé, puis réinstallez l'œuvre.", locale="fr"),
    translation(7, "Où sont les factures ?", "Les reçus sont dans les réglages du compte.", locale="fr"),
    translation(8, "كيف أغير كلمة المرور", "افتح الإعدادات ثم اختر hive login", locale="ar"),
]


@pytest.fixture(scope="module")
def abroad(tmp_path_factory):
    """The index of English texts and those in other languages."""
    made = Index(tmp_path_factory.mktemp("abroad") / "index")
    made.rebuild([*TEXTS, *ABROAD])
    return made


def ask(index, text, audiences=GERMANS, locale="de", **more):
    """What is found in one language by whoever asks in English, too."""
    return index.find(Query(text, audiences, locale=locale, beside=(EVERYBODY, "en"), **more))


def found(index, text, audiences=GERMANS, locale="de"):
    return [hit.id for hit in ask(index, text, audiences, locale).hits]


@pytest.mark.parametrize(
    ("locale", "forms"),
    [
        ("de", "Rechnung Rechnungen"), ("de", "löschen lösche gelöscht gelöschten"), ("de", "einrichten eingerichtet einzurichten"),
        ("de", "installieren installiert Installation"), ("de", "Größe Grösse"), ("fr", "réinitialiser réinitialisé réinitialisation"),
        ("fr", "facture factures"), ("es", "configuración configuracion configuraciones configurar"), ("it", "connessione connessioni"),
        ("pt", "instalação instalações instalacao"), ("nl", "sleutel sleutels"), ("sv", "nycklar nycklarna"), ("da", "nøgle nøgler"),
        ("nb", "feilen feil"), ("fi", "avaimet avaimen"), ("hu", "kulcs kulcsok"), ("ro", "factura facturile"), ("ru", "ключ ключи ключом"),
    ],
)  # fmt: skip
def test_the_forms_of_a_word_have_one_stem(locale, forms):
    read = language(locale)
    assert len({read.stem(read.lower(form)) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("zurückgesetzten", "zurücksetzen"), ("hinzugefügt", "hinzufügen"), ("hinzufügen", "hinzufügen"), ("aufgerufene", "aufrufen"),
        ("auszutauschen", "austauschen"), ("aktualisierungen", "aktualisieren"), ("gespeichert", "speicheren"),
        ("gerät", "gerät"), ("gefunden", "gefunden"), ("station", "station"), ("zugang", "zugang"), ("geben", "geben"),
    ],
)  # fmt: skip
def test_german_participles_and_nouns_are_forms_of_their_verbs(word, plain):
    assert german.plain_form(word) == plain


@pytest.mark.parametrize(("locale", "written", "typed"), [("tr", "KAPI", "kapı"), ("cs", "klíče", "klice"), ("pl", "łódź", "lodz"), ("xx", "ñandú", "nandu")])  # fmt: skip
def test_languages_without_stems_are_read_without_accents(locale, written, typed):
    read = language(locale)
    assert read.stem(read.lower(written)) == read.stem(read.lower(typed))
    assert read.stem(read.lower(f"{written}lar")) != read.stem(read.lower(written))


@pytest.mark.parametrize("locale", LANGUAGES)
@given(word=st.text(st.characters(categories=["L", "N", "M"]), min_size=1, max_size=14))
def test_any_word_has_a_stem_and_keys_that_are_typed_as_they_are(locale, word):
    read = language(locale)
    word = read.lower(word)
    stem, keys = read.stem(word), read.keys(word)
    assert [read.keys(typed)[0] for typed in (stem, *keys)] == [stem, *keys]
    assert " " not in stem
    assert bool(stem) == bool(keys[0])


def test_apostrophes_part_words_and_ideographs_are_pairs():
    assert words("L'installation d’aujourd'hui", language("fr")) == {"installation", "aujourd", "hui"}
    assert words("geht's", language("de")) == {"geht"}
    assert words("検索エンジン", language("ja")) == {"検索", "索エ", "エン", "ンジ", "ジン"}
    assert {"--no-cache", "nocache", "cache"} <= words("mit --no-cache", language("de"))


@given(st.text(max_size=200))
def test_a_flat_text_is_as_long_as_it_was(text):
    assert len(language("de").flat(text)) == len(text)
    assert ENGLISH.flat(text) is text


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("schlüssel ", 1), ("SCHLÜSSEL ", 1), ("schlussel ", 1), ("schluessel ", 1), ("schlüssels ", 1), ("zurückgesetzte Schlüssel ", 1),
        ("setze Schlüssel zurück ", 1), ("hive init ", 1), ("--no-cache ", 1), ("e0432 ", 1), ("schl", 1), ("schlue", 1), ("schlüsl ", 1),
        ("Schlüsselbund ", 1), ("Sicherungskopie ", 2), ("sicherung kopie", 2), ("Kopie ", 2), ("strasse ", 2), ("groesse ", 2),
        ("richte den proxy ein ", 3), ("eingerichteter Proxy ", 3), ("network ", 3), ("konto löschen ", 4), ("loeschen ", 4), ("geloscht ", 4),
    ],
)  # fmt: skip
def test_the_right_german_text_comes_first(abroad, question, first):
    assert found(abroad, question)[:1] == [first]


@pytest.mark.parametrize(
    ("question", "first"),
    [("installer ", 6), ("l'installation ", 6), ("installation échouée ", 6), ("cle ", 6), ("oeuvre ", 6), ("facture ", 7), ("reçu ", 7), ("recus ", 7), ("réglage", 7), ("regla", 7)],
)  # fmt: skip
def test_the_right_french_text_comes_first(abroad, question, first):
    assert found(abroad, question, FRENCH, "fr")[:1] == [first]


def test_what_is_read_from_right_to_left_is_found_and_marked_in_order(abroad):
    answer = ask(abroad, "كلمة المرور hive ", ARABS, "ar")
    assert [hit.id for hit in answer.hits] == [8]
    title = ABROAD[7].title
    assert [title[start:end] for start, end in answer.highlighter.spans(title)] == ["كلمة", "المرور"]
    assert found(abroad, "المر", ARABS, "ar") == [8]


@pytest.mark.parametrize(("question", "meant"), [("api schlüsel ", "api schlüssel"), ("geloscte konten ", "gelöschte konten"), ("Sicherungskopein ", "sicherungskopien"), ("proxy ", None)])  # fmt: skip
def test_a_misspelt_word_is_mended_as_it_is_written(abroad, question, meant):
    assert ask(abroad, question).did_you_mean == meant


@pytest.mark.parametrize("question", ["wie ist das ", "fur uber ", "für über", "und the oder and "])
def test_stop_words_of_either_language_ask_nothing(abroad, question):
    assert ask(abroad, question + " ").is_empty
    english = abroad.find(Query(question + " ", EVERYBODY, beside=(GERMANS, "de")))
    assert english.is_empty


def test_marks_are_on_the_forms_that_stand_there(abroad):
    highlighter = ask(abroad, "schlussel kopie groesse ").highlighter
    for text, marked in ((ABROAD[0].title, ["API-Schlüssel"]), (ABROAD[1].body, ["größere", "kopiert"])):
        assert [text[start:end] for start, end in highlighter.spans(text)] == marked
    long = "Anderes. " * 60 + "Hier liegen die Schlüssel." + " Und mehr." * 60
    piece, spans = highlighter.snippet(long)
    assert [piece[start:end] for start, end in spans] == ["Schlüssel"]


def test_one_language_marks_nothing_of_another():
    assert Highlighter(["rechnung"], language("de")).spans("Rechnungen") == [(0, 10)]
    assert Highlighter(["rechnung"]).spans("Rechnungen") == []


@pytest.mark.parametrize("question", ["install", "instal hive", "cahce ", "how long are answers cached ", "stagetimeout", "proxi", "what does E0432 mean ", "die gift ", "quorom", "consens", "xyzzy"])  # fmt: skip
def test_translations_change_nothing_for_who_reads_english(abroad, index, question):
    """Neither the plan of a question nor its answers, their order, relevance and counts."""
    with index.lock, abroad.lock:
        plans = [plan(question, one.current().lens(EVERYBODY)) for one in (index, abroad)]
    assert plans[0] == plans[1]
    before, after = (one.find(Query(question, EVERYBODY)) for one in (index, abroad))
    assert [hit[:3] for hit in before.hits] == [hit[:3] for hit in after.hits]
    assert (before.categories, before.did_you_mean) == (after.categories, after.did_you_mean)


def test_each_language_is_weighed_and_spelt_by_its_own_texts(abroad, tmp_path):
    """A text with an English title among German ones is read as German; no English word mends a German one, or the other way."""
    assert found(abroad, "install ") == [5]
    assert ask(abroad, "sicherung ").did_you_mean is None
    assert abroad.find(Query("sicherungen ", EVERYBODY)).hits == ()
    alone = Index(tmp_path / "alone")
    alone.rebuild(ABROAD)
    for question in ("schlüssel ", "proxy ", "konten "):
        assert [hit[:3] for hit in ask(alone, question).hits] == [hit[:3] for hit in ask(abroad, question).hits]


def test_words_known_in_one_language_are_not_guessed_at_in_the_other(tmp_path):
    index = Index(tmp_path)
    index.rebuild(
        [
            document(1, "Site of a shop"),
            document(2, "Meaning of words"),
            translation(3, "Seite drucken"),
            translation(4, "Meine Fenster"),
        ]
    )
    asked = Query("seite fenster ", EVERYBODY, beside=(GERMANS, "de"))
    assert index.find(asked).hits == ()
    assert [hit.id for hit in index.find(Query("seite ", EVERYBODY)).hits] == [1], "it is one edit from site"
    assert [hit.id for hit in index.find(Query("shoop ", EVERYBODY, beside=(GERMANS, "de"))).hits] == [1]


def test_what_english_would_only_guess_at_is_guessed_at_in_the_readers_own_language(tmp_path):
    index = Index(tmp_path)
    index.rebuild([document(1, "Help center"), translation(2, "Fenster öffnen")])
    assert [hit.id for hit in index.find(Query("fenter ", EVERYBODY)).hits] == [1], "it is one edit from center"
    answer = ask(index, "fenter ")
    assert ([hit.id for hit in answer.hits], answer.did_you_mean) == ([2], "fenster")


@pytest.mark.parametrize("question", ["setze mein Kennwort zurück ", "Wie setze ich ein Kennwort zurueck? "])
def test_a_verb_whose_front_parted_from_it_is_another_than_the_verb_alone(tmp_path, question):
    index = Index(tmp_path)
    index.rebuild([translation(1, "Kennwort setzen"), translation(2, "Kennwort zurücksetzen")])
    assert found(index, question)[:1] == [2]


def test_a_word_that_says_nothing_elsewhere_is_the_status_of_a_service_here(tmp_path):
    index = Index(tmp_path)
    index.rebuild([translation(1, "¿Cuál es el estado del servicio?", locale="es")])
    assert found(index, "estado ", frozenset({"public@es"}), "es") == [1]


def test_the_words_of_editors_count_in_every_language(tmp_path):
    index = Index(tmp_path)
    index.rebuild([translation(1, "Zugangscodes erneuern"), document(2, "Tokens")], synonyms="zugangscode, losung, token\n")
    assert found(index, "Losungen ") == [1]
    assert found(index, "tokens ") == [1]
    assert [hit.id for hit in index.find(Query("losung ", EVERYBODY)).hits] == [2]
    assert terms("ein langes Wort", index.current().lens(GERMANS, "de").synonyms, language("de")) == ["lang", "wort"]


def test_what_is_put_joins_the_vocabulary_of_its_language(tmp_path):
    index = Index(tmp_path)
    index.rebuild(TEXTS)
    index.put([translation(9, "Erdmännchen füttern")])
    assert found(index, "erdmanchen ") == [9]
    index.put([document(10, "Zebras")])
    assert found(index, "erdmaennch") == [9]


def test_a_language_that_was_not_asked_for_a_while_learns_only_what_is_new(tmp_path, monkeypatch):
    index = Index(tmp_path)
    index.rebuild([document(1, "Zebras"), translation(2, "Erdmännchen füttern")])
    assert found(index, "erdmanchen ") == [2]
    for number in (3, 4):
        index.put([document(number, "Meerkats")])
        assert index.find(Query("meerkat ", EVERYBODY)).hits
    index.put([translation(5, "Nashörner zählen")])
    learnt, learn = [], SymSpell.create_dictionary_entry
    monkeypatch.setattr(SymSpell, "create_dictionary_entry", lambda self, word, count: learnt.append(word) or learn(self, word, count))
    assert found(index, "nashorne ") == [5]
    assert found(index, "erdmanchen ") == [2]
    assert "nashorner" in learnt
    assert "erdmannchen" not in learnt


def test_misspelt_questions_find_what_was_made_ready_while_others_found(tmp_path, monkeypatch):
    index, learnt, learn = Index(tmp_path), [], SymSpell.create_dictionary_entry

    def noted(self, word, count):
        assert not index.lock.locked(), "whoever asks now has to wait"
        learnt.append(word)
        return learn(self, word, count)

    index.rebuild([document(1, "Zebras"), document(2, "Meerkats"), translation(3, "Erdmännchen füttern")])
    assert found(index, "füttern ") == [3], "a question without a mistake makes nothing ready"
    monkeypatch.setattr(SymSpell, "create_dictionary_entry", noted)
    index.warm()
    assert {"meerkats", "erdmannchen"} <= set(learnt)
    del learnt[:]
    index.warm()
    assert [hit.id for hit in index.find(Query("meerkts ", EVERYBODY)).hits] == [2]
    assert found(index, "erdmanchen ") == [3]
    assert learnt == []


def test_a_language_that_was_ready_once_waits_for_whoever_asks_next(tmp_path):
    index = Index(tmp_path)
    index.rebuild([document(1, "Zebras"), translation(2, "Erdmännchen füttern")])
    index.warm()
    index.put([document(3, "Meerkats")])
    index.warm()
    assert set(index.current().spellings) == {"en"}
    assert found(index, "erdmanchen ") == [2]


def test_a_vocabulary_that_got_no_word_is_not_written_again(tmp_path):
    index = Index(tmp_path)
    index.rebuild([document(1, "Zebras"), translation(2, "Erdmännchen füttern")])
    index.put([document(3, "Meerkats")])
    files = {locale: list(index.home.glob(f"generation-*/vocabulary{locale}.txt")) for locale in ("", ".de")}
    assert {locale: len(paths) for locale, paths in files.items()} == {"": 2, ".de": 2}
    assert {locale: len({path.stat().st_ino for path in paths}) for locale, paths in files.items()} == {"": 2, ".de": 1}


@pytest.mark.parametrize("question", HOSTILE)
def test_hostile_questions_fail_in_no_language(abroad, question):
    for audiences, locale in ((GERMANS, "de"), (FRENCH, "fr"), (ARABS, "ar")):
        answer = ask(abroad, question, audiences, locale)
        assert all(0 <= hit.relevance <= 1 for hit in answer.hits)
        english = abroad.find(Query(question, EVERYBODY, beside=(audiences, locale)))
        assert 5 not in [hit.id for hit in english.hits], "it is for staff"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_can_be_asked_and_marked_in_any_language(abroad, text):
    for audiences, locale in ((GERMANS, "de"), (FRENCH, "fr")):
        answer = ask(abroad, text, audiences, locale)
        for title in (text, ABROAD[1].body):
            spans = answer.highlighter.spans(title)
            assert all(0 <= start < end <= len(title) for start, end in spans)
            answer.highlighter.snippet(title * 3, 60)


@pytest.mark.parametrize(
    ("locale", "title", "question", "marked"),
    [
        ("ja", "検索エンジンの設定", "エンジンの設定 ", "エンジンの設定"), ("zh", "如何重置密码", "重置密码 ", "重置密码"), ("tr", "Anahtarımı nasıl sıfırlarım?", "anahtarimi ", "Anahtarımı"),
        ("cs", "Obnovení klíče", "klice ", "klíče"), ("he", "איך לאפס סיסמה", "סיסמה ", "סיסמה"), ("ru", "Сброс ключей API", "ключ ", "ключей"),
        ("nb", "Tilbakestille nøkler", "noekkel nøkler ", "nøkler"), ("pl", "Żądanie usługi", "zadanie ", "Żądanie"), ("ko", "비밀번호 재설정", "비밀번호 ", "비밀번호"),
    ],
)  # fmt: skip
def test_each_script_is_found_and_marked_where_it_stands(tmp_path, locale, title, question, marked):
    index = Index(tmp_path)
    index.rebuild([document(1, "Something else"), translation(2, title, locale=locale), translation(3, "42", locale=locale)])
    answer = ask(index, question, frozenset({f"public@{locale}"}), locale)
    assert [hit.id for hit in answer.hits] == [2]
    spans = answer.highlighter.spans(title)
    assert title[spans[0][0] : spans[-1][1]] == marked
