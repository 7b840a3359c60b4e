"""Every page, as the people see it whom it is made for: axe has nothing to say, nothing sticks out, the console is clean."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.axe import put_into, violations

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 800}
NARROWEST = {"width": 320, "height": 700}

# who sees it: what is looked at; {names} are facts of the site.
PAGES = {
    None: """
        /login /password-reset {password-reset_link} {invite_link} /guest/new /guest/new?kind=bug /guest/new?sent=1 /guest/new?opened=HT-4F7K2M9 {guest_link}
        /help /help/faq /help/faq?category=cli /help/faq/{question} /help/{section} /help/{article_path} /help/search
        /help/search?q=consensus /help/search?q=zzzzqqq /help/user-guide/zebras-abroad?lang=de /help/solved?kind=faq&id={faq} /survey/nonsense /nothing-here
        {acknowledge_link} {call_link} {call_link}/time /dev /dev/mail /dev/mail/{mail} /dev/events /dev/styleguide /dev/styleguide?shell=desk
    """,
    "user": """
        / /tickets /tickets?state=resolved /tickets?q=zzzzqqq /tickets/new?kind=question /tickets/new?kind=bug
        /tickets/new?kind=feature /tickets/{new} /tickets/{open} /tickets/{resolved} /tickets/{closed} /tickets/{rough} /account /admin
        {survey_link} {survey_link}/thanks /tickets/{open}/escalation
        /calls /calls/new?kind=support /calls/new?kind=support&slot={slot} /calls/new?kind=office-hours /calls/{call} /calls/{call}/time
    """,
    "owner": """
        / /tickets/{waiting} /account /account/people /account/people/{person}
        /sla /sla/tickets /sla/statements /sla/statements/{statement}
    """,
    "agent": """
        /desk/queue/mine /desk/queue/all /desk/queue/all?q=zzzzqqq /desk/search /desk/search?q=consensus /desk/search?q=zzzzqqq /desk/queue/unassigned /desk/tickets/{new}
        /desk/tickets/{open} /desk/tickets/{hold} /desk/tickets/{raised} /desk/tickets/{resolved} /desk/tickets/{closed} /desk/tickets/{rough}
        /desk/tickets/{open}/macros /desk/tickets/{open}/answers /desk/tickets/{open}/answers?visibility=note /desk/tickets/{open}/clocks /desk/tickets/{clock_ticket}/clocks/{clock} /tickets/{open} /account
        /help/{procedure_path} /desk/knowledge/training /help/{article_path} /admin/people /desk/rota/mine /desk/rota/baton /desk/rota/batons/{baton}
        /desk/escalation /desk/tickets/{open}/escalation /desk/calls /desk/calls/{call}
    """,
    "lead": """
        /desk/sla/tickets?figure=total /desk/sla/statements /desk/sla/statements/{statement} /desk/sla/forecast
        /desk/mail /desk/sla /desk/analytics /desk/analytics/tickets?metric=opened /desk/announcements /desk/surveys
        /desk/macros /desk/macros/answers /desk/macros/new /desk/macros/{macro} /desk/knowledge /desk/knowledge/faq/new /desk/knowledge/article/new
        /desk/knowledge/article/{worked} /desk/knowledge/article/{worked}/versions /desk/knowledge/article/{worked}/versions/3
        /desk/knowledge/article/{worked}/versions/3?against=1 /desk/knowledge/reviews /desk/knowledge/care /desk/knowledge/redirects
        /desk/knowledge/faq/{faq} /desk/knowledge/article/{article} /desk/knowledge/searches /desk/knowledge/embed
        /desk/knowledge/insights /desk/knowledge/insights/question?q=proxy /desk/knowledge/insights/faq/{faq} /desk/knowledge/stale
        /desk/knowledge/translations /desk/knowledge/article/{abroad}/translations/de /desk/knowledge/article/{abroad}/translations/fr
        /desk/knowledge/links /desk/knowledge/links?view=failing /desk/knowledge/links?view=ignored /desk/knowledge/article/{abroad}
        /desk/knowledge/training /desk/knowledge/article/{procedure}/training /desk/knowledge/files /desk/knowledge/files/{upload}
        /desk/knowledge/vocabulary /desk/knowledge/vocabulary/new /desk/knowledge/vocabulary/1 /desk/knowledge/vocabulary/file
        /desk/knowledge/vocabulary/trial?q=proxi%20settings%20inst /desk/knowledge/releases /desk/knowledge/weekly
        /desk/tickets/{new}/triage /desk/tickets/{new}/merging /desk/tickets/{new}/merging?with={open} /desk/tickets/{open}/splitting
        /admin/triage/words /admin/triage/corrections
        /desk/alerts /desk/alerts?view=silenced /desk/alerts/{alert} /desk/alerts/silences/new /admin/alarms /admin/alarms/low_satisfaction
        /desk/rota /desk/rota?ahead=3 /desk/rota/teams/7 /desk/rota/teams/7/shifts/new /desk/rota/shifts/{shift} /desk/rota/teams/7/cover
        /desk/rota/teams/7/overrides/new /desk/rota/away /desk/rota/absences/{absence}/handback
        /admin/escalation /admin/escalation/tiers/3 /admin/escalation/triggers/production_down
        /admin/calls /admin/calls/kinds/new /admin/calls/kinds/{call_kind}
        /admin/alert-routes /admin/alert-routes/new /admin/alert-routes/{route} /admin/alert-routes/people/{staff}
    """,
    "admin": """
        /admin/people /admin/people/new /admin/people/{person} /admin/organizations /admin/organizations/new
        /admin/organizations/{organization} /admin/audit /admin/triage /admin/triage/rules/new /admin/triage/rules/{rule}
        /admin/sla /admin/sla/policies/new /admin/sla/policies/{policy} /admin/sla/calendars/new /admin/sla/calendars/{calendar}
        /admin/sla/levels /admin/sla/levels/new /admin/sla/levels/1 /admin/sla/calendars/{calendar}/2026
        /admin/sla/organization-calendars /admin/sla/dry-runs/{tried} /admin/sla/dry-runs/{tried}/tickets
    """,
    "moderator": "/desk/knowledge /desk/macros /account",
}
LOOKS = [(who, path) for who, paths in PAGES.items() for path in paths.split()]

# What answers GET and is no page of its own: addresses that lead on, parts of pages, files, and what machines read.
NO_PAGES = {
    *("static", "desk.start", "people.start"),
    *("desk.fresh", "desk.pane", "desk.timeline", "tickets.timeline", "home.metrics", "home.tickets", "help.suggest", "help.read_here"),
    *(
        "calls.invitation",
        "tickets.attachment",
        "analytics.export",
        "learning.export",
        "sla.export_csv",
        "sla.export_json",
        "dev.letter_html",
    ),
    *("sla.export_behind", "sla_portal.export_csv", "sla_portal.export_behind", "sla_api.report"),
    *("sla_statements.download", "sla_own_statements.download", "sla_own_statements.script"),
    *(
        "alerts.log",
        "alert_routes.tests",
        "accounts_api.me",
        "rota_feeds.feed",
        "sla_admin.progress",
        "sla_trying.progress",
        "triage_words.export",
        "vocabulary.export",
        "faqs_api.index",
        "knowledge_files.download",
        "training_lead.export",
        "articles_api.index",
        "articles_api.show",
        "embed.script",
        "knowledge_pictures.show",
        "feeds.feed",
        "feeds.opensearch",
        "feeds.robots",
        "feeds.section_feed",
        "feeds.sitemap",
        "feeds.sitemap_part",
        "feeds.suggestions",
        "ops.healthz",
        "ops.readyz",
        "ops.prometheus",
    ),
}


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll("*")]
        .filter(el => el.getBoundingClientRect().right > innerWidth + 1).slice(0, 8)
        .map(el => `${location.pathname} at ${innerWidth}: ${el.tagName} ${el.id} ${el.getAttribute("class")} to ${el.getBoundingClientRect().right}`)"""
    )


class AnyName(dict[str, str]):
    """Stands in for the facts of the site, where only the shape of an address matters."""

    def __missing__(self, name: str) -> str:
        if name == "acknowledge_link":
            return "/alerts/acknowledge/token"
        if name == "call_link":
            return "/calls/link/token"
        return f"/{name.removesuffix('_link')}/token" if name.endswith("_link") else "a/b" if name.endswith("_path") else "1"


def test_every_page_there_is_gets_looked_at(app):
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    addresses = app.url_map.bind("localhost")
    seen = {addresses.match(path.format_map(AnyName()).partition("?")[0])[0] for _, path in LOOKS if "nothing" not in path}
    assert routes - seen - NO_PAGES == set()
    assert NO_PAGES - routes == set()


def test_axe_says_the_same_word_for_word_as_it_comes_and_as_we_hasten_it(visits):
    page = visits.again(None)
    page.goto("/help")
    page.evaluate(
        """() => document.querySelectorAll("main *").forEach((el, nth) => {
            if (nth % 5 == 0) el.style.color = `hsl(${nth} 90% 60%)`
            if (nth % 7 == 0) el.style.background = `rgb(${nth % 255} 80 80 / .${1 + nth % 8})`
        })"""
    )
    page.evaluate(Axe().axe_script)
    said = violations(page)
    put_into(page)
    assert violations(page) == said
    assert len([one for one in said if "color-contrast" in one]) > 5


@pytest.mark.parametrize(("who", "path"), LOOKS)
def test_a_page_is_accessible_fits_and_is_quiet(who, path, visits, site):
    page = visits.again(who)
    visits.complaints.clear()
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    answer = page.goto(path.format(**vars(site)))
    assert answer and answer.status < 500, f"{path} answered {answer and answer.status}"
    put_into(page)
    wrong = [*violations(page), *too_wide(page)]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    wrong += [*violations(page), *too_wide(page)]
    page.set_viewport_size(NARROWEST)
    wrong += [*too_wide(page), *visits.complaints]
    assert not wrong, "\n".join(wrong)
