"""Every route against every kind of person, generated from the application: whoever adds a route has added its test."""

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from app.audiences import DOORS
from app.ops.doors import routes
from tests.conftest import built_app
from tests.rows import address

pytestmark = pytest.mark.furnished
PEOPLE = ("guest", "user", "owner", "stranger", "rival", "agent", "lead", "admin", "moderator")
ROLES = {"guest": "customer", "user": "customer", "owner": "customer_admin", "stranger": "customer", "rival": "customer_admin"}
# These belong to nobody at Acme.
OTHERS = ("stranger", "rival", "guest")
WELL = {200, 204, 303}
REFUSED = {400, 403, 404, 409, 410, 413, 422}
# What is about whoever asks, and so may not be there for them.
PERSONAL = ("account.", "home.", "knowledge_uploads.")
# Who holds the signed link of a survey may answer it, from whatever page; no cookie lends it any power.
WITHOUT_TOKEN = {"surveys_public.answer"}

# The whole list of what anybody may ask for. A route behind no door must be meant to be there.
PUBLIC = {
    "accounts.accept",
    "accounts.enter",
    "accounts.invite",
    "accounts.login",
    "accounts.logout",
    "accounts.request_reset",
    "accounts.reset",
    "accounts.reset_request",
    "accounts.set_password",
    "accounts.stop_acting",
    "alert_links.acknowledge",
    "alert_links.show",
    "calls_link.cancel",
    "calls_link.move",
    "calls_link.show",
    "calls_link.times",
    "dev.enter",
    "dev.events",
    "dev.index",
    "dev.letter",
    "dev.letter_html",
    "dev.mail",
    "dev.styleguide",
    "embed.script",
    "feeds.feed",
    "feeds.opensearch",
    "feeds.robots",
    "feeds.section_feed",
    "feeds.sitemap",
    "feeds.sitemap_part",
    "feeds.suggestions",
    "guest.confirm",
    "guest.create",
    "guest.new",
    "guest.open_ticket",
    "guest.show_as",
    "help.article",
    "help.faq",
    "help.home",
    "help.question",
    "help.read_here",
    "help.search",
    "help.section",
    "help.solved",
    "help.suggest",
    "help.thanks",
    "help.vote",
    "help_votes.explain",
    "home.metrics",
    "home.start",
    "home.tickets",
    "knowledge_pictures.show",
    "ops.healthz",
    "ops.prometheus",
    "ops.readyz",
    "rota_feeds.feed",
    "static",
    "surveys_public.answer",
    "surveys_public.show",
    "surveys_public.thanks",
}


def requests() -> Iterator[tuple[str, Rule]]:
    """Every (method, route)."""
    for rule in sorted(built_app("sqlite").url_map.iter_rules(), key=str):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


REQUESTS = list(requests())
POSTS = [rule for method, rule in REQUESTS if method == "POST"]


def named(rule: Rule) -> str:
    """How a route is called in the names of tests."""
    return rule.endpoint


def door_of(rule: Rule) -> tuple[str, frozenset[str] | None]:
    """The door of a route, and who may enter (None: anybody)."""
    return ("public", None) if rule.endpoint == "static" else DOORS[rule.endpoint.rpartition(".")[0]]


@pytest.fixture
def everybody(people, rows):
    return {who: getattr(rows if who == "rival" else people, who) for who in PEOPLE}


def test_the_routes_that_anybody_may_ask_for_are_these_and_no_others(app):
    assert {route.endpoint for route in routes(app) if route.door == "public"} == PUBLIC


def test_every_route_is_behind_a_door(app):
    assert {route.door for route in routes(app)} <= {"public", "portal", "desk", "lead", "admin", "api"}


@pytest.mark.parametrize(("method", "rule"), REQUESTS, ids=lambda value: value if isinstance(value, str) else named(value))
def test_a_route_lets_in_whom_its_door_lets_in(method, rule, everybody, rows, browse):
    _, roles = door_of(rule)
    path = address(rule, rows)
    if roles is not None:
        answer = ask(browse(None), method, path)
        assert (answer.status_code, answer.headers.get("Location", "").partition("?")[0]) == (303, "/login")
    for who, person in everybody.items():
        status = ask(browse(person), method, path).status_code
        told = f"{method} {path} as {who}: {status}"
        if roles is not None and ROLES.get(who, who) not in roles:
            assert status == 403, told
        elif is_private(rule) and who in OTHERS:
            assert status in ({404} if rule.endpoint.startswith("tickets.") else {403, 404}), told
        else:
            assert status in allowed(rule), told
            if method == "GET" and not is_private(rule):
                assert status != 404 or rule.endpoint.startswith(PERSONAL), told


def ask(window, method, path):
    """Send a request with nothing in it, whatever becomes of it."""
    return window.send(method, path, status=None, to=None, htmx=False, headers={"X-CSRFToken": window.token()})


def allowed(rule: Rule) -> set[int]:
    """What may come of a request by somebody who is let in. Machines that name themselves wrongly are told so."""
    return WELL | REFUSED | ({401} if door_of(rule)[0] == "api" else set())


def is_private(rule: Rule) -> bool:
    """Whether it names something of Acme's."""
    return rule.endpoint.startswith(("tickets.", "account.", "escalation_portal.", "sla_own_statements.", "calls.")) and bool(
        rule.arguments
    )


@pytest.mark.parametrize(
    "rule", [rule for method, rule in REQUESTS if method == "GET" and is_private(rule) and rule.endpoint.startswith("tickets.")], ids=named
)
def test_what_belongs_to_a_customer_is_seen_by_them_and_by_staff(rule, everybody, rows, browse):
    for who in ("user", "owner", "agent", "lead", "admin"):
        assert ask(browse(everybody[who]), "GET", address(rule, rows)).status_code in {200, 303}, who


# What is one's own wherever one works: sessions and tokens.
OWN = ("account.",)


@pytest.mark.parametrize(
    ("method", "rule"),
    [(method, rule) for method, rule in REQUESTS if is_private(rule) and not rule.endpoint.startswith(OWN)],
    ids=lambda value: value if isinstance(value, str) else named(value),
)
def test_what_belongs_to_a_customer_is_not_seen_by_who_has_left_them(method, rule, people, rows, browse):
    for who in (people.user, people.owner):
        who.organization_id = people.globex.id
        assert ask(browse(who), method, address(rule, rows)).status_code in {403, 404}, who


@pytest.mark.parametrize("rule", [rule for rule in POSTS if door_of(rule)[0] != "api" and rule.endpoint not in WITHOUT_TOKEN], ids=named)
def test_a_form_without_its_token_changes_nothing(rule, everybody, rows, browse):
    _, roles = door_of(rule)
    who = next(who for who in ("user", "lead", "admin") if roles is None or ROLES.get(who, who) in roles)
    assert browse(everybody[who]).send("POST", address(rule, rows), status=400, to=None, htmx=False).status_code == 400


@pytest.mark.parametrize("rule", [rule for method, rule in REQUESTS if method == "GET" and rule.endpoint != "static"], ids=named)
def test_htmx_gets_a_part_or_a_page_but_never_a_sign_in_form_in_its_place(rule, everybody, rows, browse):
    _, roles = door_of(rule)
    path = address(rule, rows)
    for who in ("user", "owner", "agent", "lead", "admin"):
        if roles is None or ROLES.get(who, who) in roles:
            assert browse(everybody[who]).send("GET", path, status=None, to=None, htmx=True).status_code in allowed(rule)
    if roles is not None:
        answer = browse(None).send("GET", path, status=401, to=None, htmx=True)
        assert answer.headers["HX-Redirect"].startswith("/login")
