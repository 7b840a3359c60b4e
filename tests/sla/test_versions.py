"""Versions of policies and calendars, what organizations and tickets have of their own, and the pages of both."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.sla import editing, overrides, preview, queries, verify, versions
from app.sla.models import CalendarVersion, Clock, Policy, PolicyVersion
from app.sla.terms import terms_for
from tests import factories
from tests.sla.edits import calendar_of, policy_of, save_policy

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def first_of(ticket, now):
    return next(view for view in queries.clocks_for(ticket, now, all_of_them=True) if view.metric == "first_response")


def won(ticket, now):
    """Policy, calendar and who chose each, as the first response counts now."""
    terms = terms_for(ticket.organization_id, ticket.promised_priority, ticket.id)
    return terms.words.policy, terms.words.policy_from, terms.words.calendar, terms.words.calendar_from


@BOTH
def test_each_save_keeps_what_was_there_and_says_what_changed(app, people, now):
    policy = save_policy("technical", people, now + HOUR, high_first_response=120, low_resolution=None)
    save_policy("technical", people, now + 2 * HOUR, calendar=calendar_of("round-the-clock"), pause_on_hold=False)
    save_policy("technical", people, now + 3 * HOUR)
    found = versions.policy_history(policy)
    assert [(entry.number, entry.valid_from, entry.who) for entry in found] == [
        (3, now + 2 * HOUR, people.lead.name),
        (2, now + HOUR, people.lead.name),
        (1, now, None),
    ]
    assert found[0].changes == ["calendar Business hours, Berlin → Around the clock", "on hold does not pause any more"]
    assert found[1].changes == ["first response, high: 8 h → 2 h", "resolution, low: 40 h → none"]
    snapshot = db.session.scalars(select(PolicyVersion.snapshot).where(PolicyVersion.policy_id == policy.id)).first()
    assert snapshot["targets"]["first_response"]["high"] == 480


def test_the_history_of_a_calendar_names_days_zone_and_hours(app, people, now):
    calendar = calendar_of("business")
    after = calendar.definition | {
        "tz": "Europe/Paris",
        "overrides": {"2026-12-24": [["09:00", "12:00"]]},
        "hours": {"mon": [["09:00", "12:00"]]},
    }
    editing.save_calendar(calendar, "Paris", after, actor=people.lead, now=now + HOUR)
    assert versions.calendar_history(calendar)[0].changes == [
        "name Business hours, Berlin → Paris",
        "zone Europe/Berlin → Europe/Paris",
        "hours Mon–Fri 09:00-17:00 → Mon 09:00-12:00",
        "exception +2026-12-24",
    ]


@BOTH
def test_a_stopped_clock_is_explained_by_what_it_was_judged_by_and_an_open_one_by_what_holds(app, people, now, drain):
    stopped, running = (factories.ticket(people.stranger, priority="high") for _ in range(2))
    factories.reply(stopped, people.agent, now=now + HOUR)
    calendar = calendar_of("business")
    editing.save_calendar(calendar, "Nights", {"tz": "UTC", "hours": "24x7"}, actor=people.lead, now=now + 2 * HOUR)
    save_policy("technical", people, now + 2 * HOUR, high_first_response=600)
    drain()
    before = queries.why(stopped, first_of(stopped, now).id, now=now + 3 * HOUR, zone="UTC")
    assert "within 8 h, counted on the calendar “Business hours, Berlin”" in before.sentence and "changed on" not in before.sentence
    assert [span.why for span in before.spans] == ["Monday hours, 09:00–17:00"]
    after = queries.why(running, first_of(running, now).id, now=now + 3 * HOUR, zone="UTC")
    assert "within 10 h, counted around the clock" in after.sentence and "The policy changed on Mon 23 Nov, 12:00 UTC" in after.sentence
    assert after.won[1] == (
        "Calendar",
        "Nights, version 2 of Mon 23 Nov, 12:00 UTC: the policy's; neither ticket nor organization has one of its own",
    )
    assert first_of(running, now + 3 * HOUR).policy_changed_at == now + 2 * HOUR and first_of(stopped, now).policy_changed_at is None


@BOTH
def test_ticket_organization_plan_and_default_win_in_this_order(app, people, now):
    ticket, always = factories.ticket(people.stranger, priority="high"), calendar_of("round-the-clock")
    assert won(ticket, now) == ("Technical", "plan", "Business hours, Berlin", "policy")
    save_policy("technical", people, now, calendar=None)
    assert won(ticket, now)[2:] == ("Business hours, Berlin", "default")
    editing.make_default(always, actor=people.lead, now=now)
    assert won(ticket, now)[2:] == ("Around the clock", "default")
    save_policy("technical", people, now, calendar=calendar_of("business"))
    targets = {("first_response", "high"): 60}
    editing.add_policy(people.globex, calendar=None, pause_on_hold=True, targets=targets, actor=people.lead, now=now)
    assert won(ticket, now) == (people.globex.name, "organization", "Business hours, Berlin", "plan")
    editing.set_organization_calendar(people.globex, always, "Clause 4", actor=people.lead, now=now)
    assert won(ticket, now)[2:] == ("Around the clock", "organization")
    overrides.set_terms(
        ticket, policy=policy_of("enterprise_emergency"), calendar=calendar_of("business"), reason="Outage.", actor=people.lead, now=now
    )
    assert won(ticket, now) == ("Enterprise Emergency", "ticket", "Business hours, Berlin", "ticket")


@BOTH
def test_terms_of_a_ticket_set_its_clocks_at_once_and_are_told_on_its_timeline(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    business = calendar_of("business")
    for _ in range(2):
        overrides.set_terms(ticket, policy=None, calendar=business, reason="Agreed by phone.", actor=people.lead, now=now + HOUR)
        db.session.commit()
    [event] = db.session.scalars(select(Event).where(Event.kind == "sla.terms_set"))
    assert (event.facts, event.is_public, event.ticket_id) == (
        {"policy": None, "calendar": "Business hours, Berlin", "reason": "Agreed by phone."},
        False,
        ticket.id,
    )
    clock = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.metric == "first_response")).one()
    assert (clock.due_at, clock.calendar_from, clock.calendar_id) == (now + 4 * HOUR, "ticket", business.id)
    overrides.set_terms(ticket, policy=None, calendar=None, reason="Over.", actor=people.lead, now=now + 2 * HOUR)
    db.session.flush()
    assert (clock.calendar_from, overrides.own_terms(ticket.id).reason) == ("policy", "Over.")


def test_terms_are_for_leads_need_a_reason_and_an_open_ticket(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    given = {"policy": policy_of("technical"), "calendar": None, "now": now}
    with pytest.raises(NotAllowed):
        overrides.set_terms(ticket, reason="x", actor=people.agent, **given)
    with pytest.raises(Invalid):
        overrides.set_terms(ticket, reason=" ", actor=people.lead, **given)
    closed = factories.ticket(people.owner, status="closed")
    with pytest.raises(WrongState):
        overrides.set_terms(closed, reason="x", actor=people.lead, **given)
    with pytest.raises(NotFound):
        overrides.chosen(999, None)


def test_a_guest_can_be_promised_something_by_a_policy_of_the_ticket(app, people, now):
    ticket = factories.ticket(people.guest, priority="high")
    assert queries.clocks_for(ticket, now) == []
    overrides.set_terms(
        ticket, policy=policy_of("enterprise_priority"), calendar=None, reason="Goodwill.", actor=people.lead, now=now + HOUR
    )
    assert first_of(ticket, now + HOUR).due_at == now + 25 * HOUR, "a day from when it was promised"


def test_a_calendar_that_somebody_counts_by_stays_and_its_versions_outlive_it(app, people, now):
    extra = editing.add_calendar("Extra", {"tz": "UTC", "hours": "24x7"}, actor=people.lead, now=now)
    editing.set_organization_calendar(people.acme, extra, "Clause 4", actor=people.lead, now=now)
    for calendar in (extra, calendar_of("business")):
        with pytest.raises(WrongState):
            editing.remove_calendar(calendar, actor=people.lead, now=now)
    other = editing.add_calendar("Other", {"tz": "UTC", "hours": "24x7"}, actor=people.lead, now=now)
    number = other.id
    editing.remove_calendar(other, actor=people.lead, now=now)
    assert db.session.scalars(select(CalendarVersion.snapshot).where(CalendarVersion.calendar_id == number)).one()["name"] == "Other"


def test_a_year_shows_each_day_and_adds_up(app):
    definition = calendar_of("business").definition | {"overrides": {"2026-12-24": [["09:00", "12:00"]], "2026-12-31": []}}
    months = preview.year_of(definition, 2026)
    december = {day.on.day: day for week in months[11].weeks for day in week.days if day}
    assert [(december[n].state, december[n].hours, december[n].says) for n in (23, 24, 25, 26, 31)] == [
        ("open", "8", "open"),
        ("exception", "3", "exception, 09:00-12:00"),
        ("holiday", "", "Christmas Day"),
        ("holiday", "", "Second Day of Christmas"),
        ("exception", "", "exception, closed"),
    ]
    assert [week.hours for week in months[11].weeks] == ["32", "40", "40", "27", "24"] and months[11].hours == "163"
    with pytest.raises(NotFound):
        preview.year_of(definition, 9999)


def test_a_night_shift_belongs_to_the_days_on_which_its_hours_lie():
    months = preview.year_of({"tz": "UTC", "hours": {"fri": [["22:00", "06:00"]]}}, 2026)
    days = {day.on.day: day for week in months[0].weeks for day in week.days if day}
    assert (days[2].hours, days[3].hours, days[4].state) == ("2", "6", "closed")


def test_a_lead_sets_terms_from_the_tickets_page_and_an_agent_only_reads_them(people, browse, now):
    ticket = factories.ticket(people.owner, priority="high")
    address = f"/desk/tickets/{ticket.ref}/terms"
    given = {"policy": str(policy_of("technical").id), "calendar": "0", "reason": "Agreed."}
    lead, agent = browse(people.lead), browse(people.agent)
    assert "Set the terms" in lead.get(f"/desk/tickets/{ticket.ref}/clocks").words
    lead.post(address, given, to=f"/desk/tickets/{ticket.ref}/clocks")
    words = agent.get(f"/desk/tickets/{ticket.ref}/clocks").words
    assert "Policy Technical, set by" in words and "Set the terms" not in words
    agent.post(address, given, status=403)
    refused = lead.post(address, given | {"reason": ""}, status=422)
    assert "Say why" in refused.words
    why = agent.get(f"/desk/tickets/{ticket.ref}/clocks/{first_of(ticket, now).id}").words
    assert "set for this ticket, before its organization's and its plan's" in why
    assert "Terms of its own: policy Technical" in agent.get(f"/desk/tickets/{ticket.ref}").words


def test_pages_show_history_preview_and_whose_calendar_it_is(people, browse, now):
    lead, policy, calendar = browse(people.lead), policy_of("technical"), calendar_of("business")
    save_policy("technical", people, now, high_first_response=120)
    assert "first response, high: 8 h → 2 h" in lead.get(f"/admin/sla/policies/{policy.id}").words
    assert "the first version" in lead.get(f"/admin/sla/calendars/{calendar.id}").words
    year = lead.get(f"/admin/sla/calendars/{calendar.id}/2026")
    assert "Christmas Day" in year.words and year.text.count("<table") == 12
    lead.get(f"/admin/sla/calendars/{calendar.id}/99999", status=404)
    lead.post(f"/admin/sla/calendars/{calendar_of('round-the-clock').id}/default", to="/admin/sla")
    given = {"organization": str(people.acme.id), "calendar": str(calendar.id), "reason": "Clause 4"}
    lead.post("/admin/sla/organization-calendars", given, to="/admin/sla")
    assert f"{people.acme.name}: Business hours, Berlin" in lead.get("/admin/sla").words
    assert "Clause 4" in lead.get("/admin/sla/organization-calendars").words
    lead.post("/admin/sla/organization-calendars", given | {"reason": ""}, status=422)


def test_a_policy_that_counts_by_the_calendar_above_it_is_saved_and_shown(people, browse, now):
    policy = policy_of("technical")
    data = {f"{t.metric}-{t.priority}": f"{t.target_minutes} min" for t in policy.targets}
    data |= {"calendar": "0", "seen": policy.changed_at.isoformat(), "pause_on_hold": "y"}
    browse(people.lead).post(f"/admin/sla/policies/{policy.id}", data, to="/admin/sla")
    assert db.session.get(Policy, policy.id).inherits_calendar
    assert "Counted on the default calendar" in browse(people.lead).get("/admin/sla").words


def test_a_dry_run_is_begun_from_the_form_watched_stopped_and_saved(people, browse, now, drain):
    ticket = factories.ticket(people.owner, priority="high", now=now - DAY)
    factories.reply(ticket, people.agent, now=ticket.created_at + 3 * HOUR)
    policy, lead = policy_of("enterprise_priority"), browse(people.lead)
    data = {f"{t.metric}-{t.priority}": f"{t.target_minutes} min" for t in policy.targets}
    data |= {"calendar": str(policy.calendar_id), "seen": policy.changed_at.isoformat(), "pause_on_hold": "y", "first_response-high": "2 h"}
    lead.post(f"/admin/sla/policies/{policy.id}/dry-runs", data | {"first_response-low": ""}, status=422)
    lead.post(f"/admin/sla/policies/{policy.id}/dry-runs", data, to="/admin/sla/dry-runs/1")
    page = lead.get("/admin/sla/dry-runs/1")
    assert 'hx-trigger="every 2s"' in page.text and "first response, high: 4 h → 2 h" in page.words
    lead.post("/admin/sla/dry-runs/1/cancellation", to="/admin/sla/dry-runs/1")
    lead.post("/admin/sla/dry-runs/1/application", status=409)
    lead.post("/admin/sla/dry-runs/1/resumption", to="/admin/sla/dry-runs/1")
    drain()
    part = lead.get("/admin/sla/dry-runs/1/progress", htmx=True)
    assert "every 2s" not in part.text and "1 of 1 tickets replayed" in part.words
    behind = lead.get("/admin/sla/dry-runs/1/tickets?metric=first_response&priority=high&was=met&would=breached")
    assert ticket.ref in behind.words and "missed" in behind.words
    lead.post("/admin/sla/dry-runs/1/application", to="/admin/sla")
    assert policy_of("enterprise_priority").version == 2


def test_what_was_tried_is_not_saved_over_what_somebody_else_saved_since(people, browse, now, drain, clock):
    policy, lead = policy_of("enterprise_priority"), browse(people.lead)
    data = {f"{t.metric}-{t.priority}": f"{t.target_minutes} min" for t in policy.targets}
    data |= {"calendar": str(policy.calendar_id), "seen": policy.changed_at.isoformat(), "first_response-high": "2 h"}
    lead.post(f"/admin/sla/policies/{policy.id}/dry-runs", data, to="/admin/sla/dry-runs/1")
    drain()
    save_policy("enterprise_priority", people, now + HOUR, low_first_response=60)
    page = lead.post("/admin/sla/dry-runs/1/application", status=409)
    assert "Somebody else changed this meanwhile" in page.words


def test_no_two_calendars_get_one_name_by_a_dry_run(people, browse, now, drain):
    business, lead = calendar_of("business"), browse(people.lead)
    path, name = f"/admin/sla/calendars/{business.id}", business.name
    page = lead.get(path).markup
    data = page.fields(page.one("form", id="calendar-form"))
    refused = lead.post(f"{path}/dry-runs", {**data, "name": "around THE clock"}, status=422)
    assert "Another calendar has this name." in refused.words and 'value="around THE clock"' in refused.text
    lead.post(f"{path}/dry-runs", {**data, "name": "Spare"}, to="/admin/sla/dry-runs/1")
    drain()
    editing.add_calendar("Spare", {"tz": "UTC", "hours": "24x7"}, actor=people.lead, now=now)
    db.session.commit()
    assert "Another calendar has this name." in lead.post("/admin/sla/dry-runs/1/application", status=422).words
    assert calendar_of("business").name == name


def test_verify_finds_a_row_that_is_not_what_its_events_say(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + HOUR, status="pending_customer")
    assert verify.chunk(0, now + 2 * HOUR) == (ticket.id, [ticket.id], [])
    db.session.execute(db.text("UPDATE clocks SET elapsed_seconds = 7 WHERE metric = 'first_response'"))
    db.session.commit()
    [problem] = verify.chunk(0, now + 2 * HOUR)[2]
    assert problem.startswith(f"{ticket.ref} first_response 1: stored stopped") and "7 s, replayed" in problem and "3600 s" in problem
    assert verify.chunk(ticket.id, now)[1] == []
