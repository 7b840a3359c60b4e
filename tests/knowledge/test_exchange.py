"""Knowledge as files: out and in byte for byte, whatever stands in them, and the rest where one of them is broken."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.knowledge.exchange import importing
from app.knowledge.exchange.exporting import files, write_zip
from app.knowledge.exchange.files import ArticleFile, Care, TranslationFile, compose_article, compose_translation, parse_article, parse_file
from app.knowledge.exchange.frontmatter import Unreadable, listed, quoted, split, unquoted, words_of
from app.knowledge.exchange.packages import MAX_FILE_BYTES, MAX_FILES, Package, from_folder, from_upload, from_zip
from app.knowledge.exchange.pieces import pieces
from app.knowledge.exchange.questions import FaqRow, compose_faqs, parse_faqs
from app.knowledge.models import Article, Faq
from app.knowledge.translations import queries as translations
from app.knowledge.translations.models import Translation
from app.knowledge.writing import pictures
from app.knowledge.writing.models import Redirect, Version
from app.knowledge.writing.queries import picture_for
from app.lib.errors import Invalid, NotFound
from app.lib.text import many_lines, one_line
from tests.knowledge.papers import PLAIN, packed
from tests.tickets.shared import PNG

ANY = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=80)
# Whatever means something in a head is likely in it.
ODD = st.text(st.sampled_from("\"'[],#-: a\\"), max_size=12)
LINE = st.one_of(ANY, ODD).map(one_line)
BODY = st.one_of(
    ANY, st.lists(st.sampled_from(["---", "title: x", "text", "", "```", "{% include 'x' %}", "- a"]), max_size=8).map("\n".join)
)


def taken(package, now, source="test"):
    """Import all of a package; what it did."""
    told = importing.Imported()
    for piece in pieces(package):
        told = told.join(piece.take_in(source=source, now=now))
    db.session.commit()
    return told


@given(
    title=LINE.filter(bool),
    summary=LINE,
    version=LINE,
    tags=st.lists(LINE.filter(lambda tag: tag and "," not in tag), max_size=5, unique=True),
    position=st.integers(-1_000_000, 1_000_000),
    body=BODY.map(many_lines).filter(str.strip),
    audience=st.sampled_from(["public", "customers", "enterprise", "staff"]),
    status=st.sampled_from(["published", "draft", "withdrawn"]),
    day=st.none() | st.dates(),
    owner=st.none() | st.sampled_from(["lead@hivetechs.example", "o'neill@x.example"]),
    redirects=st.lists(st.sampled_from(["user-guide/old", "faq/was-it, or not", "faq/ü"]), max_size=3, unique=True),
    rest=st.sampled_from(["", "author: Ada", "x-list:\n  - a\n  - b: c\n# said\nlayout: page", "weights: {a: 1}\nkeywords:\n- one"]),
)
def test_an_article_is_the_same_after_its_file(
    title, summary, version, tags, position, body, audience, status, day, owner, redirects, rest
):
    about = {
        "audience": audience,
        "position": position,
        "tags": tuple(tag[:60].strip() for tag in tags),
        "product_version": version[:60].strip(),
    }
    care = Care(owner, day, tuple(redirects))
    article = ArticleFile(
        "user-guide", "a-page", title, body, summary, reviewed_on=day, status=status, front_matter=rest, care=care, **about
    )
    if len(set(article.tags)) == len(article.tags):
        text = compose_article(article)
        assert parse_article("user-guide", "a-page", text) == article
        assert compose_article(parse_article("user-guide", "a-page", text)) == text


@given(title=LINE.filter(bool), summary=LINE, body=BODY.map(many_lines).filter(str.strip), source=st.sampled_from(["", "0123456789abcdef"]))
def test_a_translation_is_the_same_after_its_file(title, summary, body, source):
    told = TranslationFile("user-guide", "a-page", "de", title, body, summary, "draft", source)
    assert parse_file("user-guide", "a-page.de", compose_translation(told)) == told


@given(ANY)
def test_any_text_is_an_article_or_told_to_be_none_with_its_line(text):
    for given_text in (text, f"---\n{text}\n---\nBody", f"---\ntitle: x\n---\n{text}"):
        try:
            article = parse_article("user-guide", "a-page", given_text)
        except Unreadable as wrong:
            assert 1 <= wrong.line <= given_text.count("\n") + 1
            continue
        assert parse_article("user-guide", "a-page", compose_article(article)) == article


@given(LINE)
def test_a_value_is_read_as_it_was_written(text):
    assert unquoted(quoted(text)) == text


@given(st.lists(LINE.filter(bool), max_size=5))
def test_a_list_is_read_as_it_was_written(words):
    assert words_of(unquoted(listed(words))) == words


@pytest.mark.parametrize(
    ("head", "key", "value"),
    [
        ("title: A: b", "title", "A: b"),
        ('title: "A \\"b\\" \\u00fc"', "title", 'A "b" ü'),
        ("title: 'it''s'", "title", "it's"),
        ('title: "a" and "b"', "title", '"a" and "b"'),
        ("title:   spaced   ", "title", "spaced"),
        ("title: # no comment", "title", "# no comment"),
        ("title: yes", "title", "yes"),
        ("title : x", "title", "x"),
        ("# a remark\ntitle: x", "title", "x"),
    ],
)
def test_what_others_write_is_read_as_they_mean_it(head, key, value):
    assert split(f"---\n{head}\n---\nBody", ["title"])[0].value(key) == value


@pytest.mark.parametrize("tags", ["tags: a, b c", "tags: [a, b c]", 'tags: ["a", "b c"]', "tags:\n  - a\n  - b c", "tags:\n- a\n- 'b c'"])
def test_a_list_may_be_written_in_any_way(tags):
    assert split(f"---\ntitle: x\n{tags}\n---\nBody", ["title", "tags"])[0].words("tags") == ["a", "b c"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("no head", 1, "front matter"),
        ("---\ntitle: x", 1, "front matter"),
        ("---\ntitle: x\ntitle: y\n---\nB", 3, "twice"),
        ("---\ntitle: x\nwhat is this\n---\nB", 3, "none of the front matter"),
        ("---\ntitle: x\n  - item\n---\nB", 3, "none of the front matter"),
        ("---\ntitle: x\naudience: world\n---\nB", 3, "audience"),
        ("---\ntitle: x\n\nposition: 1e3\n---\nB", 4, "position"),
        ("---\ntitle: x\nreview: soon\n---\nB", 3, "review date"),
        ("---\ntitle: x\nstatus: gone\n---\nB", 3, "status"),
        ("---\ntitle: x\n---\n \n", 2, "missing"),
        ("---\nsummary: " + "s" * 2000 + "\ntitle: x\n---\nB", 2, "too long"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, line, why):
    with pytest.raises(Unreadable, match=why) as told:
        parse_article("user-guide", "a-page", text)
    assert told.value.line == line


def test_a_file_of_windows_with_a_mark_at_its_beginning_is_the_same_article():
    assert parse_article("user-guide", "zebras", "\ufeff" + PLAIN.replace("\n", "\r\n")) == parse_article("user-guide", "zebras", PLAIN)


def test_what_looks_like_an_include_is_text(tmp_path):
    (tmp_path / "secret.txt").write_text("hidden words")
    lines = [f"{{% include '{tmp_path}/secret.txt' %}}", f"!include {tmp_path}/secret.txt", "{{include: a-page}}", "<<: *loop"]
    body = "\n".join(lines * 50)
    assert parse_article("user-guide", "a-page", f"---\ntitle: x\n---\n{body}").body == body
    head, _ = split(f"---\ntitle: x\nextra: !include {tmp_path}/secret.txt\nloop: &a [*a]\n---\nB", ["title"])
    assert head.rest == f"extra: !include {tmp_path}/secret.txt\nloop: &a [*a]"


def test_everything_goes_out_and_in_byte_for_byte(written, now):
    before = dict(files())
    assert "redirects: user-guide/zebras\nauthor: Ada" in before["user-guide/zebra.md"]
    assert "owner: " in before["user-guide/zebra.md"]
    assert before["user-guide/zebra.de.md"].startswith("---\ntitle: Zebras\nsummary: Alles.\nlocale: de\nsource: ")
    package = Package()
    for path, text in before.items():
        package.take(path, text.encode())
    assert package.problems == []
    told = taken(package, now)
    assert (told.added, told.changed, told.remarks) == (0, 0, [])
    for table in (Translation, Redirect, Version, Article, Faq):
        db.session.execute(delete(table))
    db.session.commit()
    assert taken(package, now).remarks == []
    assert dict(files()) == before


@pytest.mark.parametrize(
    "text",
    [PLAIN, PLAIN.replace("tags: zebra, sleep", "tags:"), PLAIN.replace("---\n## Sleep", "status: draft\nlayout: page\n---\n---\n\nx")],
)
def test_a_canonical_file_comes_out_as_it_went_in(app, now, text):
    package = Package()
    package.take("user-guide/zebras.md", text.encode())
    taken(package, now)
    assert dict(files())["user-guide/zebras.md"] == text


def test_a_text_that_a_file_replaces_is_kept_as_a_version(written, now):
    package = Package()
    package.take("user-guide/zebra.md", PLAIN.replace("Standing.", "Lying.").encode())
    assert taken(package, now).changed == 1
    bodies = [
        row.fields["body"] for row in db.session.scalars(select(Version).where(Version.kind == "article", Version.entry_id == written.id))
    ]
    assert "## Sleep\n\nStanding." in bodies
    assert written.owner_id is not None
    assert translations.versions_of(db.session.get(Article, written.id))[1].behind == 1


def test_a_translation_of_an_unknown_original_counts_as_behind(written, now):
    package = Package()
    package.take("user-guide/zebra.fr.md", b"---\ntitle: Z\nsource: 0123456789abcdef\n---\nB\n")
    package.take("user-guide/zebra.es.md", b"---\ntitle: Z\n---\nB\n")
    package.take("user-guide/nothing.fr.md", b"---\ntitle: Z\n---\nB\n")
    told = taken(package, now)
    assert told.remarks == [("user-guide/nothing.fr.md", "left out, since there is no user-guide/nothing.md that it translates")]
    late = {version.locale: version.behind for version in translations.versions_of(written)}
    assert late == {"en": 0, "de": 0, "es": 0, "fr": written.text_version}
    assert "source: 0123456789abcdef" in dict(files())["user-guide/zebra.fr.md"]


def test_what_cannot_be_followed_is_told_and_the_rest_is_done(written, people, now):
    care = f"owner: {people.user.email}\nredirects: user-guide/zebra, user-guide/zebras, faq/old-one\n"
    package = Package()
    package.take("user-guide/other.md", PLAIN.replace("---\n##", care + "---\n##").encode())
    told = taken(package, now)
    assert [why for _, why in told.remarks] == [
        f"{people.user.email} is nobody at the desk, so the owner is not set",
        "user-guide/zebra is the address of an entry, so nothing leads away from it",
        "the old address user-guide/zebras leads to another entry already",
    ]
    assert "redirects: faq/old-one" in dict(files())["user-guide/other.md"]


def test_a_folder_with_broken_files_gives_the_others(tmp_path):
    (tmp_path / "user-guide").mkdir()
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "user-guide" / "good.md").write_text(PLAIN)
    (tmp_path / "user-guide" / "latin.md").write_bytes(PLAIN.replace("All", "\xc4ll").encode("latin-1"))
    (tmp_path / "user-guide" / "large.md").write_text("x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "user-guide" / "bad.md").write_text("---\ntitle: x\nnonsense\n---\nB")
    (tmp_path / "nowhere" / "a.md").write_text(PLAIN)
    (tmp_path / "faq.json").write_text('[\n{"question": "One?", "answer": "A."},\n{"question": 5}\n]')
    package = from_folder(tmp_path)
    assert [one.slug for one in package.articles] == ["good"]
    assert len(package.questions) == 1
    told = [str(problem) for problem in package.problems]
    assert told[0] == "nowhere/a.md:1: nowhere/a is not an address of ours"
    assert told[1].startswith("user-guide/bad.md:3: ")
    assert told[2] == f"user-guide/large.md:1: larger than {MAX_FILE_BYTES:,} bytes"
    assert told[3].startswith("user-guide/latin.md:3: not UTF-8")
    assert told[4] == "faq.json:3: question or answer is missing"


def test_a_zip_is_read_whatever_folder_is_around_it(written):
    out = io.BytesIO()
    count = write_zip(out)
    package = from_zip(out.getvalue())
    assert (package.total, package.problems) == (count - 1 + len(package.questions), [])
    around = packed(
        [
            ("repo-main/docs/user-guide/zebras.md", PLAIN),
            ("repo-main/README.md", "hello"),
            ("__MACOSX/x/y.md", "x"),
            ("../../etc/user-guide/b.md", PLAIN),
        ]
    )
    assert [one.path for one in from_zip(around).articles] == ["user-guide/zebras.md", "user-guide/b.md"]
    again = io.BytesIO()
    write_zip(again)
    assert again.getvalue() == out.getvalue()


def test_bombs_and_broken_zips_are_refused():
    bomb = packed([("user-guide/a.md", b"0" * (MAX_FILE_BYTES + 1))])
    assert len(bomb) < 10_000
    with pytest.raises(Invalid, match="unpacks to more"):
        from_zip(bomb)
    with pytest.raises(Invalid, match="unpacks to more than 60 MB"):
        from_zip(packed([(f"user-guide/a{number}.md", b"0" * 999_999) for number in range(62)]))
    with pytest.raises(Invalid, match="holds more than"):
        from_zip(packed([(f"user-guide/a{number}.md", b"") for number in range(MAX_FILES + 1)]))
    for broken in (b"PK\x03\x04nonsense", bomb[:200], bomb[:-30]):
        with pytest.raises(Invalid):
            from_upload("x.zip", broken)


def test_a_zip_that_lies_about_a_size_is_read_as_far_as_its_bound():
    data = bytearray(packed([("user-guide/a.md", b"0" * (MAX_FILE_BYTES * 3))]))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")
    with pytest.raises(Invalid):
        from_zip(bytes(data))


@pytest.mark.parametrize("name", ["x.exe", "x", "x.txt"])
def test_other_files_are_refused(name):
    with pytest.raises(Invalid, match="Send a zip"):
        from_upload(name, b"hello")


def test_a_single_file_of_either_kind_is_taken():
    assert from_upload("user-guide--zebras.md", PLAIN.encode()).articles[0].path == "user-guide/zebras.md"
    assert len(from_upload("faq.json", b'[{"question": "One?", "answer": "A."}]').questions) == 1


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), "question": TEXT, "answer": TEXT},
        optional={
            "owner": st.sampled_from(["a@b.example", ""]),
            "review": st.dates().map(str),
            "redirects": st.lists(st.sampled_from(["faq/a", "faq/b"]), max_size=2),
            "translations": st.dictionaries(st.sampled_from(["de", "fr"]), st.fixed_dictionaries({"question": TEXT, "answer": TEXT})),
            "status": st.sampled_from(["draft", "published", "withdrawn"]),
        },
    ),
    max_size=6,
)


@given(ROWS)
def test_questions_are_the_same_after_their_file(rows):
    once = parse_faqs(json.dumps(rows)).rows
    text = compose_faqs(once)
    assert compose_faqs(parse_faqs(text).rows) == text


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["question", "answer", "id", "tags", "translations", "de"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_is_read_or_told_to_be_wrong(value):
    parsed = parse_faqs(json.dumps([value, {"question": "Good?", "answer": "Yes."}]))
    assert [row.question for row in parsed.rows][-1:] == ["Good?"]
    compose_faqs(parsed.rows).encode()


def test_what_comes_in_shows_its_pictures_and_takes_its_address_back(app, people, now):
    picture = pictures.add(FileStorage(io.BytesIO(PNG), "stripes.png"), actor=people.lead, now=now)
    db.session.add(Redirect(path="faq/zebras", kind="faq", entry_id=1, created_at=now))
    with pytest.raises(NotFound):
        picture_for(None, picture.ref)
    row = FaqRow("zebras", "Zebras?", f"![Stripes](/help/pictures/{picture.ref})", "cli")
    importing.import_faqs([row], source="test", now=now)
    assert picture_for(None, picture.ref).id == picture.id
    assert db.session.scalar(select(func.count()).select_from(Redirect).where(Redirect.path == "faq/zebras")) == 0
    importing.import_faqs([replace(row, answer="No picture any more.")], source="test", now=now)
    with pytest.raises(NotFound):
        picture_for(None, picture.ref)


def test_languages_that_nothing_is_translated_into_and_stray_files_are_named(tmp_path):
    (tmp_path / "user-guide").mkdir()
    for name in ("user-guide/zebras.md", "stray.md", "README.md"):
        (tmp_path / name).write_text(PLAIN)
    for locale in ("de", "xx"):
        (tmp_path / "user-guide" / f"zebras.{locale}.md").write_text("---\ntitle: Z\n---\nB\n")
    package = from_folder(tmp_path).only_in(("de",))
    assert [file.locale for file in package.translations] == ["de"]
    assert [problem.path for problem in package.problems] == ["stray.md", "user-guide/zebras.xx.md"]
    around = io.BytesIO()
    with zipfile.ZipFile(around, "w") as archive:
        archive.writestr("../../evil.md", PLAIN)
    assert [problem.path for problem in from_zip(around.getvalue()).problems] == ["../../evil.md"]
