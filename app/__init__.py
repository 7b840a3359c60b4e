"""HiveTechs Support: create_app() puts the pieces together."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from app.audiences import key_refused
from app.config import ROOT, Config
from app.events import outbox
from app.extensions import csrf, db, limiter, login_manager
from app.lib import assets, bodies, compress, database, forms, logs, memory, metrics, pages, security
from app.lib.requests import CleanRequest, LateRule, RowNumber

BLUEPRINTS = (
    "app.home.public",
    "app.accounts.public",
    "app.accounts.portal",
    "app.accounts.admin",
    "app.accounts.api",
    "app.tickets.portal",
    "app.tickets.public",
    "app.tickets.desk",
    "app.tickets.desk_search",
    "app.tickets.desk_messages",
    "app.tickets.desk_changes",
    "app.tickets.desk_merging",
    "app.tickets.desk_splitting",
    "app.tickets.desk_triage",
    "app.tickets.desk_bulk",
    "app.tickets.desk_baton",
    "app.escalation.desk",
    "app.escalation.portal",
    "app.escalation.admin",
    "app.triage.admin",
    "app.triage.admin_words",
    "app.macros.desk",
    "app.rota.public",
    "app.rota.desk",
    "app.rota.admin",
    "app.sla.desk",
    "app.sla.portal",
    "app.sla.api",
    "app.sla.lead",
    "app.sla.statement_desk",
    "app.sla.statement_portal",
    "app.sla.admin",
    "app.sla.trying",
    "app.sla.level_admin",
    "app.alerts.desk",
    "app.alerts.admin",
    "app.alerts.public",
    "app.knowledge.public",
    "app.knowledge.desk",
    "app.knowledge.learning.public",
    "app.knowledge.learning.desk",
    "app.knowledge.learning.stale_desk",
    "app.knowledge.writing.desk",
    "app.knowledge.writing.desk_review",
    "app.knowledge.writing.desk_care",
    "app.knowledge.writing.public",
    "app.knowledge.translations.desk",
    "app.knowledge.translations.desk_review",
    "app.knowledge.sources.desk",
    "app.knowledge.exchange.desk",
    "app.knowledge.exchange.lead",
    "app.knowledge.links.desk",
    "app.knowledge.training.desk",
    "app.knowledge.training.lead",
    "app.knowledge.vocabulary.desk",
    "app.knowledge.composing.desk",
    "app.knowledge.api",
    "app.knowledge.articles_api",
    "app.knowledge.feeds",
    "app.knowledge.embed",
    "app.knowledge.embed_desk",
    "app.surveys.public",
    "app.surveys.desk",
    "app.analytics.desk",
    "app.analytics.alarms_admin",
    "app.analytics.forecast_desk",
    "app.status.desk",
    "app.calls.portal",
    "app.calls.public",
    "app.calls.desk",
    "app.calls.admin",
    "app.mail.desk",
    "app.integrations.discord.api",
    "app.ops.public",
    "app.dev.public",
)


class Application(Flask):
    """Flask without views that wait: it need not look at each hook whether it is a coroutine."""

    url_rule_class = LateRule
    jinja_environment = pages.QuickEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Every function of ours is one that runs."""
        return func


def create_app(config: Config | None = None) -> Flask:
    """Build the application for one process. Nothing connects yet. Raises ConfigError for settings that cannot run."""
    with memory.loading():
        return build(config or Config.from_env())


def build(settings: Config) -> Flask:
    """Put every piece in its place."""
    app = Application(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.request_class = CleanRequest
    app.url_map.converters["int"] = RowNumber
    app.config.from_mapping(flask_settings(settings))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    bodies.install(app)
    forms.install()
    compress.install(app)
    assets.install(app)
    security.install(app)
    logs.install(app)
    metrics.install(app)
    db.init_app(app)
    login_manager.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        database.prepare(db.engine)
    outbox.install()
    pages.install(app)
    app.register_error_handler(CSRFError, key_refused)
    for path in BLUEPRINTS:
        blueprint = import_module(path).bp
        if blueprint.name != "dev" or settings.dev:
            app.register_blueprint(blueprint)
    # Now, not with the first query of each process that is forked from this one.
    configure_mappers()
    return app


def flask_settings(settings: Config) -> dict[str, object]:
    """Our settings in the names that Flask and its extensions read."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings),
        "MAX_CONTENT_LENGTH": settings.upload_max_bytes,
        "MAX_FORM_MEMORY_SIZE": 2_000_000,
        "MAX_FORM_PARTS": 200,
        "SESSION_COOKIE_NAME": "hive_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure,
        # The cookie is written anew when its sign-in is prolonged (accounts/sign_in.py), not with every page.
        "PERMANENT_SESSION_LIFETIME": 86_400 * settings.session_days,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "SEND_FILE_MAX_AGE_DEFAULT": 0 if settings.env == "development" else 31_536_000,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "RATELIMIT_STORAGE_URI": settings.redis_url.replace("unix://", "redis+unix://"),
        # A Redis that hangs must not make requests hang: after a second the counts of this process stand in.
        "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        "RATELIMIT_ENABLED": settings.rate_limits,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    }


def engine_options(settings: Config) -> dict[str, object]:
    """A small pool: each web worker has a handful of threads. PostgreSQL statements may not run for ever."""
    # The connection used last comes first: its caches are warm, and its statements prepared.
    if settings.database_url.startswith("sqlite"):
        in_a_file = settings.database_url.startswith("sqlite:///")
        return {"connect_args": {"timeout": 10}, **({"pool_use_lifo": True} if in_a_file else {})}
    return {
        "pool_size": 4,
        "max_overflow": 4,
        "pool_use_lifo": True,
        "connect_args": {"options": "-c statement_timeout=30000 -c timezone=UTC"},
    }
