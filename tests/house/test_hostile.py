"""Hostile input at every address: a clear refusal or a harmless acceptance, never a fault of ours.

What to send is read from the code: every field of every form, and every name that a route takes from its query.
"""

import ast
import base64
import importlib
import io
import json
from functools import cache
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from tests.house.source import modules
from tests.house.test_doors import POSTS, REQUESTS, ROLES, door_of, named
from tests.rows import address

pytestmark = pytest.mark.furnished
SCRIPT = "<script>alert(1)</script>"
VALUES = {
    "script": f"\"'>{SCRIPT}<img src=x onerror=alert(1)>{{{{7*7}}}}",
    "control": "a\x00b\x1b[31m\r\nBcc: everybody@example.com\r\n\r\nbody\u202eevil\u2066\ufeff",
    # All fields of ours filled like this are just what a form may hold.
    "long": "x" * 7_000,
    "number": "-99999999999999999999999999",
    "float": "1e309",
    "surrogate": "\udcff".encode("utf-8", "surrogatepass").decode("latin-1") + "💥" * 8,
    "path": "../../../../etc/passwd%00.png",
    "sql": "' OR 1=1; DROP TABLE tickets; --",
}
GETS = [rule for method, rule in REQUESTS if method == "GET"]
# Cursors of every list's shape with what no row has, no database can hold, or no calendar knows.
EARLY, LATE = ({"t": time} for time in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"))
NAIVE, TIME = ({"t": time} for time in ("2026-11-01T00:00:00", "2026-11-01T00:00:00+00:00"))
FORGED = [[2**63] * places for places in (1, 2, 3)] + [[True] * places for places in (1, 2, 3)]
FORGED += [[2**31], [2**63 - 1], [10**400], [1.5], [None], ["\ud800"]]
FORGED += [[time, 5] for time in (EARLY, LATE, NAIVE, "x")] + [[TIME, 2**63 - 1], [TIME, float("nan")], ["\x00", 5], ["9999-99", 5]]
FORGED += [[TIME, "\x00", 5], [LATE, "faq", 5], ["9999-99-99", "faq", 5], ["2026-11-01", "\ud800", 2**31], [5, "x", 2**63], ["x", 5, 2**31]]


def form_fields():
    """Every field name of every form of the application."""
    names = set()
    for path in modules("app"):
        if "form" in path.rpartition("/")[2]:
            module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
            for thing in vars(module).values():
                if isinstance(thing, type) and issubclass(thing, Form):
                    names |= {name for name in dir(thing) if type(getattr(thing, name)).__name__ == "UnboundField"}
    return names


@cache
def words_given():
    """Every call in the code that is given a word first, as looking up a name is: (what is called, the word)."""
    return {
        (ast.unparse(node.func), node.args[0].value)
        for tree in modules("app").values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def asked_for(holder):
    """Every name that the code looks up in `request.args` or `request.form`."""
    return {name for call, name in words_given() if call.startswith((f"request.{holder}.get", "args.get", "given.get"))}


FIELDS = sorted((form_fields() | asked_for("form")) - {"csrf_token"})
QUERY = sorted(asked_for("args"))


def window_for(rule, people, browse):
    """A browser of somebody who may ask for this: the one with most rights, as they reach furthest."""
    _, roles = door_of(rule)
    order = ("user", "lead", "admin") if rule.endpoint.startswith(("tickets.", "guest.")) else ("admin", "lead", "user")
    who = next(who for who in order if roles is None or ROLES.get(who, who) in roles)
    return browse(getattr(people, who))


def send(window, method, path, **options):
    """Send it; any answer but a fault will do, and what comes back is checked as a page."""
    answer = window.send(method, path, status=None, to=None, htmx=False, headers={"X-CSRFToken": window.token()}, **options)
    assert answer.status_code < 500, f"{method} {path}: {answer.status}"
    assert answer.mimetype != "text/html" or SCRIPT not in answer.text, f"{method} {path} gives a script back"
    assert "Bcc" not in answer.headers
    return answer


def test_there_is_something_to_send():
    assert {"email", "password", "subject", "body", "form_key", "seen", "tags"} <= set(FIELDS)
    assert {"q", "cursor", "range", "since"} <= set(QUERY)


@cache
def bodies():
    """Every field with each value, as forms are sent; the last is more than any form may hold."""
    return [urlencode(dict.fromkeys(FIELDS, value)).encode() for value in (*VALUES.values(), "x" * 200_000)]


def test_what_a_form_may_hold_reaches_the_routes(app):
    *values, beyond = (len(body) for body in bodies())
    assert max(values) < app.config["MAX_FORM_MEMORY_SIZE"] < app.config["MAX_CONTENT_LENGTH"] < beyond


@pytest.mark.parametrize("rule", POSTS, ids=named)
def test_hostile_forms_break_nothing(rule, people, rows, browse):
    window, path = window_for(rule, people, browse), address(rule, rows)
    for body in bodies():
        send(window, "POST", path, data=body, content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize("rule", POSTS, ids=named)
def test_forms_of_another_shape_break_nothing(rule, people, rows, browse):
    window, path = window_for(rule, people, browse), address(rule, rows)
    send(window, "POST", path, data=MultiDict([(name, word) for name in FIELDS for word in ("1", "2", "3")]))
    # A form has two hundred parts at most; all of ours together have more.
    for names in (FIELDS[::2], FIELDS[1::2]):
        send(window, "POST", path, data={name: (io.BytesIO(b"<svg onload=alert(1)>"), "../x.svg") for name in (*names, "files")})
    send(window, "POST", path, json={name: [1] for name in FIELDS})
    send(window, "POST", path, data=b"\xff\xfe\x00" * 100, content_type="application/x-www-form-urlencoded")
    send(window, "POST", path, data=b"--x\r\nno end", content_type="multipart/form-data; boundary=x")


@pytest.mark.parametrize("rule", GETS, ids=named)
def test_hostile_queries_break_nothing(rule, people, rows, browse):
    window, path = window_for(rule, people, browse), address(rule, rows).partition("?")[0]
    for name, value in VALUES.items():
        send(window, "GET", path, query_string=dict.fromkeys(QUERY, value[:4000] if name == "long" else value))


def forged(values):
    """A cursor as ours are made, with whatever in it."""
    return base64.urlsafe_b64encode(json.dumps([0, *values]).encode()).decode()


@pytest.mark.engines("sqlite", "postgresql")
def test_forged_cursors_break_no_list(people, rows, browse):
    lists = 0
    for rule in GETS:
        window, path = window_for(rule, people, browse), address(rule, rows).partition("?")[0]
        for name in ("cursor", "after"):
            if send(window, "GET", path, query_string={name: "no cursor"}).status_code == 422:
                lists += 1
                for values in FORGED:
                    send(window, "GET", path, query_string={name: forged(values)})
    assert lists > 20


@pytest.mark.parametrize("rule", [rule for _, rule in REQUESTS if rule.arguments and rule.endpoint != "static"], ids=named)
def test_addresses_of_nothing_are_not_found(rule, people, rows, browse):
    window, method = window_for(rule, people, browse), "GET" if "GET" in rule.methods else "POST"
    for wrong in ("0", "999999999", "99999999999999999999999", "-1", "HT-0000000", "%00", "a%0d%0ab", "..%2f..", "ü", "%ff"):
        path = "".join(part for part in rule_with(rule, wrong))
        answer = send(window, method, path)
        assert answer.status_code in {200, 303, 400, 401, 403, 404, 405, 409, 410, 422}, f"{path}: {answer.status}"
        if method == "GET" and rule.endpoint.startswith(("tickets.", "desk.", "people.")):
            assert answer.status_code in {303, 404}, f"{path}: {answer.status}"


def rule_with(rule, value):
    """The address of a route with `value` for each of its arguments."""
    return [value if is_argument else part for is_argument, part in rule._trace if part != "|"]


@pytest.mark.parametrize("path", ["/tickets/new", "/login", "/guest/new", "/password-reset"])
def test_a_body_beyond_the_limit_is_told_so(path, people, browse, app):
    window = browse(people.user if path == "/tickets/new" else None)
    beyond = app.config["SETTINGS"].upload_max_bytes + 1
    answer = send(window, "POST", path, data=b"x" * beyond, content_type="application/octet-stream")
    assert answer.status_code in {400, 413, 422}
