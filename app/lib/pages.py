"""What every template may use, and how errors become pages, parts or problems."""

import math
from collections.abc import Callable, Iterator, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.templating import Environment as FlaskEnvironment
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment, Template
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup, _escape_inner, escape
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError

from app.extensions import db, limiter, login_manager
from app.lib import marks, times
from app.lib.assets import static_url
from app.lib.clock import utcnow
from app.lib.compiled import Kept
from app.lib.errors import DomainError, Stale
from app.lib.htmx import dom_id, is_htmx
from app.lib.requests import root

log = structlog.get_logger()


# What makes an address depend on more of the request than its root.
BY_REQUEST = frozenset({"_external", "_scheme", "_method"})
# Fields whose names have these are never printed.
SECRETS = ("password", "token", "secret")
NONE: set[str] = set()
# More than any form of ours has; a body may hold a million.
MOST_FIELDS = 100


class SharedTemplate(Template):
    """A template whose macros are made once for whoever imports them, since all templates have the same globals.

    What it prints is escaped by `printed`. It hands itself over in one piece: each of a page's hundreds would else go through all
    templates and blocks around it, one by one.
    """

    @classmethod
    def _from_namespace(cls, environment: Environment, namespace: MutableMapping[str, Any], globals: MutableMapping[str, Any]) -> Template:
        # The compiled template looks `escape` up here, for what it prints and nothing else.
        namespace["escape"] = printed
        namespace["root"] = whole(namespace["root"])
        # A chain of the globals of all and those of its own would be walked for each page.
        return super()._from_namespace(environment, namespace, environment.globals)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def printed(value: Any) -> str:
    """A value as it stands in a page: escaped, unless it says that it is HTML.

    A page prints hundreds of them. The library makes Markup of each, and of what is Markup already once more, for nobody: pages
    are joined as plain text.
    """
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    return value if kind is Markup else str(value) if kind is int else escape(value)


def whole(draw: Callable[[Context], Iterator[str]]) -> Callable[[Context], Iterator[str]]:
    """What draws a template piece by piece, made to draw it in one."""

    def drawn(context: Context) -> Iterator[str]:
        yield "".join(draw(context))

    return drawn


class QuickContext(Context):
    """Calls what a template calls: two hundred times a page, of which the library asks each first what else it wants to be given.

    What is marked to get the context or the like is left to the library. Macros are marked for the sake of escaping, which
    is on in all of ours.
    """

    def __init__(self, environment: Environment, parent: dict[str, Any], name: str | None, blocks: Any, globals: Any = None) -> None:
        # What the library does, twenty times a page, but for the names of the globals: they serve only templates that make macros for
        # each importer.
        self.environment, self.parent, self.name = environment, parent, name
        self.eval_ctx, self.globals_keys = EvalContext(environment, name), NONE
        self.vars, self.exported_vars = {}, set()
        self.blocks = {key: [block] for key, block in blocks.items()}

    def call(self, function: Any, /, *given: Any, **named: Any) -> Any:
        """What the function answers."""
        if hasattr(function, "jinja_pass_arg"):
            return super().call(function, *given, **named)
        if named:
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
        return function(*given, **named)


class QuickEnvironment(FlaskEnvironment):
    """Finds a template that it has by its name. A page asks for thirty, and each time the library would first find out what it is
    called in its cache."""

    def get_template(self, name: Any, parent: str | None = None, globals: MutableMapping[str, Any] | None = None) -> Template:
        """The template."""
        if self.auto_reload or globals or self.cache is None:
            return super().get_template(name, parent, globals)
        found: Any = self.cache.get(name)
        if found is None:
            found = self.cache[name] = super().get_template(name, parent, globals)
        return found


def install(app: Flask) -> None:
    """Attach template globals and error handlers."""
    app.jinja_env.autoescape = True
    app.jinja_env.template_class, app.jinja_env.context_class = SharedTemplate, QuickContext
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # All templates are kept: there are some hundreds. A cache that holds so many at most locks itself whenever a page includes one.
    app.jinja_env.cache, app.jinja_env.bytecode_cache = {}, Kept(__file__)
    app.jinja_env.globals.update(
        dom_id=dom_id,
        marks=marks,
        static_url=static_url,
        shell_links=shell_links,
        csrf_token=csrf_token,
        url_for=address_of,
        duration=times.duration,
        in_words=times.in_words,
        local_time=times.local,
        since=times.ago,
        **{
            name: getattr(marks, name)
            for name in (
                "icon",
                "glyph",
                "avatar",
                "who",
                "attrs",
                "control",
                "choice_id",
                "kind_of",
                "field_errors",
                "is_optional",
                "saves_to",
                "select_options",
            )
        },
    )
    app.context_processor(context)
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(StaleDataError, stale_error)
    app.register_error_handler(OperationalError, no_database)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


def context() -> dict[str, Any]:
    """What every template gets."""
    # The person itself: templates ask for it so often that going through the proxy costs a tenth of a page.
    person = current_user._get_current_object()
    viewer = person if person and person.is_authenticated else None
    # Macros are imported without a context, so that they are made once and not for each page: what they need stands in g.
    g.zone, g.now = viewer.time_zone if viewer else "UTC", utcnow()
    return {
        "csrf_token": token_of_page(),
        "viewer": viewer,
        "acting": getattr(viewer, "impersonator", None),
        "theme": theme(viewer),
        "zone": g.zone,
        "now": g.now,
        "request_id": g.get("request_id", ""),
        "settings": current_app.config["SETTINGS"],
    }


def csrf_token() -> str:
    """The token of this answer's forms. A ticket has sixteen of them, and Flask-WTF would read its settings anew for each."""
    token: str | None = g.get("csrf_token")
    return token or generate_csrf()


def token_of_page() -> Callable[[], str]:
    """The same for one template, which is not asked anew where its token lies: looking that up costs more than a form around it."""
    made: list[str] = []

    def token() -> str:
        if not made:
            made.append(csrf_token())
        return made[0]

    return token


def theme(viewer: Any) -> str:
    """`light`, `dark`, or nothing for what the system says: the person's choice, or what a visitor last chose."""
    chosen = viewer.theme if viewer else request.cookies.get("theme", "")
    return chosen if chosen in {"light", "dark"} else ""


def address_of(endpoint: str, **values: Any) -> str:
    """Flask's `url_for`, which remembers: a page asks for dozens of addresses, and most of them on every page again."""
    below = root.get()
    if below is None or values.keys() & BY_REQUEST or endpoint.startswith("."):
        return url_for(endpoint, **values)
    return remembered(below, endpoint, tuple(values.items()))


@lru_cache(maxsize=8192)
def remembered(below: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    """The address of an endpoint under a root, which is all that an address of ours depends on."""
    return url_for(endpoint, **dict(values))


@lru_cache(maxsize=512)
def shell_links(part: str, role: str, section: str, *more: Any) -> Any:
    """A part of components/nav.html as the people of a role see it on the pages of a section; drawn once, since every page has it.

    `more` is what else a part depends on: words and numbers of which there are few.
    """
    macros = current_app.jinja_env.get_template("components/nav.html").module
    return getattr(macros, part)(role, section, *more)


def wants_json() -> bool:
    """Machines get a problem, people a page."""
    return request.path.startswith(("/api/", "/webhooks/")) or request.accept_mimetypes.best == "application/json"


def failure(status: int, title: str, message: str, sign_in: str = "") -> Response:
    """One error, as a problem+json, as the #flash part, or as a page.

    The page gives back what somebody wrote, since it stands in place of their form; and leads to where they `sign_in`.
    """
    if wants_json():
        body = jsonify(type="about:blank", title=title, status=status, detail=message, request_id=g.get("request_id", ""))
        body.mimetype = "application/problem+json"
        return make_response(body, status)
    part = is_htmx()
    template = "errors/_flash.html" if part else "errors/error.html"
    more = {"sought": sought(status), "written": [] if part else words_sent(), "sign_in": sign_in}
    answer = make_response(drawn(template, status=status, title=title, message=message, **more), status)
    answer.vary.add("HX-Request")
    if part:
        # What somebody sent is answered where they look; a part that refreshes itself does not move the page.
        swap = "innerHTML" if request.method == "GET" else "innerHTML show:top"
        answer.headers.update({"HX-Retarget": "#flash", "HX-Reswap": swap, "HX-Push-Url": "false"})
    return answer


def words_sent() -> list[tuple[str, str]]:
    """The sentences of a form that was sent from a page of ours, by field: nobody writes them twice. Never a password.

    Not all languages put spaces between words. A body that is too large, or broke off, has been refused and holds nothing.
    """
    if not (request.referrer or "").startswith(request.host_url):
        return []
    try:
        sent = [(name, value) for name, value in request.form.items(multi=True) if not any(word in name for word in SECRETS)]
    except HTTPException:
        return []
    sentences = [(name, value) for name, value in sent if len(value.split()) > 1 or not value.isascii()]
    return [(name.replace("_", " ").capitalize(), value) for name, value in sentences[:MOST_FIELDS]]


def sought(status: int) -> str:
    """What somebody may have looked for who came to a page of the help centre that is not there: the last word of its address."""
    is_help = status == 404 and request.path.startswith("/help/")
    return request.path.rpartition("/")[2].replace("-", " ")[:80] if is_help else ""


def drawn(template: str, **context: Any) -> str:
    """The template; as visitors see it when the database cannot tell who is looking."""
    try:
        return render_template(template, **context)
    except SQLAlchemyError:
        db.session.rollback()
        g._login_user = login_manager.anonymous_user()
        return render_template(template, **context)


def domain_error(error: DomainError) -> Response:
    """Our own errors carry their status and what to do next."""
    db.session.rollback()
    return failure(error.status, error.title, error.message)


def stale_error(error: StaleDataError) -> Response:
    """Two people saved at once, and this one came second."""
    return domain_error(Stale("Somebody else changed this at the same moment. Reload the page and try again."))


MESSAGES = {
    404: ("Not found", "There is nothing here that you can see. Check the address, or go back to the start."),
    405: ("Not a page", "This address only takes a form. Go back to the page that the form is on, or to the start."),
    413: ("Too large", "What you sent is larger than we accept. Go back, attach smaller files or fewer of them, or shorten the text."),
    429: ("Too many tries", "Wait a minute, then try again."),
    503: ("Not available", "A part that we need is not answering. Try again in a minute."),
}


def http_error(error: HTTPException) -> Any:
    """Errors that Flask raises."""
    if error.code is None or error.code < 400:
        return error.get_response()
    if error.code == 405 and (page := page_above()) is not None:
        return redirect(page, 303)
    if error.code == 404 and (page := page_without_slash()) is not None:
        return redirect(page, 301)
    title, message = MESSAGES.get(error.code, (error.name, error.description or error.name))
    limit = limiter.current_limit if error.code == 429 else None
    seconds = max(1, math.ceil(limit.reset_at - utcnow().timestamp())) if limit else 0
    if seconds > 60:
        message = f"Wait {math.ceil(seconds / 60)} minutes, then try again."
    response = failure(error.code, title, message)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers.setdefault(name, value)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def page_above() -> str | None:
    """Where a browser is led that opens the address which a form is sent to: the nearest page above it. None for others.

    A form that was refused leaves its address in the address bar, and the thing that it changes has its page above.
    """
    # Not the `best` of what it accepts: Chromium's first is what has the most parameters, a signed exchange.
    if request.method != "GET" or "text/html" not in request.accept_mimetypes.values() or wants_json() or is_htmx():
        return None
    adapter, path = current_app.create_url_adapter(request), request.path.rstrip("/")
    while adapter is not None and (path := path.rpartition("/")[0]):
        if adapter.test(path, "GET"):
            return quote(request.script_root + path)
    return None


def page_without_slash() -> str | None:
    """The page whose address somebody typed with a slash at its end. None where there is none."""
    path, adapter = request.path.rstrip("/"), current_app.create_url_adapter(request)
    if request.method not in {"GET", "HEAD"} or path == request.path or adapter is None or not adapter.test(path, "GET"):
        return None
    return quote(request.script_root + path) + (f"?{request.query_string.decode('latin-1')}" if request.query_string else "")


def no_database(error: OperationalError) -> Response:
    """The database does not answer, or is busy for too long."""
    log.error("database.failed", path=request.path, request_id=g.get("request_id", ""), error=str(error.orig))
    db.session.rollback()
    response = failure(503, *MESSAGES[503])
    response.headers["Retry-After"] = "60"
    return response


def unexpected(error: Exception) -> Response:
    """A fault of ours: logged with the request id that the page shows."""
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    log.exception("request.failed", path=request.path, request_id=g.get("request_id", ""))
    db.session.rollback()
    code = InternalServerError.code or 500
    return failure(
        code,
        "Something broke on our side",
        "Nothing that you sent before is lost. Try again; if it stays broken, tell us the reference below.",
    )
