"""The event log as administrators read it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, text

from app.accounts import administration, audit, queries
from app.accounts.administration import OrganizationValues
from app.accounts.queries import AuditFilter
from app.events.actions import record
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid
from tests import factories


def test_the_log_tells_who_did_what_to_what(people, browse, now):
    ticket = factories.ticket(people.user)
    record(
        "account.changed",
        now=now,
        actor=people.admin,
        organization_id=people.acme.id,
        facts={"user_id": people.user.id, "changes": {"role": ["customer", "agent"], "is_enabled": [True, False]}},
    )
    page = browse(people.admin).get("/admin/audit")
    assert "user Marcus Webb · role customer → agent · is enabled yes → no" in page.words
    assert page.markup.all("a", href=f"/desk/tickets/{ticket.ref}")
    assert "Acme Robotics" in page.words


def test_a_ticket_that_is_taken_off_somebody_is_nobodys():
    facts = {"old_id": 5, "old_name": "Ada Lovelace", "assignee_id": None, "assignee_name": None}
    assert audit.told(facts, {5: "Ada Lovelace"}) == [("old", "Ada Lovelace"), ("assignee", "nobody")]
    warned = {"clock_id": 1, "metric": "resolution", "due_at": None, "ref": "HT-7Q4F2X", "assignee_id": None}
    assert audit.told(warned, {}) == [("metric", "resolution")], "an alert that nobody was there for says nothing of it"


def test_what_changed_from_one_organization_or_person_to_another_is_told_by_name(people, browse, now):
    administration.change_person(people.colleague, name="Ines", role="customer", organization=people.globex, actor=people.admin, now=now)
    values = OrganizationValues(people.acme.name, people.acme.plan, people.acme.sharing, ["acme.example"], people.agent2)
    administration.change_organization(people.acme, values, actor=people.admin, now=now)
    db.session.commit()
    words = browse(people.admin).get("/admin/audit").words
    assert "organization Acme Robotics → Globex Energy" in words and f"engineer {people.agent.name} → {people.agent2.name}" in words


def test_moments_are_on_the_clock_of_who_reads():
    facts = {"metric": "next_response", "old": "2026-11-27T18:23:16.467424+00:00", "new": None, "reason": "priority"}
    assert audit.told(facts, {}, "Asia/Tokyo")[1] == ("old", "Sat 28 Nov, 03:23 JST")


def test_the_log_is_filtered(people, browse, now):
    ticket = factories.ticket(people.user)
    other = factories.ticket(people.stranger)
    record("account.signed_in", now=now - timedelta(days=2), actor=people.user, facts={"session_id": 1, "ip": "203.0.113.9"})
    admin = browse(people.admin)
    assert "203.0.113.9" in admin.get("/admin/audit?kind=account.signed_in", htmx=True).words
    assert ticket.ref not in admin.get("/admin/audit?kind=account.", htmx=True).text
    assert other.ref not in admin.get(f"/admin/audit?ticket={ticket.ref.lower()}", htmx=True).text
    assert other.ref not in admin.get("/admin/audit?actor=marcus", htmx=True).text
    old = admin.get("/admin/audit?to=2026-11-22", htmx=True)
    assert "203.0.113.9" in old.words and ticket.ref not in old.text
    assert "203.0.113.9" not in admin.get("/admin/audit?from=2026-11-22", htmx=True).words
    assert "Nothing matches" in admin.get("/admin/audit?ticket=HT-0000000", htmx=True).words


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-13-01", "from=0000-00-00", "to=9999-12-31"])
def test_what_is_no_date_is_said(people, browse, query):
    assert "year, month and day" in browse(people.admin).get(f"/admin/audit?{query}", status=422).words


@pytest.mark.parametrize(
    "query", ["kind=%00", "kind=nonsense", "actor=%25%5C%00", "ticket=%27%3B", "kind=account.&actor=a&ticket=b&from=2026-01-01"]
)
def test_nothing_typed_breaks_it(people, browse, query):
    browse(people.admin).get(f"/admin/audit?{query}")


def test_a_long_log_is_paged(people, browse, now, statements):
    for n in range(130):
        record("account.signed_in", now=now, actor=people.user, facts={"session_id": n, "ip": ""})
    admin = browse(people.admin)
    with statements() as first:
        page = admin.get("/admin/audit")
    seen = [row.text for row in page.markup.all("th", scope="row")]
    with statements() as later:
        while page.markup.all("a", rel="next"):
            page = admin.get(page.markup.one("a", rel="next")["href"])
            seen += [row.text for row in page.markup.all("th", scope="row")]
    assert len(seen) == len(set(seen)) == 130
    assert len(first) <= 3 and len(later) <= 6


@pytest.mark.engines("sqlite", "postgresql")
def test_dates_far_back_are_looked_up_by_the_index_on_time(app, engine, people, now):
    row = {"kind": "account.signed_in", "actor_id": people.user.id, "is_public": False}
    hours = [now - timedelta(hours=n) for n in range(6000)]
    db.session.execute(insert(Event), [{**row, "at": at, "facts": {"session_id": n, "ip": ""}} for n, at in enumerate(hours)])
    db.session.execute(text("ANALYZE"))
    between, before = AuditFilter(since=hours[5010], until=hours[5000]), AuditFilter(until=hours[5000])
    for wanted in (between, before):
        page, plan = looked_up(wanted)
        assert "ix_events_at" in plan and "TEMP B-TREE" not in plan, plan
        assert page.items[0].at == hours[5001]
    assert [row.at for row in looked_up(between)[0].items] == hours[5001:5011]
    second, plan = looked_up(before, page.next)
    assert "ix_events_at" in plan and second.items[0].at == page.items[-1].at - timedelta(hours=1)
    assert [row.id for row in looked_up(before, second.previous)[0].items] == [row.id for row in page.items]


def looked_up(wanted, cursor=""):
    """A page of the log, and how the database found it."""
    seen = []

    def note(connection, cursor, statement, parameters, *rest):
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        page = queries.audit(wanted, cursor)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    [(statement, parameters)] = seen
    word = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    return page, "\n".join(str(line) for line in db.session.connection().exec_driver_sql(f"{word} {statement}", parameters))


@pytest.mark.parametrize("value", [{"t": "2026-11-23T10:00:00"}, "yesterday", 1.5, None])
def test_a_forged_place_in_the_log_is_refused(people, value):
    raw = base64.urlsafe_b64encode(json.dumps([0, value, 1]).encode()).decode()
    with pytest.raises(Invalid):
        queries.audit(AuditFilter(since=datetime(2026, 1, 1, tzinfo=UTC)), raw)


def test_hostile_facts_are_text(people, browse, now):
    factories.ticket(people.user, subject="<img src=x onerror=alert(1)>")
    page = browse(people.admin).get("/admin/audit").text
    assert "<img" not in page and "&lt;img" in page


def test_every_kind_can_be_chosen():
    assert {kind for kind, _ in audit.kinds() if not kind.endswith(".")} == set(KINDS)


def test_a_day_is_the_readers_own():
    since, until = audit.days("2026-10-25", "2026-10-25", ZoneInfo("Europe/Berlin"))
    assert (since.astimezone(UTC), until.astimezone(UTC)) == (
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["changes", "user_id", "name", "fields", "ref"]), VALUES, max_size=4))
def test_any_facts_become_short_texts(facts):
    for label, words in audit.told(facts, {}):
        assert label is not None and len(words) <= 2 * audit.MAX_TEXT + 3
