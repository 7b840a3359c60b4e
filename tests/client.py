"""A browser for tests: signed in as somebody, it sends what forms send, and checks every page that it gets."""

import contextvars
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from app.accounts import sign_in
from app.accounts.models import User
from app.extensions import db
from app.lib.database import writing
from app.lib.security import POLICY
from tests.markup import Markup, check_page, check_part, read

RAW_TOKEN = "0123456789abcdef0123456789abcdef01234567"
Wanted = int | str | re.Pattern[str] | None


class Answer(TestResponse):
    """A response, with what its markup holds."""

    @cached_property
    def markup(self) -> Markup:
        """The elements of the page."""
        return read(self.text)

    @property
    def words(self) -> str:
        """What a reader reads, runs of space folded."""
        return self.markup.words


class Browser:
    """One browser window of `person`, or of a visitor. It keeps its cookies and knows the page that it shows."""

    def __init__(self, app: Flask, person: User | None, now: datetime) -> None:
        self.app = app
        self.person = person
        self.page: str | None = None
        self.client = FlaskClient(app, Answer, use_cookies=True)
        session: dict[str, Any] = {"csrf_token": RAW_TOKEN}
        if person is not None:
            db.session.commit()
            with writing():
                sign_in.begin(person, now=now, ip="127.0.0.1", user_agent="tests")
                db.session.commit()
            session |= {"_user_id": person.get_id(), "_fresh": True}
        self.client.set_cookie(app.config["SESSION_COOKIE_NAME"], self.cookies().dumps(session))

    def get(self, path: str, *, status: int = 200, to: Wanted = None, htmx: bool = False, **options: Any) -> Answer:
        """Fetch a page, or with `htmx` a part; `options` are werkzeug's, such as `query_string` and `headers`."""
        return self.send("GET", path, status=status, to=to, htmx=htmx, **options)

    def post(
        self, path: str, data: Any = None, *, status: int = 200, to: Wanted = None, htmx: bool = False, csrf: bool = True, **options: Any
    ) -> Answer:
        """Send a form with its CSRF token, unless `csrf` is False. Say the `status`, or where it leads (`to`)."""
        headers = dict(options.pop("headers", None) or {})
        if csrf:
            headers.setdefault("X-CSRFToken", self.token())
        return self.send("POST", path, status=status, to=to, htmx=htmx, data=data, headers=headers, **options)

    def send(
        self, method: str, path: str, *, status: int, to: Wanted, htmx: bool, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        """Send a request as a web server would: outside of the test's own context and transaction; any status will do if None.

        What the test has written is committed before, and what it has loaded is read anew afterwards.
        """
        db.session.commit()
        asked = {**(headers or {}), **({"HX-Request": "true"} if htmx else {})}
        where = urlsplit(path)
        target = where.path + (f"?{where.query}" if where.query else "")
        answer = contextvars.Context().run(self.client.open, target, method=method, headers=asked, buffered=True, **options)
        db.session.expire_all()
        self.check(answer, status, to, htmx)
        return answer

    def check(self, answer: Answer, status: int | None, to: Wanted, htmx: bool) -> None:
        """Check status, target and markup."""
        told = f"{answer.request.method} {answer.request.path} answered {answer.status} {answer.headers.get('Location', '')}"
        if to is not None:
            where = answer.headers.get("HX-Redirect" if htmx else "Location", "")
            assert answer.status_code in ((200, 204) if htmx else (302, 303)), f"{told}, not a redirect to {to}: {excerpt(answer)}"
            assert leads_to(where, to), f"{told}; leads to {where!r}, not to {to!r}"
        elif status is not None:
            assert answer.status_code == status, f"{told}, not {status}: {excerpt(answer)}"
        # What carries a policy of its own is no page of ours: a letter in its frame.
        ours = answer.mimetype == "text/html" and answer.headers.get("Content-Security-Policy") == POLICY
        if ours and answer.text.strip() and not 300 <= answer.status_code < 400:
            if answer.text.lstrip()[:9].lower() == "<!doctype":
                check_page(answer.text, told, answer.headers.get("X-Request-ID", ""))
                self.page = self.page if htmx else answer.text
            else:
                check_part(answer.text, self.shown, told)

    @property
    def shown(self) -> Markup | None:
        """The page that is shown."""
        return read(self.page) if self.page is not None else None

    def cookies(self) -> Any:
        """Flask's own signer of session cookies."""
        return self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]

    @property
    def session(self) -> dict[str, Any]:
        """What the session cookie holds now."""
        cookie = self.client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        return self.cookies().loads(cookie.value) if cookie and cookie.value else {}

    def token(self) -> str:
        """The CSRF token that this session's forms carry."""
        raw = self.session.get("csrf_token")
        if raw is None:
            raw = RAW_TOKEN
            self.client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.cookies().dumps({**self.session, "csrf_token": raw}))
        return URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(raw)  # type: ignore[arg-type]


def leads_to(where: str, to: Wanted) -> bool:
    """Whether an address is the wanted path (any query, unless one is given), or matches the pattern."""
    parts = urlsplit(where)
    path = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    if isinstance(to, re.Pattern):
        return to.search(path) is not None
    return to in (path, path.partition("#")[0], parts.path)


def excerpt(answer: Answer) -> str:
    """The words of an answer, or its beginning."""
    if answer.mimetype == "text/html":
        return read(answer.text).words[:900]
    return answer.text[:900] if answer.mimetype.startswith(("text/", "application/")) else answer.mimetype
