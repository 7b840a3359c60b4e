"""The pages of the rota."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.rota import actions, editing, queries, views
from app.rota.models import RotaAbsence, RotaCover, RotaOverride, RotaPerson, RotaShift, RotaSwap
from tests.rota.conftest import shift
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
SHIFT = {
    "name": "Weekends",
    "level": "1",
    "time_zone": "Europe/Berlin",
    "weekdays": ["5", "6"],
    "starts": "08:00",
    "ends": "20:00",
    "turn_weeks": "1",
    "anchor_on": "2026-11-23",
}


def test_an_empty_rota_says_what_to_do_first(people, browse):
    page = browse(people.lead).get("/desk/rota")
    assert "Nobody is on the rota yet" in page.words and "Choose a team to begin with" in page.words
    assert "Leads put shifts here" in browse(people.agent).get("/desk/rota").words


@BOTH
def test_the_first_page_shows_who_is_on_call_the_lanes_and_the_holes(week, people, now, browse):
    editing.set_cover(week.team, "always", "UTC", {}, actor=people.lead, now=now)
    page = browse(people.agent2).get("/desk/rota")
    for told in ("Support Aiko Tanaka", "Helena Lindqvist", "Holes in the next eight weeks", "Sat 28 Nov, 07:00 GMT", "2 d"):
        assert told in page.words, told
    blocks = [element for element in page.markup.all("svg") if element.get("data-h")]
    assert len(blocks) >= 3
    assert "Sun 29 Nov" in browse(people.agent2).get("/desk/rota?ahead=6").words


def test_agents_see_the_team_and_leads_may_change_it(week, people, browse):
    agent, lead = browse(people.agent), browse(people.lead)
    assert "New shift" not in agent.get(f"/desk/rota/teams/{week.team.id}").words
    assert "New shift" in lead.get(f"/desk/rota/teams/{week.team.id}").words
    agent.get(f"/desk/rota/shifts/{week.days.id}", status=403)


def test_lists_show_duties_whole_and_not_cut_at_now_or_at_their_end(week, people, app):
    night = utc(2026, 11, 24, 2)
    mine, team = views.duties_to_come(people.lead.id, night), views.team_view(week.team, night).duties
    assert (mine[0].start, mine[-1].end) == (utc(2026, 11, 23, 15), utc(2026, 12, 8, 7))
    assert (team[0].start, team[-1].end) == (utc(2026, 11, 23, 15), utc(2026, 12, 8, 7))
    swappable = views.duties_ahead(night)[0]
    assert swappable == views.duties_ahead(night + timedelta(seconds=1))[0]
    assert max(one.end for one in swappable) == utc(2026, 12, 22, 7)


def test_lists_show_an_override_whole_however_long_it_lasts(week, people, app):
    night, bounds = utc(2026, 11, 24, 2), (utc(2026, 11, 18), utc(2026, 12, 30))
    actions.add_override(week.team, 2, people.admin, *bounds, "", actor=people.lead, now=bounds[0])
    for now in (night, night + timedelta(seconds=1)):
        for listed in (views.duties_to_come(people.admin.id, now), views.team_view(week.team, now).duties, views.duties_ahead(now)[0]):
            assert bounds in {(one.start, one.end) for one in listed}


def test_a_duty_that_has_gone_on_for_days_can_be_swapped_while_the_page_is_open(week, people, browse, clock, now):
    start, agent = now - timedelta(days=5), browse(people.agent)
    actions.add_override(week.team, 2, people.agent, start, now + timedelta(days=40), "", actor=people.lead, now=start)
    options = agent.get("/desk/rota/mine").markup.all("option")
    duty = next(one["value"] for one in options if "backup" in one.text and one["value"].startswith(f"{people.agent.id}."))
    assert "Wed 18 Nov, 19:00–Sat 2 Jan, 19:00, Support, backup" in {one.text for one in options}
    clock.shift(1)
    agent.post("/desk/rota/swaps", {"duty": duty, "other_id": people.admin.id, "back": "", "note": ""}, to="/desk/rota/mine")
    assert db.session.scalars(select(RotaSwap.ends_at)).one() == now + timedelta(days=40)


@BOTH
def test_a_lead_makes_and_changes_a_shift(week, people, browse):
    lead = browse(people.lead)
    lead.get(f"/desk/rota/teams/{week.team.id}/shifts/new")
    turns = {"turns-0": people.agent.id, "turns-1": "", "turns-2": people.admin.id}
    lead.post(f"/desk/rota/teams/{week.team.id}/shifts", {**SHIFT, **turns}, to=f"/desk/rota/teams/{week.team.id}")
    made = db.session.scalars(select(RotaShift).where(RotaShift.name == "Weekends")).one()
    assert queries.on_call(week.team.id, utc(2026, 11, 28, 12)).user_id == people.agent.id
    page = lead.get(f"/desk/rota/shifts/{made.id}")
    chosen = [e["value"] for e in page.markup.all("option") if "selected" in e.attributes]
    assert chosen[1:3] == [str(people.agent.id), str(people.admin.id)]
    turns = {"turns-0": people.admin.id, "seen": made.version}
    lead.post(f"/desk/rota/shifts/{made.id}", {**SHIFT, **turns}, to=f"/desk/rota/teams/{week.team.id}")
    assert queries.on_call(week.team.id, utc(2026, 11, 28, 12)).user_id == people.admin.id
    page = lead.post(f"/desk/rota/shifts/{made.id}", {**SHIFT, **turns, "name": "Mine"}, status=409)
    assert "Somebody else changed this shift" in page.words and 'value="Mine"' in page.text
    lead.post(f"/desk/rota/shifts/{made.id}/removal", to=f"/desk/rota/teams/{week.team.id}")


def test_what_was_entered_for_a_removed_shift_becomes_a_new_one(week, people, browse):
    lead, team = browse(people.lead), f"/desk/rota/teams/{week.team.id}"
    lead.post(f"{team}/shifts", {**SHIFT, "turns-0": people.agent.id}, to=team)
    made = db.session.scalars(select(RotaShift).where(RotaShift.name == "Weekends")).one()
    gone = f"/desk/rota/shifts/{made.id}"
    form = lead.get(gone).markup.one("form", id="shift-form")
    lead.post(f"{gone}/removal", to=team)
    page = lead.post(form["action"], {**SHIFT, "turns-0": people.agent.id, "name": "Mine", "seen": "1"}, status=409)
    assert "was removed since you opened it" in page.words and 'value="Mine"' in page.text
    again = page.markup.one("form", id="shift-form")
    lead.post(again["action"], page.markup.fields(again), to=team)
    again = db.session.scalars(select(RotaShift).where(RotaShift.name == "Mine")).one()
    assert f"/desk/rota/shifts/{again.id}" != gone
    lead.post(gone, SHIFT, status=404)


def test_a_shift_may_end_at_24_00(week, people, browse):
    browse(people.lead).post(
        f"/desk/rota/teams/{week.team.id}/shifts", {**SHIFT, "starts": "16:00", "ends": "24:00"}, to=f"/desk/rota/teams/{week.team.id}"
    )
    made = db.session.scalars(select(RotaShift).where(RotaShift.name == "Weekends")).one()
    assert (made.starts_minute, made.ends_minute) == (16 * 60, 0)


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone"),
        ({"weekdays": []}, "Choose the days"),
        ({"starts": "25:00"}, "Write hours and minutes, from 00:00 to 23:59"),
        ({"starts": "24:00"}, "Write hours and minutes, from 00:00 to 23:59"),
        ({"weekdays": ["0"]}, "This meets the shift “Days”"),
        ({"anchor_on": "0001-01-01"}, "Choose a year from"),
        ({"turn_weeks": "0"}, "from 1 to 26"),
        ({"begins_on": "2026-12-01", "ends_on": "2026-11-01"}, "not before the first"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_with_the_reason_and_kept(week, people, browse, over, told):
    page = browse(people.lead).post(f"/desk/rota/teams/{week.team.id}/shifts", {**SHIFT, **over}, status=422)
    assert told in page.words and 'value="Weekends"' in page.text
    assert db.session.scalar(select(RotaShift.id).where(RotaShift.name == "Weekends")) is None


def test_nobody_stands_in_a_rotation_twice_and_nobody_at_all_is_shown_as_a_hole(week, people, browse):
    lead = browse(people.lead)
    twice = {"turns-0": people.agent.id, "turns-1": people.agent.id}
    page = lead.post(f"/desk/rota/teams/{week.team.id}/shifts", {**SHIFT, **twice}, status=422)
    assert "stands in the rotation already" in page.words
    lead.post(f"/desk/rota/teams/{week.team.id}/shifts", SHIFT, status=303)
    lead.post(f"/desk/rota/teams/{week.team.id}/cover", {"needs": "always"}, status=303)
    assert "nobody is in the rotation of shift “Weekends”" in lead.get(f"/desk/rota/teams/{week.team.id}").words


def test_cover_is_saved_and_hours_need_days_and_times(week, people, browse):
    lead, path = browse(people.lead), f"/desk/rota/teams/{week.team.id}/cover"
    lead.get(path)
    hours = {"needs": "hours", "days": ["0", "1"], "opens": "22:00", "closes": "06:00", "time_zone": "Asia/Tokyo"}
    lead.post(path, hours, status=303)
    row = db.session.scalars(select(RotaCover)).one()
    assert (row.needs, row.time_zone, row.hours) == ("hours", "Asia/Tokyo", {"0": [[1320, 1800]], "1": [[1320, 1800]]})
    assert 'value="22:00"' in lead.get(path).text
    for over, told in (
        ({"days": []}, "Choose the days"),
        ({"time_zone": "Nowhere"}, "no such time zone"),
        ({"opens": ""}, "Choose the days"),
    ):
        assert told in lead.post(path, {**hours, **over}, status=422).words


@BOTH
def test_a_lead_fills_a_hole_from_its_row(week, people, now, browse):
    editing.set_cover(week.team, "always", "UTC", {}, actor=people.lead, now=now)
    lead = browse(people.lead)
    page = lead.get(f"/desk/rota/teams/{week.team.id}")
    fill = next(e["href"] for e in page.markup.all("a") if "/overrides/new?" in e["href"])
    form = lead.get(fill)
    assert 'value="2026-11-28T08:00"' in form.text, "Saturday, on the clock of Stockholm"
    span = {"starts_at": "2026-11-28T08:00", "ends_at": "2026-11-30T08:00", "level": "1", "user_id": people.admin.id}
    lead.post(f"/desk/rota/teams/{week.team.id}/overrides", span, to=f"/desk/rota/teams/{week.team.id}")
    assert "Sat 28 Nov, 08:00 CET to Mon 30 Nov" in lead.get(f"/desk/rota/teams/{week.team.id}").words
    page = lead.post(f"/desk/rota/teams/{week.team.id}/overrides", {**span, "user_id": people.lead.id}, status=422)
    assert "has taken a part of this span already" in page.words and 'value="2026-11-28T08:00"' in page.text
    row = db.session.scalars(select(RotaOverride)).one()
    lead.post(f"/desk/rota/overrides/{row.id}/withdrawal", to=f"/desk/rota/teams/{week.team.id}")


def test_people_note_their_own_absences_and_leads_those_of_others(week, people, browse):
    agent, span = browse(people.agent), {"starts_at": "2026-11-24T09:00", "ends_at": "2026-11-26T09:00"}
    agent.post("/desk/rota/absences", {**span, "deputy_id": people.agent2.id, "note": "Kyoto"}, to="/desk/rota/away")
    row = db.session.scalars(select(RotaAbsence)).one()
    assert (row.user_id, row.starts_at, row.deputy_id) == (people.agent.id, utc(2026, 11, 24, 0), people.agent2.id)
    assert "Kyoto" in browse(people.agent2).get("/desk/rota/away").words
    refused = agent.post("/desk/rota/absences", {**span, "user_id": people.agent2.id}, status=422)
    assert "Aiko Tanaka is away for a part of this span already" in refused.words, "what an agent says is about herself"
    browse(people.lead).post("/desk/rota/absences", {**span, "user_id": people.agent2.id}, to="/desk/rota/away")
    browse(people.agent2).post(f"/desk/rota/absences/{row.id}/end", status=403)
    agent.post(f"/desk/rota/absences/{row.id}/end", to="/desk/rota/away")
    agent.post("/desk/rota/absences", {**span, "ends_at": "2026-11-23T09:00"}, status=422)


@BOTH
def test_a_swap_is_asked_and_accepted_on_the_pages(week, people, browse):
    agent, other = browse(people.agent), browse(people.agent2)
    page = agent.get("/desk/rota/mine")
    values = {e.text: e["value"] for e in page.markup.all("option")}
    mine = next(value for text, value in values.items() if text.startswith("Tue 24 Nov"))
    theirs = next(value for text, value in values.items() if text.startswith("Samuel Osei: Mon 30 Nov"))
    sent = {"duty": mine, "other_id": people.agent2.id, "back": theirs, "note": "Concert"}
    wrong = agent.post("/desk/rota/swaps", {**sent, "other_id": people.lead.id}, status=422)
    assert "must be one of Helena Lindqvist’s" in wrong.words
    agent.post("/desk/rota/swaps", sent, to="/desk/rota/mine")
    assert "Aiko Tanaka asks you to take a duty" in other.get("/desk/rota").words
    number = db.session.scalars(select(RotaSwap.id)).one()
    browse(people.lead).post(f"/desk/rota/swaps/{number}/acceptance", status=404)
    agent.post(f"/desk/rota/swaps/{number}/acceptance", status=403)
    other.post(f"/desk/rota/swaps/{number}/acceptance", to="/desk/rota/mine")
    assert "Accepted" in agent.get("/desk/rota/mine").words
    assert queries.on_call(week.team.id, utc(2026, 11, 24, 8)).user_id == people.agent2.id


def test_settings_bring_the_holidays_of_a_country(people, browse):
    agent = browse(people.agent)
    sent = {"state": "available", "capacity": "12", "deputy_id": people.lead.id, "country": "jp"}
    agent.post("/desk/rota/settings", sent, to="/desk/rota/mine")
    row = db.session.scalars(select(RotaPerson)).one()
    assert (row.country, row.filled_to, row.capacity, row.deputy_id) == ("JP", 2028, 12, people.lead.id)
    assert "2026-11-23" in row.holidays
    assert "2026-11-23 Labor Thanksgiving Day" in agent.get("/desk/rota/mine").words
    page = agent.post("/desk/rota/settings", {**sent, "country": "zz"}, status=422)
    assert "No public holidays are known for ZZ" in page.words
    agent.post("/desk/rota/settings", {**sent, "country": ""}, to="/desk/rota/mine")
    assert db.session.scalars(select(RotaPerson)).one().holidays == {}


def test_pages_cost_the_same_however_many_shifts_there_are(week, people, browse, statements):
    window = browse(people.lead)

    def cost(path):
        with statements() as seen:
            window.get(path)
        return len(seen)

    paths = ("/desk/rota", f"/desk/rota/teams/{week.team.id}", "/desk/rota/mine", "/desk/rota/away", "/desk/rota/baton")
    before = [cost(path) for path in paths]
    for n in range(6):
        shift(week.team, f"Backup {n}", [people.agent2, people.admin], level=2, weekdays=[n])
    assert [cost(path) for path in paths] == before


def test_the_axis_has_the_readers_time_below_utc(week, people, browse):
    page = browse(people.agent).get("/desk/rota")
    hours = [element.text for element in page.markup.all("text")]
    assert hours[:2] + hours[8:10] == ["08:00", "11:00", "17:00", "20:00"]
