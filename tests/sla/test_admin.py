"""Policies and calendars: read and edited by leads and administrators."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.sla import editing
from app.sla.models import Calendar, Policy
from app.sla.reports import PRIORITIES
from app.sla.terms import METRICS
from tests import factories

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGES = ["/admin/sla", "/admin/sla/policies/1", "/admin/sla/policies/new", "/admin/sla/calendars/1", "/admin/sla/calendars/new"]
SPIRITS = "<script>alert(1)</script>\u202e\x00"


def policy_of(key):
    return db.session.scalars(select(Policy).where(Policy.key == key)).one()


def calendar_of(key):
    return db.session.scalars(select(Calendar).where(Calendar.key == key)).one()


def edits():
    return db.session.scalars(select(Event).where(Event.kind == "sla.policy_changed").order_by(Event.id)).all()


def filled(policy, **over):
    """The form of a policy as it stands, with some fields changed; `first_response-high="2 h"` is written `first_response_high`."""
    data = {f"{t.metric}-{t.priority}": f"{t.target_minutes} min" for t in policy.targets}
    data |= {"calendar": str(policy.calendar_id), "seen": policy.changed_at.isoformat()}
    if policy.pause_on_hold:
        data["pause_on_hold"] = "y"
    return {**data, **over}


WEEK = {"name": "Tokyo", "tz": "Asia/Tokyo", "mon": "09:00-12:00, 13:00-18:00", "fri": "22:00–06:00"}


@pytest.mark.parametrize("page", PAGES)
def test_only_leads_and_administrators_enter(people, browse, page):
    browse(None).get(page, to="/login")
    for who in (people.owner, people.stranger, people.agent, people.moderator):
        browse(who).get(page, status=403)
    for who in (people.lead, people.admin):
        assert browse(who).get(page)


def test_the_list_shows_what_is_promised_to_whom(people, browse):
    words = browse(people.lead).get("/admin/sla").words
    for text in ("Enterprise Emergency", "15 min", "Business hours, Berlin", "Mon–Fri 09:00-17:00", "around the clock"):
        assert text in words


def test_a_policy_is_changed_and_the_open_tickets_follow(people, browse, now, drain):
    ticket = factories.ticket(people.owner, priority="high")
    policy = policy_of("enterprise_priority")
    lead = browse(people.lead)
    assert 'value="4 h"' in lead.get(f"/admin/sla/policies/{policy.id}").text
    address = f"/admin/sla/policies/{policy.id}"
    lead.post(address, filled(policy, **{"first_response-high": "2 h", "resolution-low": "none"}), to="/admin/sla")
    assert edits()[-1].facts["summary"] == "first response, high: 4 h → 2 h; resolution, low: 168 h → none"
    drain()
    assert ticket.next_due_at == now + 2 * HOUR
    assert "Only part is promised for: low." in lead.get("/admin/sla").words


def test_saving_what_is_there_records_nothing(people, browse):
    policy = policy_of("technical")
    browse(people.lead).post(f"/admin/sla/policies/{policy.id}", filled(policy), htmx=True, to="/admin/sla")
    assert edits() == []


@pytest.mark.parametrize(
    "key, over, says",
    [
        ("enterprise_priority", {"first_response-high": "0"}, "at least a minute, or “none”"),
        ("enterprise_priority", {"first_response-high": ""}, "This is left open. Write a length, or “none”"),
        ("enterprise_priority", {"first_response-high": "soon"}, "Write a length"),
        ("enterprise_priority", {"first_response-high": "4 h 7"}, "Write a length"),
        ("enterprise_priority", {"first_response-high": "-4 h"}, "Write a length"),
        ("enterprise_priority", {"first_response-high": "99999 d"}, "at most a year"),
        ("enterprise_priority", {"first_response-high": SPIRITS}, "Write a length"),
        ("enterprise_priority", {"first_response-high": "9" * 5000}, "30 characters"),
        ("technical", {"first_response-low": "1 w"}, "opening hours"),
        ("technical", {"calendar": "77"}, "offered"),
        ("technical", {"calendar": "x"}, "offered"),
        ("technical", {f"{metric}-{priority}": "none" for metric in METRICS for priority in PRIORITIES}, "promises nothing"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_and_the_input_kept(people, browse, key, over, says):
    policy = policy_of(key)
    page = browse(people.lead).post(f"/admin/sla/policies/{policy.id}", filled(policy, **over), status=422)
    assert says.lower() in page.words.lower() and "<script>alert" not in page.text
    if "first_response-high" in over and over["first_response-high"].isascii():
        assert f'value="{over["first_response-high"]}"' in page.text
    assert edits() == []


def test_targets_say_beside_them_that_a_number_alone_is_minutes(people, browse):
    policy, lead = policy_of("technical"), browse(people.lead)
    page = lead.get(f"/admin/sla/policies/{policy.id}")
    told = {page.markup.one("p", id=box.get("aria-describedby")).text for box in page.markup.all("fieldset", class_="card")}
    assert len(told) == 1 and "A number alone is minutes: 90 is 1 h 30 min." in told.pop()
    lead.post(f"/admin/sla/policies/{policy.id}", filled(policy, **{"first_response-high": "90"}), to="/admin/sla")
    assert lead.get(f"/admin/sla/policies/{policy.id}").markup.fields()["first_response-high"] == "1 h 30 min"


def test_a_stale_save_is_told_and_saved_again_if_meant(people, browse, now):
    policy = policy_of("enterprise_priority")
    address, mine = f"/admin/sla/policies/{policy.id}", filled(policy, **{"first_response-high": "3 h"})
    browse(people.admin).post(address, filled(policy, **{"first_response-high": "2 h"}), to="/admin/sla")
    policy.changed_at = now + HOUR
    db.session.commit()
    page = browse(people.lead).post(address, mine, status=409)
    assert "Somebody else changed this meanwhile" in page.words and 'value="3 h"' in page.text
    assert "First response, high: It says “2 h” now." in page.words and page.words.count("It says") == 2, "in the summary and beside it"
    seen = page.markup.one("input", name="seen").get("value")
    browse(people.lead).post(address, mine | {"seen": seen}, to="/admin/sla")
    assert len(edits()) == 2
    browse(people.lead).post(address, mine | {"seen": "nonsense"}, status=409)


def test_a_stale_save_shows_the_calendar_and_the_pause_that_stand_there(people, browse, now):
    policy, lead = policy_of("technical"), browse(people.lead)
    address, mine = f"/admin/sla/policies/{policy.id}", filled(policy, **{"next_response-low": "None"})
    always = calendar_of("round-the-clock")
    editing.save_policy(
        policy,
        calendar=always,
        pause_on_hold=not policy.pause_on_hold,
        targets={("resolution", "low"): 1440},
        actor=people.admin,
        now=now + HOUR,
    )
    page = lead.post(address, mine, status=409)
    for words in (
        f"Calendar: It says “{always.name}” now.",
        "ticked now.",
        "Resolution, low: It says “1 d” now.",
        "First response, high: It says “none” now.",
    ):
        assert words in page.words
    assert "Next response, low:" not in page.words, "both promise nothing"


def test_errors_of_targets_name_the_clock_and_the_priority(people, browse):
    policy = policy_of("technical")
    page = browse(people.lead).post(
        f"/admin/sla/policies/{policy.id}", filled(policy, **{"resolution-high": "soon", "next_response-low": ""}), status=422
    )
    summary = [item.text for item in page.markup.all("li")]
    assert any(item.startswith("Resolution, high: Write a length") for item in summary)
    assert any(item.startswith("Next response, low: This is left open") for item in summary)
    labels = {label["for"]: label.text for label in page.markup.all("label")}
    assert labels["resolution-high"] == "High", "the heading around it says the rest"


def test_an_organization_gets_its_own_policy_and_loses_it_again(people, browse, now, drain):
    ticket = factories.ticket(people.owner, priority="high")
    drain()
    lead = browse(people.lead)
    form = filled(policy_of("enterprise_emergency"), **{"first_response-high": "1 h", "organization": str(people.acme.id)})
    lead.post("/admin/sla/policies/new", form, to="/admin/sla")
    drain()
    assert ticket.next_due_at == now + HOUR
    assert "Acme Robotics, instead of its plan" in lead.get("/admin/sla").words
    own = db.session.scalars(select(Policy).where(Policy.organization_id == people.acme.id)).one()
    for path in ("/admin/sla/policies/new", "/admin/sla/policies/new/dry-runs"):
        page = lead.post(path, form, status=422)
        again = page.markup.fields(page.markup.one("form", id="policy-form"))
        assert again["organization"] == str(people.acme.id) and "Organization: Acme Robotics has a policy of its own by now." in page.words
        assert again["first_response-high"] == "1 h"
        lead.post(path, form | {"organization": str(10**26)}, status=422)
    lead.post(f"/admin/sla/policies/{own.id}/withdrawal", to="/admin/sla")
    drain()
    assert ticket.next_due_at == now + 4 * HOUR
    lead.get(f"/admin/sla/policies/{own.id}", status=404)
    lead.post("/admin/sla/policies/new", form, to="/admin/sla")


def test_what_was_entered_for_a_withdrawn_policy_is_kept(people, browse, now):
    lead, model = browse(people.lead), policy_of("enterprise_emergency")
    lead.post("/admin/sla/policies/new", filled(model, organization=str(people.acme.id)), to="/admin/sla")
    own = db.session.scalars(select(Policy).where(Policy.organization_id == people.acme.id)).one()
    form = lead.get(f"/admin/sla/policies/{own.id}").markup.one("form", id="policy-form")
    mine = filled(own, **{"first_response-high": "3 h"})
    editing.withdraw_policy(own, actor=people.admin, now=now)
    page = lead.post(form["action"], mine, status=409)
    assert "was withdrawn since you opened it" in page.words
    again = page.markup.one("form", id="policy-form")
    lead.post(again["action"], page.markup.fields(again), to="/admin/sla")
    anew = db.session.scalars(select(Policy).where(Policy.organization_id == people.acme.id)).one()
    assert {t.priority: t.target_minutes for t in anew.targets if t.metric == "first_response"}["high"] == 180
    page = lead.post(form["action"], mine | {"first_response-high": "5 h"}, status=409)
    assert "another one made since you opened it" in page.words and "It says “3 h” now." in page.words
    again = page.markup.one("form", id="policy-form")
    lead.post(again["action"], page.markup.fields(again), to="/admin/sla")
    assert {t.priority: t.target_minutes for t in anew.targets if t.metric == "first_response"}["high"] == 300
    lead.post(f"/admin/sla/policies/{own.id}", mine, status=404)


def test_what_was_to_be_tried_for_a_withdrawn_policy_is_kept(people, browse, now):
    lead, model = browse(people.lead), policy_of("enterprise_emergency")
    lead.post("/admin/sla/policies/new", filled(model, organization=str(people.acme.id)), to="/admin/sla")
    own = db.session.scalars(select(Policy).where(Policy.organization_id == people.acme.id)).one()
    buttons = lead.get(f"/admin/sla/policies/{own.id}").markup.all("button")
    try_at = next(button["formaction"] for button in buttons if "dry-runs" in button.get("formaction"))
    mine = filled(own, **{"first_response-high": "3 h"})
    editing.withdraw_policy(own, actor=people.admin, now=now)
    page = lead.post(try_at, mine, status=409)
    assert "was withdrawn since you opened it" in page.words
    assert page.markup.fields(page.markup.one("form", id="policy-form"))["first_response-high"] == "3 h"


def test_the_policy_of_a_plan_cannot_be_withdrawn(people, browse):
    browse(people.lead).post(f"/admin/sla/policies/{policy_of('technical').id}/withdrawal", status=409)


def test_a_calendar_is_made_used_and_changed(people, browse, now, drain):
    lead = browse(people.lead)
    lead.post("/admin/sla/calendars/new", WEEK | {"holidays": "2026-11-23 Labour Thanksgiving Day\n2027-01-01"}, to="/admin/sla")
    tokyo = db.session.scalars(select(Calendar).where(Calendar.name == "Tokyo")).one()
    assert tokyo.definition == {
        "tz": "Asia/Tokyo",
        "hours": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "fri": [["22:00", "06:00"]]},
        "holidays": ["2026-11-23", "2027-01-01"],
        "overrides": {},
        "names": {"2026-11-23": "Labour Thanksgiving Day"},
    }
    policy = policy_of("technical")
    lead.post(f"/admin/sla/policies/{policy.id}", filled(policy, calendar=str(tokyo.id)), to="/admin/sla")
    ticket = factories.ticket(people.stranger, priority="high")
    drain()
    page = lead.get(f"/admin/sla/calendars/{tokyo.id}")
    assert "Mon 23 Nov 2026: Labour Thanksgiving Day" in page.words
    lead.post(
        f"/admin/sla/calendars/{tokyo.id}", WEEK | {"name": "Tokio", "always": "y", "overrides": "2026-12-24 closed"}, to="/admin/sla"
    )
    drain()
    assert ticket.next_due_at == now + 8 * HOUR
    assert calendar_of(tokyo.key).name == "Tokio"
    lead.post(f"/admin/sla/calendars/{tokyo.id}/removal", status=409)


def test_what_was_entered_for_a_removed_calendar_is_kept(people, browse, now):
    lead = browse(people.lead)
    lead.post("/admin/sla/calendars/new", WEEK, to="/admin/sla")
    tokyo = db.session.scalars(select(Calendar).where(Calendar.name == "Tokyo")).one()
    path, mine = f"/admin/sla/calendars/{tokyo.id}", WEEK | {"tue": "10:00-11:00", "seen": tokyo.changed_at.isoformat()}
    editing.remove_calendar(tokyo, actor=people.admin, now=now)
    for to in (path, f"{path}/dry-runs"):
        page = lead.post(to, mine, status=409)
        assert "was removed since you opened it" in page.words
    form = page.markup.one("form", id="calendar-form")
    lead.post(form["action"], page.markup.fields(form), to="/admin/sla")
    again = db.session.scalars(select(Calendar).where(Calendar.name == "Tokyo")).one()
    assert again.definition["hours"]["tue"] == [["10:00", "11:00"]]
    # No page of the removed one is one of this, and the versions of that one stay its own.
    assert f"/admin/sla/calendars/{again.id}" != path and again.version == 1
    lead.post(path, WEEK, status=404)


def test_a_calendar_that_nobody_uses_can_be_removed(people, browse):
    lead = browse(people.lead)
    lead.post("/admin/sla/calendars/new", WEEK, to="/admin/sla")
    tokyo = db.session.scalars(select(Calendar.id).where(Calendar.name == "Tokyo")).one()
    lead.post(f"/admin/sla/calendars/{tokyo}/removal", to="/admin/sla")
    lead.get(f"/admin/sla/calendars/{tokyo}", status=404)
    lead.post(f"/admin/sla/calendars/{tokyo}/removal", status=404)


@pytest.mark.parametrize(
    "over, says",
    [
        ({"tz": "Mars/Base"}, "no time zone"),
        ({"tz": SPIRITS}, "no time zone"),
        ({"name": ""}, "Give the calendar a name"),
        ({"name": "x" * 101}, "100 characters"),
        ({"mon": "9 to 5"}, "is no span"),
        ({"mon": "09:00-26:00"}, "is no time"),
        ({"mon": "09:00-12:00, 11:00-13:00"}, "overlap on Monday"),
        ({"fri": "22:00-06:00", "sat": "05:00-07:00"}, "Friday and Saturday"),
        ({"mon": "", "fri": ""}, "no open hour"),
        ({"holidays": "25.12.2026"}, "is no date"),
        ({"holidays": "2026-12-25\n2026-12-25"}, "twice"),
        ({"holidays": "\n".join(str(date(2025, 1, 1) + n * DAY) for n in range(1001))}, "These are 1,001 days; a calendar takes 1,000"),
        ({"holidays": "9999-12-25"}, "too far"),
        ({"overrides": "2026-12-24 early"}, "is no span"),
        ({"overrides": "2026-12-24"}, "or write 2026-12-24 closed"),
        ({"name": " around  THE clock"}, "Another calendar has this name."),
        ({"country": "ZZ"}, "Press “Fill in public holidays” first"),
        ({"country": "FR", "filled_to": "2028", "filled_for": "DE"}, "Press “Fill in public holidays” first"),
        ({"overrides": "2026-12-24 09:00-12:00, 11:00-13:00"}, "overlap on 2026-12-24"),
        ({"holidays": "x" * 20_001}, "20000 characters"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_and_the_input_kept(people, browse, over, says):
    page = browse(people.lead).post("/admin/sla/calendars/new", WEEK | over, status=422)
    assert says in page.words and "<script>alert" not in page.text
    assert 'value="Asia/Tokyo"' in page.text or "tz" in over
    assert db.session.scalar(select(Calendar.id).where(Calendar.name == "Tokyo")) is None


def test_public_holidays_are_filled_into_the_form_and_nothing_is_saved(people, browse):
    lead = browse(people.lead)
    page = lead.post("/admin/sla/calendars/new", WEEK | {"country": "jp", "holidays": "2026-12-24 Office party", "fill": "1"})
    assert "2026-12-24 Office party" in page.text and "2027-01-01 New Year" in page.text
    assert 'name="filled_to" type="hidden" value="2028"' in page.text or 'value="2028"' in page.text
    bavaria = lead.post("/admin/sla/calendars/new", WEEK | {"country": "de", "region": "by", "fill": "1"})
    assert "2026-06-04 Corpus Christi" in bavaria.text
    for country in ("", "XX", "Germany", "<s>"):
        refused = lead.post("/admin/sla/calendars/new", WEEK | {"country": country, "fill": "1"}, status=422)
        assert 'value="Tokyo"' in refused.text
    lead.post("/admin/sla/calendars/new", WEEK | {"country": "JP", "filled_to": "2028", "filled_for": "JP"}, to="/admin/sla")
    saved = db.session.scalars(select(Calendar).where(Calendar.name == "Tokyo")).one().definition
    assert (saved["country"], saved["filled_to"]) == ("JP", 2028)
    page = lead.get(f"/admin/sla/calendars/{calendar_of('business').id}")
    assert 'id="filled_for" name="filled_for" type="hidden" value="DE"' in page.text


def test_the_days_of_another_country_are_exchanged_and_those_written_by_hand_stay(people, browse):
    lead = browse(people.lead)
    german = lead.post("/admin/sla/calendars/new", WEEK | {"country": "de", "fill": "1"}).markup.fields()
    days = german["holidays"].splitlines()
    assert "2026-10-03 German Unity Day" in days
    by_hand = ["2025-10-03 German Unity Day", "2026-12-24 Office party", "2027-10-03 Our anniversary"]
    days = [day for day in days if not day.startswith("2027-10-03")] + by_hand
    french = lead.post("/admin/sla/calendars/new", {**german, "country": "fr", "holidays": "\n".join(days), "fill": "1"}).markup.fields()
    days = french["holidays"].splitlines()
    assert "2026-07-14 National Day" in days and "2026-12-25 Christmas Day" in days
    assert "2026-10-03 German Unity Day" not in days and not any(day.startswith("2028-10-03") for day in days)
    assert set(by_hand) <= set(days) and french["filled_for"] == "FR"
    lead.post("/admin/sla/calendars/new", french, to="/admin/sla")


def test_editing_is_for_leads_only_whoever_calls_it(people, now):
    policy, calendar = policy_of("technical"), calendar_of("business")
    with pytest.raises(NotAllowed):
        editing.save_calendar(calendar, "x", {}, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        editing.save_policy(policy, calendar=calendar, pause_on_hold=True, targets={}, actor=people.owner, now=now)
    with pytest.raises(Invalid):
        editing.add_calendar("Never", {"tz": "UTC", "hours": {}}, actor=people.lead, now=now)
    with pytest.raises(WrongState):
        editing.withdraw_policy(policy, actor=people.lead, now=now)
