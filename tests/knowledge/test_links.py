"""Links: those within our pages against the database, those to elsewhere by a real server, politely."""

import threading
from collections import Counter
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.events.models import Event
from app.extensions import db
from app.extensions import redis as app_redis
from app.knowledge import actions as knowledge
from app.knowledge.actions import ArticleText
from app.knowledge.links import actions, asking, jobs, queries, reading
from app.knowledge.links.models import EntryLink
from app.knowledge.links.rules import Finding, Health, after, judged, place_of
from app.knowledge.writing import pictures
from app.lib.clock import utcnow
from tests.rows import PNG

TODAY = date(2026, 11, 23)


@pytest.fixture
def page(article):
    """`page(text)` is a published public article with that text."""

    def write(text, *, slug="from-here", **more):
        entry = article("From here", text, slug=slug, **more)
        db.session.commit()
        return entry

    return write


@pytest.fixture
def there(article):
    """A public article with a heading, and one for staff."""
    article("There", "## Set it up\n\nText.", slug="there")
    article("Inside", "## One\n\nText.", slug="inside", audience="staff")
    db.session.commit()


def states(entry):
    """Address → (state, reason) of an entry's links."""
    where = (EntryLink.kind == entry.kind, EntryLink.entry_id == entry.id)
    return {link.url: (link.state, link.reason) for link in db.session.scalars(select(EntryLink).where(*where))}


def scan_these(*entries):
    """The list says what stands in these, and nothing of what ships with the product."""
    for entry in entries:
        actions.note_links(entry, utcnow())
    db.session.commit()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/help/user-guide/there", ""),
        ("/help/user-guide/there#set-it-up", ""),
        ("there", ""),
        ("there#set-it-up", ""),
        ("../user-guide/there", ""),
        ("http://localhost/help/user-guide/there?x=1", ""),
        ("#two", ""),
        ("/help", ""),
        ("/help/user-guide", ""),
        ("/help/search?q=x", ""),
        ("/tickets/new", ""),
        ("/help/faq/install-hive", ""),
        ("/help/user-guide/there#nothing", "That page has no heading with this anchor."),
        ("#nothing", "That page has no heading with this anchor."),
        ("/help/user-guide/gone", "No page of ours has this address."),
        ("/help/faq/gone", "No page of ours has this address."),
        ("/help/nothing", "No page of ours has this address."),
        ("/nothing", "No page of ours has this address."),
        ("http://localhost/nothing", "No page of ours has this address."),
        ("/help/user-guide/inside", "Not all readers of this page may read that one."),
        ("/desk/knowledge", "Not all readers of this page may read that one."),
    ],
)
def test_links_within_our_pages_are_judged_against_the_database(page, there, url, why):
    entry = page(f"## Two\n\nSee [it](<{url}>).")
    assert dict(queries.nowhere(entry)) == ({url: why} if why else {})


def test_drafts_are_no_targets_and_staff_may_link_inside(page, there, article):
    article("Draft", slug="draft", publish=False)
    assert dict(queries.nowhere(page("[d](draft)"))) == {"draft": "This page is not published."}
    assert queries.nowhere(page("[i](inside) [d](/desk/knowledge)", slug="for-us", audience="staff")) == []


def test_an_old_address_still_leads_there(page, there, people, now):
    entry = page("[o](there)")
    moved = knowledge.Article
    target = db.session.scalars(select(moved).where(moved.slug == "there")).one()
    text = ArticleText("user-guide", "elsewhere", target.title, target.body)
    knowledge.save_article(target, text, actor=people.lead, now=now)
    db.session.commit()
    assert queries.nowhere(entry) == []


def test_mail_addresses_code_and_pictures(page, people, now):
    picture = pictures.add(FileStorage(BytesIO(PNG), "run.png"), actor=people.lead, now=now)
    lost = "/help/pictures/aaaaaaaaaaaaaaaaaaaaaa"
    entry = page(f"[m](mailto:x@y.example) `[c](/nothing)` ![p](/help/pictures/{picture.ref}#640x360) ![q]({lost}) [j](javascript:x)")
    assert queries.nowhere(entry) == [(lost, reading.NO_PICTURE)]


def test_the_editor_warns_of_what_was_just_written(browse, people, page):
    entry = page("[g](/help/user-guide/gone)")
    shown = browse(people.agent).get(f"/desk/knowledge/article/{entry.id}")
    assert "Links that lead nowhere" in shown.words
    assert "/help/user-guide/gone: No page of ours has this address." in shown.words


def test_a_save_is_followed_and_so_is_what_becomes_of_the_target(app, people, page, there, drain, now):
    entry = page("[t](there) [w](https://web.example/x)")
    drain(app)
    assert states(entry) == {"there": ("ok", ""), "https://web.example/x": ("unchecked", "")}
    target = db.session.scalars(select(knowledge.Article).where(knowledge.Article.slug == "there")).one()
    knowledge.unpublish(target, actor=people.lead, now=now)
    db.session.commit()
    drain(app)
    assert states(entry)["there"] == ("broken", "This page is not published.")
    text = ArticleText("user-guide", "from-here", "From here", "Nothing.")
    knowledge.save_article(entry, text, actor=people.lead, now=now)
    db.session.commit()
    drain(app)
    assert states(entry) == {}


def test_entries_that_lead_to_one_follow_it_in_transactions_of_their_own(people, page, there, now, monkeypatch):
    sources = [page("[t](there)", slug=f"from-{number}") for number in range(5)]
    scan_these(*sources)
    target = db.session.scalars(select(knowledge.Article).where(knowledge.Article.slug == "there")).one()
    knowledge.unpublish(target, actor=people.lead, now=now)
    db.session.commit()
    event = db.session.scalar(select(Event.id).where(Event.kind == "knowledge.unpublished"))
    note_one, noted = jobs.note_one, []

    def dying(kind, number):
        noted.append(number)
        if len(noted) == 5:
            raise MemoryError
        return note_one(kind, number)

    monkeypatch.setattr(jobs, "CHUNK", 2)
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(jobs, "note_one", dying)
        jobs.follow_entry(event)
    db.session.rollback()
    broken = select(EntryLink.entry_id).where(EntryLink.state == "broken", EntryLink.url == "there")
    assert len(db.session.scalars(broken).all()) == 2
    jobs.follow_entry(event)
    assert sorted(db.session.scalars(broken)) == [entry.id for entry in sources]


def test_the_weekly_scan_takes_every_entry_in_and_repeats_harmlessly(page):
    page("[g](/help/user-guide/gone) [w](https://web.example/)")
    first = jobs.scan()
    rows = select(EntryLink.kind, EntryLink.entry_id, EntryLink.url, EntryLink.state)
    seen = sorted(db.session.execute(rows).all())
    assert jobs.scan() == first
    assert sorted(db.session.execute(rows).all()) == seen


def test_what_ships_with_the_product_has_no_link_that_leads_nowhere(app, browse, people):
    jobs.scan()
    assert db.session.execute(select(EntryLink.url, EntryLink.reason).where(EntryLink.state == "broken")).all() == []
    paths, staff, customer = (
        set(db.session.scalars(select(EntryLink.path).where(EntryLink.path != ""))),
        browse(people.lead),
        browse(people.owner),
    )
    assert len(paths) > 30
    for path in paths:
        (staff if path.startswith(("/desk", "/admin", "/help")) else customer).get(path)


class Site(BaseHTTPRequestHandler):
    """Somebody else's server: /ok, /gone, /no-head, /moved, /round, /members, /busy, /down."""

    asked: Counter[tuple[str, str]] = Counter()

    def do_HEAD(self):
        self.reply("HEAD")

    def do_GET(self):
        self.reply("GET")

    def reply(self, method):
        Site.asked[method, self.path] += 1
        status = {"/ok": 200, "/members": 401, "/busy": 429, "/down": 500, "/moved": 301, "/round": 302}.get(self.path, 404)
        if self.path == "/no-head":
            status = 405 if method == "HEAD" else 200
        self.send_response(status)
        if self.path in {"/moved", "/round"}:
            self.send_header("Location", "/ok" if self.path == "/moved" else "/round")
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def site(app, monkeypatch):
    """The address of a server of our own, in a house that calls its own network; waiting takes no time."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "allow_local_addresses": True}))
    monkeypatch.setattr(asking, "wait_for", lambda host: True)
    Site.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "verdict", "asked"),
    [
        ("/ok", "ok", [("HEAD", "/ok")]),
        ("/gone", "failed", [("HEAD", "/gone"), ("GET", "/gone")]),
        ("/no-head", "ok", [("HEAD", "/no-head"), ("GET", "/no-head")]),
        ("/moved", "ok", [("HEAD", "/moved"), ("HEAD", "/ok")]),
        ("/round", "failed", [("HEAD", "/round")]),
        ("/members", "ok", [("HEAD", "/members")]),
        ("/busy", "busy", [("HEAD", "/busy")]),
        ("/down", "failed", [("HEAD", "/down")]),
    ],
)
def test_an_address_is_asked_for_by_head_then_get_and_redirects_are_followed(site, path, verdict, asked):
    assert asking.ask(site + path).verdict == verdict
    assert sorted(Site.asked) == sorted(asked)
    assert max(Site.asked.values()) <= asking.MOST_MOVES + 1


def test_nobody_answers_is_a_failure_and_our_own_network_is_not_called(app, site, monkeypatch):
    assert asking.ask("http://127.0.0.1:9/").verdict == "failed"
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "allow_local_addresses": False}))
    for inside in (f"{site}/ok", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "http://plain.example/"):
        assert asking.ask(inside).verdict == "skipped"
    assert Site.asked == {}


def test_what_fails_on_two_days_is_broken_and_each_address_is_asked_once(page, site, clock, now):
    one, two = page(f"[g]({site}/gone) [o]({site}/ok)"), page(f"[g]({site}/gone)", slug="also-here")
    scan_these(one, two)
    assert jobs.ask_others() == 2
    assert Site.asked["HEAD", "/gone"] == 1
    assert states(one) == {f"{site}/gone": ("failing", "Nothing is there (404)."), f"{site}/ok": ("ok", "")}
    assert jobs.ask_others() == 0
    clock.move_to(now + timedelta(hours=21))
    assert jobs.ask_others() == 1
    assert {states(entry)[f"{site}/gone"][0] for entry in (one, two)} == {"broken"}
    clock.move_to(now + timedelta(days=8))
    assert jobs.ask_others() == 2


def test_one_request_a_second_to_each_host_from_all_processes(app, redis, monkeypatch):
    slept = []
    monkeypatch.setattr(asking.time, "sleep", lambda seconds: slept.append(seconds) or app_redis().delete("hive:asked:a.example"))
    assert asking.wait_for("a.example")
    assert asking.wait_for("b.example")
    assert slept == []
    assert 0 < app_redis().pttl("hive:asked:a.example") <= asking.PAUSE_MILLISECONDS
    assert asking.wait_for("a.example")
    assert slept == [asking.LOOK_SECONDS]
    monkeypatch.setattr(asking.time, "sleep", slept.append)
    assert asking.wait_for("a.example") is False
    assert len(slept) == 1 + asking.MOST_LOOKS


def test_the_list_of_the_desk_with_looking_again_and_ignoring(app, browse, people, page, drain):
    entry = page("[g](/help/user-guide/gone)")
    scan_these(entry)
    browser = browse(people.agent)
    shown = browser.get("/desk/knowledge/links")
    assert "/help/user-guide/gone" in shown.words
    number = db.session.scalars(select(EntryLink.id)).one()
    browser.post(f"/desk/knowledge/links/{number}/check", to="/desk/knowledge/links?asked=1")
    drain(app)
    browser.post(f"/desk/knowledge/links/{number}/silence", to="/desk/knowledge/links")
    assert "/help/user-guide/gone" not in browser.get("/desk/knowledge/links").words
    scan_these(entry)
    assert "/help/user-guide/gone" in browser.get("/desk/knowledge/links?view=ignored").words
    browser.post(f"/desk/knowledge/links/{number}/watch", to="/desk/knowledge/links?view=ignored")
    kinds = db.session.scalars(select(Event.kind).where(Event.kind.startswith("knowledge.link")).order_by(Event.id)).all()
    assert kinds == ["knowledge.link_rechecked", "knowledge.link_ignored", "knowledge.link_watched"]
    browse(people.user).get("/desk/knowledge/links", status=403)


def test_the_list_is_paged_by_key_and_costs_the_same(browse, people, page, statements):
    scan_these(page(" ".join(f"[x](/help/user-guide/gone-{number})" for number in range(60))))
    browser = browse(people.agent)
    with statements() as first:
        seen = browser.get("/desk/knowledge/links").words.count("No page of ours")
    link = next(one for one in browser.shown.all("a") if one.get("rel") == "next")
    with statements() as second:
        assert seen + browser.get(link["href"]).words.count("No page of ours") == 60
    assert len(second) <= len(first)
    browser.get("/desk/knowledge/links?cursor=nonsense", status=422)


@pytest.mark.parametrize(
    ("health", "found", "then"),
    [
        (Health(), Finding("ok"), Health("ok")),
        (Health(), Finding("failed", "x"), Health("failing", "x", TODAY)),
        (Health("failing", "x", TODAY), Finding("failed", "y"), Health("failing", "y", TODAY)),
        (Health("failing", "x", TODAY - timedelta(days=1)), Finding("failed", "y"), Health("broken", "y", TODAY - timedelta(days=1))),
        (Health("broken", "x", TODAY - timedelta(days=9)), Finding("ok"), Health("ok")),
        (Health("failing", "x", TODAY), Finding("busy"), Health("failing", "x", TODAY)),
        (Health("ok"), Finding("skipped", "z"), Health("skipped", "z")),
    ],
)
def test_how_an_address_is_after_another_look(health, found, then):
    assert after(health, found, TODAY) == then


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["ok", "failed", "busy"])), max_size=20))
def test_an_address_is_broken_only_after_failures_on_two_days_without_a_success_between(looks):
    health, today, failed_days = Health(), TODAY, set()
    for days, verdict in looks:
        today += timedelta(days=days)
        health = after(health, Finding(verdict), today)
        failed_days = set() if verdict == "ok" else failed_days | ({today} if verdict == "failed" else set())
        assert (health.state == "broken") == (len(failed_days) > 1)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_told_to_be_none(url):
    try:
        place = place_of(url, "/help/user-guide/x", "localhost")
    except ValueError:
        return
    assert place is None or place.path.startswith("/")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "ok"), (301, "ok"), (403, "ok"), (404, "failed"), (408, "busy"), (425, "busy"), (429, "busy"), (503, "failed")],
)
def test_what_a_status_says(status, verdict):
    assert judged(status).verdict == verdict


def test_an_address_whose_turn_did_not_come_is_asked_again_at_the_next_run(page, site, monkeypatch):
    scan_these(page(f"[o]({site}/ok)"))
    with monkeypatch.context() as patch:
        patch.setattr(asking, "wait_for", lambda host: False)
        assert jobs.ask_others() == 1
    assert Site.asked == {}
    assert [jobs.ask_others(), jobs.ask_others()] == [1, 0]
    assert Site.asked["HEAD", "/ok"] == 1


def test_an_address_whose_server_is_busy_waits_a_week_like_others(page, site, clock, now):
    entry = page(f"[b]({site}/busy)")
    scan_these(entry)
    assert [jobs.ask_others(), jobs.ask_others()] == [1, 0]
    assert states(entry) == {f"{site}/busy": ("unchecked", "")}
    clock.move_to(now + timedelta(days=8))
    assert jobs.ask_others() == 1
