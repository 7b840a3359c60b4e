"""The search through all that was said: what it finds on both databases, what it shows of it, its pages, and who may use it."""

import contextvars
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from app.accounts.models import Organization, User
from app.dev import rows as bulk
from app.extensions import db
from app.lib.paging import encode_cursor
from app.lib.requests import LARGEST
from app.tickets import desk_queries, search_queries, subject_index
from app.tickets.desk_forms import Filters
from app.tickets.models import Message, Ticket
from app.tickets.passages import LENGTH, Sought, flat
from app.tickets.rules import NO_DEADLINE
from tests import factories
from tests.tickets.desk.test_queue import HOSTILE

both = pytest.mark.engines("sqlite", "postgresql")


def refs(answer):
    """Numbers of the tickets on the page, in order."""
    return [link["href"].rpartition("/")[2] for link in answer.markup.all("a", class_="subject")]


@pytest.fixture
def desk(browse, people):
    """The agent's browser; `find(words)` is what a search lists."""
    window = browse(people.agent)
    window.find = lambda words: refs(window.get("/desk/search", query_string={"q": words}))
    return window


@pytest.fixture
def company(people):
    """Tickets of three people, an answer and a note."""
    tickets = {
        "marcus": factories.ticket(people.user, subject="Printer driver", body="The spooler of Umbriel stops at noon."),
        "tomasz": factories.ticket(people.stranger, subject="Slow start", body="Since Monday it takes a minute."),
        "priya": factories.ticket(people.guest, subject="Which licence?", body="We are a school in Ølstykke with a café, and its bears."),
    }
    factories.reply(tickets["tomasz"], people.agent, "Please raise `gateway_timeout` to 90.")
    factories.note(tickets["tomasz"], people.agent2, "Looks like the perihelion incident of last spring.")
    return tickets


@both
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Marcus", ["marcus"]),
        ("webb spooler", ["marcus"]),
        ("acme", ["marcus"]),
        ("globex energy", ["tomasz"]),
        ("user@globex.example", ["tomasz"]),
        ("UMBRIEL", ["marcus"]),
        ("umbr", ["marcus"]),
        ("umbr spooler", []),
        ("perihelion", ["tomasz"]),
        ("minute gateway timeout", ["tomasz"]),
        ("minute perihelion tomasz slow", ["tomasz"]),
        ("mbriel", []),
        ("minute spooler", []),
        ("ølstykke", ["priya"]),
        ("", []),
        ("!!!", []),
    ],
)
def test_all_words_are_looked_for_in_all_of_a_ticket(desk, company, words, expected):
    assert desk.find(words) == [company[name].ref for name in expected]


def test_a_passage_says_where_the_words_stand_and_marks_them(desk, company, people):
    answer = desk.get("/desk/search?q=minute perihelion tom")
    marked = [one.text for one in answer.markup.all("mark")]
    assert marked == ["perihelion", "minute", "Tomasz"]
    assert "In a note by Samuel Osei, Mon 23 Nov" in answer.words and "In a message by Tomasz Lis" in answer.words
    assert "1 ticket, newest first" in answer.words
    message = db.session.query(Message).filter(Message.visibility == "internal").one()
    assert answer.markup.all("a", href=f"/desk/tickets/{company['tomasz'].ref}#m{message.id}")
    assert "In an answer by Aiko Tanaka" in desk.get("/desk/search?q=gateway").words
    # Our automatic answer to her has that word, too, and is newer.
    assert "In a message by Priya Nair" in desk.get("/desk/search?q=bears").words


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("Loud.\n### Steps\n1. Start `hive fan`", "Loud. Steps 1. Start hive <mark>fan</mark>"),
        ("The **fan** of *node 3* is ~~loud~~ **very *loud* now**", "The <mark>fan</mark> of node 3 is loud very loud now"),
        ('See [the fan](https://x.example/a "b") and ![it](p.png)', "See the <mark>fan</mark> and it"),
        ("> said so\n> > twice\n* fan\n```sh\nfan --off\n```\nEnd", "said so twice <mark>fan</mark> <mark>fan</mark> --off End"),
        (
            "fan: 2*3*4, *.log and *.txt, f(*a, **b), a ** b, [x] (y)",
            "<mark>fan</mark>: 2*3*4, *.log and *.txt, f(*a, **b), a ** b, [x] (y)",
        ),
        ("See [the log](https://fan.example/a)", "See [the log](https://<mark>fan</mark>.example/a)"),
    ],
)
def test_a_passage_has_no_marks_of_markdown(body, shown):
    assert Sought(["fan"]).passage(body) == shown


def test_letters_keep_their_places_without_accents_and_case():
    text = "ÄÖÜß Ølstykke ﬁ İstanbul ΣΑΣ 東京"
    assert len(flat(text)) == len(text) and flat(text).startswith("aouß") and "istanbul" in flat(text)


def test_a_number_leads_to_its_ticket(desk, company):
    ref = company["priya"].ref
    desk.get("/desk/search", query_string={"q": ref.lower()}, to=f"/desk/tickets/{ref}")


def test_the_queue_leads_on_to_it(desk, company):
    answer = desk.get("/desk/queue/mine?q=perihelion")
    link = next(one for one in answer.markup.all("a") if one.text.startswith("Search messages"))
    assert refs(desk.get(link["href"])) == [company["tomasz"].ref]


def test_a_misspelt_word_offers_what_was_meant_if_that_is_found(desk, company):
    answer = desk.get("/desk/search?q=prniter umbriel")
    assert refs(answer) == [] and "No ticket has all of that" in answer.words
    meant = next(one for one in answer.markup.all("a") if one.text == "printer umbriel")
    assert refs(desk.get(meant["href"])) == [company["marcus"].ref]
    assert desk.find("globx") == [] and "Did you mean globex" in desk.get("/desk/search?q=globx").words
    assert "Did you mean" not in desk.get("/desk/search?q=prniter missing").words
    assert "Did you mean" not in desk.get("/desk/search?q=zzzzqqq").words


def test_the_words_of_the_latest_tickets_are_read_once_a_minute(desk, people, clock, statements):
    def ask():
        with statements() as seen:
            answer = desk.get("/desk/search?q=hesperai")
        return len(seen), "Did you mean hesperia" in answer.words

    cost, _ = ask()
    factories.ticket(people.user, subject="Hesperia")
    assert ask() == (cost - 1, False)
    clock.shift(search_queries.KNOWN_FOR_SECONDS)
    assert ask()[1]


@both
@pytest.mark.parametrize(
    "hostile", [*HOSTILE, '"', "NOT", "a AND b", "words:x", "^a", "a*", "%", "_", "🐝", "a🐝b", "x " * 5000, "²", "हिन्दी"]
)
def test_hostile_words_break_nothing(desk, company, hostile):
    answer = desk.client.get("/desk/search", query_string={"q": hostile})
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert desk.client.get("/desk/search", query_string={"q": "minute", "cursor": hostile}).status_code == 422


def ticket_row(people, number, **over):
    """A ticket's columns, as the bulk loader writes them."""
    given = {"ref": f"HT-{number:07}", "kind": "question", "subject": "Hay", "status": "open", "is_open": True, "fields": {}}
    times = {"created_at": factories.NOW, "active_at": factories.NOW, "queue_at": NO_DEADLINE}
    return {**given, **times, "id": number, "requester_id": people.user.id, "organization_id": people.acme.id, **over}


def message_row(people, ticket, body):
    """A message's columns, as the bulk loader writes them."""
    said = {"author_id": people.user.id, "visibility": "public", "html": "", "by_staff": False, "created_at": factories.NOW}
    return {"ticket_id": ticket, "body": body, "left_out": [], **said}


def walk(viewer, words):
    """The numbers from the first page to the last, and those of the way back."""
    there, back, page = [], [], search_queries.find(words, viewer)
    while True:
        there += [one.ref for one in page.items]
        if page.next is None:
            break
        page = search_queries.find(words, viewer, page.next)
    while page.previous is not None:
        page = search_queries.find(words, viewer, page.previous)
        back += [one.ref for one in reversed(page.items)]
    return there, back[::-1]


@both
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(having=st.lists(st.booleans(), min_size=1, max_size=24))
def test_pages_have_each_ticket_once_whether_many_or_few_have_the_word(people, monkeypatch, having):
    for module, name, value in ((search_queries, "PAGE", 3), (search_queries, "WINDOW", 6), (subject_index, "SAMPLE", 3)):
        monkeypatch.setattr(module, name, value)
    search_queries.statement.cache_clear()
    db.session.execute(delete(Ticket))
    db.session.execute(insert(Ticket), [ticket_row(people, n + 1) for n in range(len(having))])
    db.session.execute(insert(Message), [message_row(people, n + 1, "a needle" if has else "straw") for n, has in enumerate(having)])
    expected = [f"HT-{n + 1:07}" for n, has in reversed(list(enumerate(having))) if has]
    there, back = walk(people.agent, "needle")
    assert there == expected and back == expected[: len(back)] and len(back) == max(0, (len(expected) - 1) // 3 * 3)
    search_queries.statement.cache_clear()
    db.session.rollback()


@both
@pytest.mark.parametrize("number", [LARGEST, 0, -LARGEST])
@pytest.mark.parametrize("back", [False, True])
def test_a_search_goes_on_from_any_number(people, app, number, back):
    one = factories.ticket(people.user, subject="A needle", body="A needle.")
    cursor, filters = encode_cursor([number], back=back), Filters("all", q="needle")
    queue = desk_queries.queue(filters, desk_queries.around(filters, people.agent), people.agent, factories.NOW, cursor)
    expected = [one.ref] if (one.id > number if back else one.id < number) else []
    for page in (queue, search_queries.find("needle", people.agent, cursor)):
        assert [found.ref for found in page.items] == expected


def test_a_page_says_that_there_is_more(desk, people):
    for _ in range(23):
        factories.ticket(people.user, body="A needle.")
    first = desk.get("/desk/search?q=needle")
    assert "20 tickets of many" in first.words and len(refs(first)) == 20
    second = desk.get(first.markup.one("a", rel="next")["href"])
    assert len(refs(second)) == 3 and not set(refs(first)) & set(refs(second))
    assert refs(desk.get(second.markup.one("a", rel="prev")["href"])) == refs(first)


@both
def test_what_is_written_in_bulk_is_found(people, app):
    bulk.put(Ticket.__table__, [ticket_row(people, n) for n in (1, 2)])
    bulk.put(Message.__table__, [message_row(people, n, f"Body {word}") for n, word in ((1, "perihelion"), (2, "aphelion"), (1, "apsis"))])
    assert [walk(people.agent, words)[0] for words in ("perihelion apsis", "aphelion apsis", "body")] == [
        ["HT-0000001"],
        [],
        ["HT-0000002", "HT-0000001"],
    ]


@both
def test_what_is_changed_or_removed_is_found_as_it_is_now(people, app, company):
    def counts(*words):
        return [len(walk(people.agent, one)[0]) for one in words]

    db.session.execute(update(Ticket).where(Ticket.subject == "Slow start").values(subject="Belated", requester_id=people.guest.id))
    db.session.execute(update(Message).where(Message.body.contains("perihelion")).values(body="It was aphelion."))
    db.session.execute(delete(Message).where(Message.body.contains("gateway_timeout")))
    assert counts("slow", "belated", "perihelion", "aphelion", "gateway", "user@globex.example", "priya") == [0, 1, 0, 1, 0, 0, 2]
    db.session.execute(update(User).where(User.id == people.guest.id).values(name="Priya Menon", email="priya@new.example"))
    db.session.execute(update(Organization).where(Organization.id == people.acme.id).values(name="Zenith Works"))
    assert counts("mail.example", "menon", "new.example", "acme robotics", "zenith", "zenith spooler") == [0, 2, 2, 0, 1, 1]
    db.session.execute(delete(Message).where(Message.ticket_id == company["marcus"].id))
    assert counts("zenith", "umbriel") == [1, 0]


@pytest.mark.engines("postgresql")
def test_what_is_said_is_added_to_what_its_ticket_has(people, app, company):
    ticket = company["marcus"]
    db.session.execute(text("UPDATE ticket_texts SET words = 'untouched'"))
    factories.reply(ticket, people.agent, "The perihelion; see `/var/log`.")
    assert [len(walk(people.agent, words)[0]) for words in ("untouched perihelion log", "umbriel")] == [1, 0]
    db.session.execute(text("UPDATE users SET name = 'Marcus Weber' WHERE id = :id"), {"id": people.user.id})
    assert [len(walk(people.agent, words)[0]) for words in ("untouched perihelion", "umbriel perihelion weber")] == [0, 1]


@pytest.mark.engines("postgresql")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=5))
def test_what_was_added_is_what_would_be_read(people, app, said):
    ticket = factories.ticket(people.user, body="A needle.")
    db.session.execute(insert(Message), [message_row(people, ticket.id, body) for body in said])
    stored = text("SELECT words::text FROM ticket_texts WHERE ticket_id = :id")
    added = db.session.scalar(stored, {"id": ticket.id})
    db.session.execute(text("SELECT ticket_texts_renew(ARRAY[:id])"), {"id": ticket.id})
    assert added == db.session.scalar(stored, {"id": ticket.id})


@pytest.mark.engines("sqlite")
def test_what_is_said_is_put_in_beside_what_its_ticket_has(people, app, company):
    db.session.execute(text("INSERT INTO ticket_texts(ticket_texts) VALUES ('delete-all')"))
    factories.reply(company["marcus"], people.agent, "The perihelion; see `/var/log`.")
    assert [len(walk(people.agent, words)[0]) for words in ("perihelion log", "perihelion umbriel")] == [1, 0]
    db.session.execute(text("UPDATE users SET name = 'Marcus Weber' WHERE id = :id"), {"id": people.user.id})
    assert [len(walk(people.agent, words)[0]) for words in ("umbriel perihelion weber", "gateway")] == [1, 0]


# What changes the words of a ticket, or how its index keeps them.
CHANGED = {
    "edit": "UPDATE messages SET body = :words WHERE id = :message",
    "remove": "DELETE FROM messages WHERE id = :message",
    "subject": "UPDATE tickets SET subject = :words WHERE id = :ticket",
    "person": "UPDATE users SET name = :words WHERE id = :person",
    "organization": "UPDATE organizations SET name = :words WHERE id = :organization",
    "merge": "INSERT INTO ticket_texts(ticket_texts) VALUES ('optimize')",
}
CHANGES = st.tuples(st.sampled_from(["say", *CHANGED]), st.integers(0, 5), st.text("ab é", min_size=1, max_size=6))


@pytest.mark.engines("sqlite")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(CHANGES, max_size=12))
def test_the_words_of_tickets_are_those_that_reading_them_anew_would_find(people, app, changes):
    tickets = [factories.ticket(people.user, body=body).id for body in ("a needle", "b needle")]
    for what, number, words in changes:
        said = [0, *db.session.scalars(select(Message.id).where(Message.ticket_id.in_(tickets)))]
        values = {"ticket": tickets[number % 2], "message": said[number % len(said)], "words": words}
        values |= {"person": people.user.id, "organization": people.acme.id}
        if what == "say":
            db.session.execute(insert(Message), message_row(people, values["ticket"], words))
        else:
            db.session.execute(text(CHANGED[what]), {name: value for name, value in values.items() if f":{name}" in CHANGED[what]})
    kept = vocabulary()
    db.session.execute(text("INSERT INTO ticket_texts(ticket_texts) VALUES ('integrity-check')"))
    db.session.execute(text("INSERT INTO ticket_texts(ticket_texts) VALUES ('rebuild')"))
    assert kept == vocabulary()


def vocabulary():
    """Each word of SQLite's index and some beginnings of words, with their tickets."""
    db.session.execute(text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.ticket_words USING fts5vocab(main, ticket_texts, instance)"))
    found = {tuple(row) for row in db.session.execute(text("SELECT term, doc FROM ticket_words"))}
    asked = text("SELECT rowid FROM ticket_texts WHERE ticket_texts MATCH :start")
    return found | {(start, row) for start in ("ab*", "ba*", "aab*", "ne*") for row in db.session.scalars(asked, {"start": start})}


@pytest.mark.engines("postgresql")
def test_two_messages_at_the_same_time_are_both_found(people, app, company):
    write = "INSERT INTO messages (ticket_id, body, visibility, html, by_staff, is_automatic, source, created_at, left_out) "
    write += f"VALUES ({company['priya'].id}, '%s', 'public', '', false, false, 'portal', now(), '[]')"

    def second():
        with db.engine.begin() as connection:
            connection.exec_driver_sql(write % "second")

    with ThreadPoolExecutor(1) as pool, db.engine.connect() as first:
        first.exec_driver_sql(write % "first")
        other = pool.submit(contextvars.copy_context().run, second)
        while not first.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar():
            assert not other.done(), "it did not wait"
        first.commit()
        other.result()
    assert [len(walk(people.agent, f"licence {word}")[0]) for word in ("first", "second")] == [1, 1]


@both
def test_a_very_long_message_is_searched_as_far_as_its_cap_and_refuses_nothing(people, app, engine):
    long = factories.ticket(people.user)
    for n in range(12):
        factories.note(long, people.agent, f"begin{n} " + " ".join(f"{n}w{k}" for k in range(4000)) + " ending", now=factories.NOW)
    found = [bool(walk(people.agent, word)[0]) for word in ("begin11", "begin5", "begin0", "ending")]
    # PostgreSQL leaves out the oldest messages of a very long ticket.
    assert found == [True, True, engine == "sqlite", False]


def test_as_many_statements_for_one_hit_as_for_twenty(desk, people, statements):
    def cost():
        with statements() as seen:
            answer = desk.get("/desk/search?q=needle")
        return len(seen), len(refs(answer))

    factories.ticket(people.user, body="A needle.")
    one = cost()
    for _ in range(49):
        factories.reply(factories.ticket(people.user, body="A needle."), people.agent)
    assert (one[1], cost()) == (1, (one[0], 20)) and one[0] <= 5


def test_only_staff_search(browse, people, company):
    browse(None).get("/desk/search?q=perihelion", to="/login")
    for who in (people.user, people.owner, people.moderator):
        assert "perihelion incident" not in browse(who).get("/desk/search?q=perihelion", status=403).words
    for who in (people.agent, people.lead, people.admin):
        assert refs(browse(who).get("/desk/search?q=perihelion")) == [company["tomasz"].ref]
    assert search_queries.find("perihelion", people.moderator).items == []


def test_a_passage_is_short_whole_worded_and_shows_most_of_the_words():
    body = "far " * 200 + "one " + "far " * 200 + "Two, <b>one</b> and thréesome " + "far " * 200
    shown = str(Sought(["one", "two", "three"]).passage(body))
    assert "<mark>Two</mark>, &lt;b&gt;<mark>one</mark>&lt;/b&gt; and <mark>thréesome</mark>" in shown
    assert shown.startswith("… far ") and shown.endswith("far …")
    assert len(re.sub(r"</?mark>|…|&[lg]t;", "", shown)) < LENGTH + 80
    assert str(Sought(["x"]).passage("x" * 5000)).startswith("<mark>x")
    assert str(Sought(["missing"]).passage("short")) == "short"


def test_names_stand_there_as_they_were_written_with_and_without_a_mark(desk, people):
    factories.ticket(people.user, subject="<i>Fan & co</i>", body="A needle.")
    for words, marked in (("needle", "Fan"), ("fan", "<mark>Fan</mark>")):
        shown = desk.get("/desk/search", query_string={"q": words}).text
        assert f"&lt;i&gt;{marked} &amp; co&lt;/i&gt;</a>" in shown


@both
def test_a_rename_reaches_tickets_that_came_before(people, app, now):
    factories.ticket(people.user, now=now - timedelta(days=300))
    db.session.execute(text("UPDATE organizations SET name = 'Umbra' WHERE id = :id"), {"id": people.acme.id})
    assert len(walk(people.agent, "Umbra consensus")[0]) == 1
