"""The event log as administrators read it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import audit
from app.events.actions import record
from app.events.kinds import KINDS
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
    for label, text in audit.told(facts, {}):
        assert label is not None and len(text) <= 2 * audit.MAX_TEXT + 3
