"""The queue's queries on both databases: the same answers, pages that miss nothing and repeat nothing, and the indexes meant for them."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, text, update

from app.extensions import db
from app.tickets import desk_queries, desk_statements, subject_index
from app.tickets.desk_forms import VIEWS, Filters
from app.tickets.models import Message, Ticket, TicketTag
from app.tickets.rules import NO_DEADLINE, is_open
from tests import factories

both = pytest.mark.engines("sqlite", "postgresql")
quick = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
NUMBERS = iter(range(10_000_000))


def row(people, **over):
    """A ticket's columns, as the bulk loader writes them."""
    number = next(NUMBERS)
    status = over.pop("status", "open")
    given = {
        "ref": f"HT-{number:07}",
        "kind": "question",
        "subject": f"Ticket {number}",
        "status": status,
        "is_open": is_open(status),
        "fields": {},
        "requester_id": people.user.id,
        "organization_id": people.acme.id,
        "created_at": factories.NOW,
        "active_at": factories.NOW,
        "queue_at": NO_DEADLINE,
    }
    return {**given, **over}


def add(rows):
    """Write tickets in bulk."""
    db.session.execute(insert(Ticket), rows)
    db.session.flush()


def walk(filters, viewer, between=lambda: None, limit=3):
    """Every number from the first page to the last, `between` called after each page."""
    found, cursor = [], ""
    beside = desk_queries.around(filters, viewer)
    while True:
        page = desk_queries.queue(filters, beside, viewer, factories.NOW, cursor, limit)
        found += [one.ref for one in page.items]
        between()
        if page.next is None:
            return found
        cursor = page.next


def total(filters, viewer):
    """How many tickets the first page of three knows of."""
    page = desk_queries.queue(filters, desk_queries.around(filters, viewer), viewer, factories.NOW, "", 3, count=True)
    assert len({one.total for one in page.items}) <= 1 and (page.next is not None) == (bool(page.items) and page.items[0].total > 3)
    return page.items[0].total if page.items else 0


@both
@quick
@given(
    offsets=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    later=st.lists(st.integers(0, 4), max_size=6),
    sort=st.sampled_from(["due", "active"]),
)
def test_paging_forward_visits_each_ticket_once_while_others_come(people, offsets, later, sort):
    db.session.execute(delete(Ticket))
    column = "queue_at" if sort == "due" else "active_at"
    there = [row(people, **{column: factories.NOW + timedelta(minutes=offset)}) for offset in offsets]
    add(there)
    coming = iter(later)

    def arrive():
        offset = next(coming, None)
        if offset is not None:
            add([row(people, **{column: factories.NOW + timedelta(minutes=offset)})])

    found = walk(Filters("all", sort=sort), people.agent, arrive)
    assert len(found) == len(set(found))
    assert {one["ref"] for one in there} <= set(found)
    db.session.rollback()


@both
def test_the_view_of_several_teams_is_one_list_in_one_order(people, app):
    filters = Filters("team")
    mine = desk_queries.around(filters, people.agent).mine
    assert len(mine) == 2
    rows = [row(people, team_id=mine[n % 2], queue_at=factories.NOW + timedelta(minutes=(7 * n) % 11)) for n in range(11)]
    add([*rows, row(people, team_id=None), row(people, team_id=mine[0], status="resolved")])
    expected = [one["ref"] for one in sorted(rows, key=lambda one: (one["queue_at"], one["ref"]))]
    assert walk(filters, people.agent) == expected
    assert total(filters, people.agent) == 11


@both
def test_every_view_and_every_pair_of_filters_answers_alike_in_rows_and_figures(people, app):
    states = ["new", "open", "pending_customer", "on_hold", "resolved", "closed"]
    rows = [
        row(
            people,
            status=states[n % 6],
            priority=["low", "high"][n % 2],
            category=["cli", "tui", "other"][n % 3],
            kind=["bug", "question"][n // 2 % 2],
            assignee_id=[people.agent.id, None, people.agent2.id][n % 3],
            organization_id=[people.acme.id, people.globex.id, None][n // 3 % 3],
            queue_at=factories.NOW + timedelta(hours=n % 9),
        )
        for n in range(72)
    ]
    add(rows)
    ids = dict(db.session.execute(text("SELECT ref, id FROM tickets")).all())
    db.session.execute(insert(TicketTag), [{"ticket_id": ids[one["ref"]], "tag": "odd"} for one in rows[1::2]])
    names = {
        "organization": ["Acme Robotics"],
        "priority": ["high"],
        "category": ["tui"],
        "kind": ["bug"],
        "tag": ["odd"],
        "status": states,
    }
    pairs = [{one: a, two: b} for one in names for two in names if one < two for a in names[one] for b in names[two]]
    for n, view in enumerate(VIEWS):
        # Each pair in two views is enough: pairs and views do not know each other.
        for pair in pairs[n % 3 :: 3]:
            filters = Filters(view, **pair)
            beside = desk_queries.around(filters, people.agent)
            found = walk(filters, people.agent, limit=20)
            wanted = [one["ref"] for one in rows if fits(one, view, pair, people, rows)]
            assert sorted(found) == sorted(wanted), (view, pair)
            assert total(filters, people.agent) == len(wanted)
            assert desk_queries.newer(filters, beside, people.agent, factories.NOW, 0) == len(wanted)


def fits(one, view, pair, people, rows):
    """Whether a row is in a view and passes filters, worked out in Python."""
    views = {
        "mine": one["assignee_id"] == people.agent.id,
        "team": False,
        "unassigned": one["assignee_id"] is None,
        "breaching": one["queue_at"] <= factories.NOW + desk_queries.SOON,
        "waiting": one["status"] == "pending_customer",
        "all": True,
    }
    values = {**one, "organization": "Acme Robotics" if one["organization_id"] == people.acme.id else ""}
    values["tag"] = "odd" if rows.index(one) % 2 else ""
    return views[view] and all(values[name] == value for name, value in pair.items()) and (one["is_open"] or "status" in pair)


@both
def test_a_tag_on_many_tickets_is_met_in_the_queue_and_a_rare_one_looked_up(people, app, monkeypatch):
    rows = [row(people, queue_at=factories.NOW + timedelta(minutes=n)) for n in range(8)]
    add(rows)
    ids = dict(db.session.execute(text("SELECT ref, id FROM tickets")).all())
    db.session.execute(insert(TicketTag), [{"ticket_id": ids[one["ref"]], "tag": "odd"} for one in rows[1::2]])
    filters, expected = Filters("all", tag="odd"), [one["ref"] for one in rows[1::2]]
    assert desk_queries.around(filters, people.agent).tag_is_rare and walk(filters, people.agent) == expected
    monkeypatch.setattr(desk_queries, "RARE", 2)
    assert not desk_queries.around(filters, people.agent).tag_is_rare and walk(filters, people.agent) == expected


@both
def test_subjects_are_found_by_all_their_words_the_last_half_typed(people, app):
    subjects = [
        "Consensus stalls at 2.0.1",
        "Größe des Index in config/settings.toml",
        "index, INDEX: index!",
        "stalled",
        "snake_case name",
    ]
    add([row(people, subject=subject) for subject in subjects])

    def found(words, **over):
        return [subjects[int(ref)] for ref in reversed(order(walk(Filters("all", q=words, **over), people.agent)))]

    def order(refs):
        first = min(int(ref.removeprefix("HT-")) for ref in db.session.scalars(text("SELECT ref FROM tickets")))
        return [int(ref.removeprefix("HT-")) - first for ref in refs]

    assert found("stall") == ["Consensus stalls at 2.0.1", "stalled"]
    assert found("2.0.1 consensus") == ["Consensus stalls at 2.0.1"]
    assert found("consensus 2.0") == ["Consensus stalls at 2.0.1"]
    assert found("settings") == ["Größe des Index in config/settings.toml"]
    assert found("größe ind") == ["Größe des Index in config/settings.toml"]
    assert found("index") == ["Größe des Index in config/settings.toml", "index, INDEX: index!"]
    assert found("snake case") == ["snake_case name"] == found("case_na")
    assert found("onsensus") == [] == found("index missing") == found("!!!") == found("index", priority="emergency")


@both
@quick
@given(having=st.lists(st.booleans(), min_size=1, max_size=24))
def test_a_search_finds_each_ticket_once_whether_many_or_few_have_the_word(people, monkeypatch, having):
    # More than a page holds, as the real figure is.
    monkeypatch.setattr(desk_statements, "WINDOW", 6)
    monkeypatch.setattr(subject_index, "SAMPLE", 3)
    monkeypatch.setattr(desk_statements, "for_staff", lambda shape: desk_statements.build(shape, people.agent))
    db.session.execute(delete(Ticket))
    rows = [row(people, subject="A needle" if has else "Hay") for has in having]
    add(rows)
    expected = [one["ref"] for one in reversed(rows) if one["subject"] == "A needle"]
    filters = Filters("all", q="needle")
    assert walk(filters, people.agent) == expected
    beside = desk_queries.around(filters, people.agent)
    first = desk_queries.queue(filters, beside, people.agent, factories.NOW, "", 3)
    if first.next:
        second = desk_queries.queue(filters, beside, people.agent, factories.NOW, first.next, 3)
        back = desk_queries.queue(filters, beside, people.agent, factories.NOW, second.previous, 3)
        assert [one.ref for one in back.items] == [one.ref for one in first.items] and back.previous is None
    db.session.rollback()


@both
def test_a_changed_or_removed_subject_is_found_as_it_is_now(people, app):
    add([row(people, subject="Before"), row(people, subject="Gone")])
    # The words of a ticket are put in with its first message: nothing could be taken out of a ticket without one.
    said = {"body": "Hay", "visibility": "public", "html": "", "by_staff": False, "created_at": factories.NOW, "left_out": []}
    db.session.execute(insert(Message), [{"ticket_id": number, **said} for number in db.session.scalars(select(Ticket.id))])
    db.session.execute(update(Ticket).where(Ticket.subject == "Before").values(subject="Afterwards"))
    gone = Ticket.subject == "Gone"
    db.session.execute(delete(Message).where(Message.ticket_id.in_(select(Ticket.id).where(gone))))
    db.session.execute(delete(Ticket).where(gone))
    agent = people.agent
    assert [len(walk(Filters("all", q=word), agent)) for word in ("before", "afterwards", "gone")] == [0, 1, 0]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters("all"), "ix_tickets_open "),
        (Filters("all", priority="high", category="tui"), "ix_tickets_open"),
        (Filters("all", sort="active", kind="bug"), "ix_tickets_open_active"),
        (Filters("mine"), "ix_tickets_open_assignee"),
        (Filters("unassigned"), "ix_tickets_open_assignee"),
        (Filters("waiting"), "ix_tickets_waiting"),
        (Filters("breaching"), "ix_tickets_open "),
        (Filters("all", organization="Acme Robotics"), "ix_tickets_open_organization"),
        (Filters("all", status="closed", kind="bug"), "ix_tickets_done"),
    ],
)
def test_each_list_is_read_from_an_index_in_its_order(people, app, filters, index):
    add([row(people, assignee_id=people.agent.id)])
    seen = []

    def note(connection, cursor, statement, parameters, *rest):
        seen.append((statement, parameters))

    beside = desk_queries.around(filters, people.agent)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        desk_queries.queue(filters, beside, people.agent, factories.NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    statement, parameters = seen[-1]
    plan = [line[3] for line in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    inner = " ".join(line for line in plan if "tickets" in line)
    assert index in f"{inner} ", plan
    # The fifty rows of the page are put in order once more; the ids never are.
    assert len([line for line in plan if "TEMP B-TREE" in line]) <= 1, plan
