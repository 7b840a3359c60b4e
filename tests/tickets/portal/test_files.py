"""Files: their names, what they are, where they lie, who gets them, how much anybody may upload."""

import io
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.lib.errors import Gone, Invalid
from app.tickets import files, jobs, uploads
from app.tickets.models import Attachment, StagedFile
from tests import factories
from tests.tickets.shared import PNG, staged

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.domain)</script>"
GIF_AND_SCRIPT = b"GIF89a/*" + b"\0" * 8 + b"*/=1;alert(1)//<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/absolute/a.log", "a.log"),
        (".htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ("nul\x00byte.log", "nulbyte.log"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('quo"te<b>.txt', "quo_te_b_.txt"),
        ("Ähre – 日本.log", "Ähre – 日本.log"),
        ("", "file"),
        (None, "file"),
        ("...", "file"),
        ("x" * 300 + ".log", "x" * 116 + ".log"),
    ],
)
def test_names_lose_what_is_dangerous(given_name, cleaned):
    assert files.clean_name(given_name) == cleaned


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_every_system_bears(name):
    cleaned = files.clean_name(name)
    assert 0 < len(cleaned) <= files.MAX_NAME
    assert not re.search(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]', cleaned)
    assert not cleaned.startswith(".")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
        (b"GIF89a" + b"\0" * 20, "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7 <script>", "application/pdf"),
        (b"PK\x03\x04rest", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"\0" * 257 + b"ustar\0", "application/x-tar"),
        (SVG, "text/plain"),
        (HTML, "text/plain"),
        (b"#!/bin/sh\nrm -rf /", "text/plain"),
        ("Grüße\n".encode(), "text/plain"),
        (b"\x1b[31merror\x1b[0m\n", "text/plain"),
        ("log".encode("utf-16"), "text/plain"),
        (b"MZ\x90\0\x03", "application/octet-stream"),
        (b"abc\0def", "application/octet-stream"),
        (b"\xfe\xed\xfa\xce", "application/octet-stream"),
    ],
)
def test_the_content_says_what_a_file_is(content, kind):
    assert files.media_type(content, whole=True) == kind


def test_a_long_text_is_cut_between_any_two_bytes_of_a_character():
    text = ("ü€😀" * 2000).encode()
    assert {files.media_type(text[: files.HEAD + cut][: files.HEAD], whole=False) for cut in range(4)} == {"text/plain"}
    assert {files.media_type(b"a" * cut + text[: files.HEAD - cut], whole=False) for cut in range(4)} == {"text/plain"}


@given(st.binary(max_size=600))
def test_nothing_that_carries_script_is_ever_a_type_that_runs(content):
    assert files.media_type(content, whole=True) not in {"text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"}


def test_bytes_lie_under_a_random_key_and_only_for_us(app, now):
    stored = files.store(io.BytesIO(b"hello"), 100)
    path = files.existing(stored.key)
    assert path.read_bytes() == b"hello" and path.stat().st_mode & 0o077 == 0
    assert (stored.size_bytes, stored.media_type, len(stored.key)) == (5, "text/plain", 40)
    assert "static" not in path.parts
    files.remove(stored.key)
    files.remove(stored.key)
    with pytest.raises(Gone):
        files.existing(stored.key)


@pytest.mark.parametrize("content", [b"", b"x" * 101])
def test_an_empty_or_too_large_file_leaves_nothing_behind(app, content):
    before = {p for p in files.root().rglob("*") if p.is_file()} if files.root().exists() else set()
    with pytest.raises(Invalid):
        files.store(io.BytesIO(content), 100)
    assert {p for p in files.root().rglob("*") if p.is_file()} == before


def test_a_message_takes_so_many_files(people, now):
    sent = [FileStorage(io.BytesIO(b"x"), filename=f"{n}.log") for n in range(12)]
    received = uploads.receive(people.user, [], sent, now=now)
    assert len(received.kept) == uploads.MAX_FILES
    assert received.problems == (
        "“10.log” was left out, since a message takes 10 files.",
        "“11.log” was left out, since a message takes 10 files.",
    )


def test_a_wrong_file_does_not_lose_the_others(people, now):
    sent = [FileStorage(io.BytesIO(content), filename=name) for content, name in ((b"", "empty.log"), (b"x", "good.log"))]
    received = uploads.receive(people.user, [], sent, now=now)
    assert [file.name for file in received.kept] == ["good.log"]
    assert received.problems == ("“empty.log” is empty.",)


def test_a_staged_file_is_its_owners_alone(people, now):
    file = staged(people.user, now)
    theirs = uploads.receive(people.stranger, [file.ref], [], now=now)
    assert theirs.kept == () and theirs.is_missing and theirs.problems
    assert uploads.receive(people.user, [file.ref, file.ref], [], now=now).kept == (file,)


def test_taking_a_file_off_removes_its_bytes(people, now):
    file = staged(people.user, now)
    assert uploads.receive(people.user, [file.ref], [], now=now, without=file.ref).kept == ()
    with pytest.raises(Gone):
        files.existing(file.storage_key)


def test_nobody_takes_off_anothers_file(people, now):
    file = staged(people.user, now)
    uploads.receive(people.stranger, [file.ref], [], now=now, without=file.ref)
    assert files.existing(file.storage_key)


def test_the_quota_counts_what_waits_and_what_was_sent_within_the_hour(people, now, monkeypatch):
    monkeypatch.setattr(uploads, "HOUR_MAX_FILES", 2)
    factories.ticket(people.user, files=[staged(people.user, now)])
    staged(people.user, now)
    refused = uploads.receive(people.user, [], [FileStorage(io.BytesIO(b"x"), filename="c.log")], now=now)
    assert refused.kept == () and "within the hour" in refused.problems[0]
    assert uploads.receive(people.colleague, [], [FileStorage(io.BytesIO(b"x"), filename="c.log")], now=now).kept
    later = now + timedelta(minutes=61)
    assert uploads.receive(people.user, [], [FileStorage(io.BytesIO(b"x"), filename="c.log")], now=later).kept


def test_the_sweep_drops_what_nobody_sent_within_a_day(people, now, clock):
    old = staged(people.user, now)
    clock.shift(timedelta(hours=23))
    fresh = staged(people.user, now + timedelta(hours=23))
    assert jobs.sweep_uploads() == 0
    clock.shift(timedelta(hours=2))
    assert jobs.sweep_uploads() == 1
    assert db.session.query(StagedFile.ref).all() == [(fresh.ref,)]
    with pytest.raises(Gone):
        files.existing(old.storage_key)
    assert jobs.sweep_uploads() == 0


def download(browser, ref, **options):
    """The whole answer, read to its end."""
    answer = browser.get(f"/attachments/{ref}", **options)
    answer.get_data()
    answer.close()
    return answer


def attached(person, now, content, name):
    """A file on a ticket of that person."""
    ticket = factories.ticket(person, files=[staged(person, now, content, name)])
    return db.session.query(Attachment).filter_by(ticket_id=ticket.id).one()


def test_pixels_are_shown_and_nothing_else(people, browse, now):
    shown = download(browse(people.user), attached(people.user, now, PNG, "a.png").ref)
    assert (shown.mimetype, shown.data) == ("image/png", PNG)
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.mark.parametrize(
    ("content", "name"), [(SVG, "a.svg"), (HTML, "a.html"), (HTML, "a.png"), (b"%PDF-1.4 /JS", "a.pdf"), (b"MZ\0\0", "a.exe")]
)
def test_what_could_run_is_only_ever_saved(people, browse, now, content, name):
    sent = download(browse(people.user), attached(people.user, now, content, name).ref)
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert sent.mimetype in {"text/plain", "application/pdf", "application/octet-stream"}
    assert sent.data == content


def test_a_picture_that_is_a_script_too_is_a_picture_in_a_sandbox(people, browse, now):
    sent = download(browse(people.user), attached(people.user, now, GIF_AND_SCRIPT, "a.html").ref)
    assert (sent.mimetype, sent.headers["X-Content-Type-Options"]) == ("image/gif", "nosniff")
    assert "sandbox" in sent.headers["Content-Security-Policy"]


def test_a_name_cannot_break_out_of_its_header(people, browse, now):
    found = attached(people.user, now, b"x", "a\r\nX-Evil: 1\u202e日本.txt")
    sent = download(browse(people.user), found.ref)
    assert "X-Evil" not in sent.headers
    assert "\n" not in sent.headers["Content-Disposition"] and "filename*=UTF-8''" in sent.headers["Content-Disposition"]


def test_a_file_is_read_by_whoever_reads_its_ticket(people, browse, now):
    ref = attached(people.user, now, b"x", "a.log").ref
    for reader in (people.user, people.owner, people.agent):
        download(browse(reader), ref)
    browse(people.stranger).get(f"/attachments/{ref}", status=404)
    browse(people.guest).get(f"/attachments/{ref}", status=404)
    browse(people.moderator).get(f"/attachments/{ref}", status=404)
    browse(None).get(f"/attachments/{ref}", to="/login")


def test_a_file_on_an_internal_note_stays_internal(people, browse, now):
    ticket = factories.ticket(people.user)
    factories.note(ticket, people.agent, files=[staged(people.agent, now)])
    ref = db.session.query(Attachment).one().ref
    download(browse(people.agent2), ref)
    browse(people.user).get(f"/attachments/{ref}", status=404)


def test_a_staged_file_has_no_address(people, browse, now):
    browse(people.user).get(f"/attachments/{staged(people.user, now).ref}", status=404)


def test_a_file_that_is_gone_from_the_disk_says_so(people, browse, now):
    found = attached(people.user, now, b"x", "a.log")
    files.remove(found.storage_key)
    answer = browse(people.user).get(f"/attachments/{found.ref}", status=410)
    assert "attach it again" in answer.words


def test_a_file_unchanged_is_not_sent_again_and_can_be_sent_in_parts(people, browse, now):
    browser = browse(people.user)
    ref = attached(people.user, now, b"0123456789", "a.log").ref
    first = download(browser, ref)
    again = download(browser, ref, headers={"If-None-Match": first.headers["ETag"]}, status=304)
    piece = download(browser, ref, headers={"Range": "bytes=2-4"}, status=206)
    assert (first.data, again.data, piece.data) == (b"0123456789", b"", b"234")
