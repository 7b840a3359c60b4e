"""Every setting, read once from the environment (and a `.env` file beside the project), typed, and loud when wrong."""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.lib.addresses import WEB
from app.lib.settings import (
    address,
    database_url,
    domain,
    flag,
    folder_url,
    hex_key,
    languages,
    one_of,
    redis_url,
    sender,
    snowflake,
    some_of,
    something,
    whole,
    words,
    zone_name,
)

ROOT = Path(__file__).resolve().parent.parent
MASK = "••••••"


class ConfigError(ValueError):
    """A setting is missing or malformed; the message names it and says what to do."""


def setting(name: str, default: Any, help: str, *, secret: bool = False, parse: Callable[[str], Any] = str) -> Any:
    """Declare one setting: its environment name, default, a sentence for `hive-support config`, and its parser."""
    return field(default=default, metadata={"name": name, "help": help, "secret": secret, "parse": parse})


@dataclass(frozen=True)
class Config:
    """The settings in force. Units are in the names; a secret is masked by `hive-support config`."""

    env: str = setting("ENV", "development", "development, test or production")
    data_dir: Path = setting("DATA_DIR", ROOT / "instance", "where this machine keeps its state", parse=lambda text: Path(something(text)))
    host: str = setting("HOST", "127.0.0.1", "address the web server listens on", parse=something)
    port: int = setting("PORT", 8080, "port the web server listens on", parse=whole(1, 65_535))
    database_url: str = setting("DATABASE_URL", "", "SQLite in DATA_DIR by default, or postgresql://…", secret=True, parse=database_url)
    redis_url: str = setting("REDIS_URL", "", "an embedded server by default, or redis://… or unix://…", secret=True, parse=redis_url)
    secret_key: str = setting("SECRET_KEY", "", "signs sessions and links; made and kept in DATA_DIR outside production", secret=True)
    base_url: str = setting(
        "BASE_URL",
        "",
        "address people reach us by; used for every absolute link",
        parse=address(*WEB, example="https://support.example.com", empty=True),
    )
    allowed_hosts: tuple[str, ...] = setting(
        "ALLOWED_HOSTS", (), "host names we answer to; BASE_URL's and local ones by default", parse=words
    )
    trusted_proxies: int = setting("TRUSTED_PROXIES", 0, "how many proxies in front may set X-Forwarded-*", parse=whole(0, 100))
    smtp_url: str = setting(
        "SMTP_URL",
        "",
        "smtp://user:password@host:port; without it mail is kept and shown at /dev/mail",
        secret=True,
        parse=address(
            "smtp",
            "smtp+starttls",
            "smtps",
            example="smtp://user:password@mail.example.com:587 (or smtps://, smtp+starttls://)",
            empty=True,
        ),
    )
    mail_from: str = setting("MAIL_FROM", "HiveTechs Support <support@hivetechs.example>", "sender of our mail", parse=sender)
    inbound_domain: str = setting("INBOUND_DOMAIN", "", "domain of reply addresses", parse=domain)
    metrics_token: str = setting("METRICS_TOKEN", "", "bearer token that /metrics asks for, if set", secret=True)
    slack_token: str = setting("SLACK_TOKEN", "", "bot token for Slack", secret=True)
    slack_api_url: str = setting(
        "SLACK_API_URL",
        "https://slack.com/api",
        "address of Slack's API; a local server may stand in for it",
        parse=address(*WEB, example="https://slack.com/api"),
    )
    discord_token: str = setting("DISCORD_TOKEN", "", "bot token for Discord", secret=True)
    discord_public_key: str = setting(
        "DISCORD_PUBLIC_KEY", "", "key that Discord signs with what it sends to /webhooks/discord; closed without it", parse=hex_key
    )
    discord_application_id: str = setting("DISCORD_APPLICATION_ID", "", "number of our application at Discord", parse=snowflake)
    discord_guild: str = setting("DISCORD_GUILD", "", "number of the one Discord server that gets /faq; all without it", parse=snowflake)
    discord_api_url: str = setting(
        "DISCORD_API_URL",
        "https://discord.com/api/v10",
        "address of Discord's API; a local server may stand in for it",
        parse=address(*WEB, example="https://discord.com/api/v10"),
    )
    allow_local_addresses: bool = setting(
        "ALLOW_LOCAL_ADDRESSES", False, "call webhooks in our own network, and over http; refused in production", parse=flag
    )
    attachments_url: str = setting("ATTACHMENTS_URL", "", "file:/path; DATA_DIR/attachments by default", parse=folder_url)
    attachment_max_bytes: int = setting("ATTACHMENT_MAX_BYTES", 10_000_000, "largest attachment", parse=whole(1))
    upload_max_bytes: int = setting("UPLOAD_MAX_BYTES", 26_000_000, "largest request body", parse=whole(1))
    session_days: int = setting("SESSION_DAYS", 14, "how long a sign-in lasts without use", parse=whole(1, 3650))
    survey_days: int = setting("SURVEY_DAYS", 30, "how long a survey link can be answered", parse=whole(1, 3650))
    survey_delay_minutes: int = setting(
        "SURVEY_DELAY_MINUTES", 0, "a survey goes out so long after the resolution, unless the ticket is open again", parse=whole(0, 10_080)
    )
    survey_quiet_days: int = setting(
        "SURVEY_QUIET_DAYS",
        None,
        "whoever was asked for a score is not asked again for so long; 7 in production, 0 elsewhere, so that each resolution shows its survey",
        parse=whole(0, 3650),
    )
    knowledge_locales: tuple[str, ...] = setting(
        "KNOWLEDGE_LOCALES", ("de", "fr", "es"), "languages beside English that knowledge is translated into", parse=languages
    )
    search_semantic: bool = setting(
        "SEARCH_SEMANTIC", False, "find by meaning, too, with the model that `make semantic` installs", parse=flag
    )
    close_resolved_days: int = setting(
        "CLOSE_RESOLVED_DAYS", 7, "a resolved ticket closes after so many days without an answer", parse=whole(0, 3650)
    )
    report_zone: str = setting("REPORT_ZONE", "UTC", "time zone in which the months of SLA statements begin and end", parse=zone_name)
    knowledge_review: tuple[str, ...] = setting(
        "KNOWLEDGE_REVIEW",
        ("public",),
        "readers whose texts need a second person's approval unless a lead writes them; empty: none",
        parse=some_of("public", "customers", "plan", "staff"),
    )
    log_level: str = setting(
        "LOG_LEVEL",
        "INFO",
        "what is logged, and all that is worse: DEBUG, INFO, WARNING or ERROR",
        parse=one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    )
    demo: bool = setting("DEMO", False, "load the demo company and show /dev; refused in production", parse=flag)
    rate_limits: bool = setting("RATE_LIMITS", True, "throttle sign-in, guest tickets and search", parse=flag)
    count_queries: bool = setting("COUNT_QUERIES", False, "tell X-Query-Count on each page; always on in development", parse=flag)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings; raises ConfigError that names the first wrong one."""
        source = {**dotenv(ROOT / ".env"), **(os.environ if environ is None else environ)}
        values = {f.name: parsed(f.metadata, source) for f in fields(cls) if f.metadata["name"] in source}
        return cls(**values).completed()

    @property
    def dev(self) -> bool:
        """Whether /dev exists: never in production."""
        return self.env != "production"

    @property
    def secure(self) -> bool:
        """Whether people reach us over HTTPS, so that cookies may insist on it."""
        return self.base_url.startswith("https://")

    def completed(self) -> "Config":
        """Fill what depends on other settings, and refuse what cannot run."""
        if self.env not in {"development", "test", "production"}:
            raise ConfigError(f"ENV is {self.env!r}: use development, test or production.")
        if self.env == "production" and self.demo:
            raise ConfigError("DEMO is set in production. Demo people have a known password: unset DEMO.")
        if self.env == "production" and self.allow_local_addresses:
            raise ConfigError("ALLOW_LOCAL_ADDRESSES is set in production. Webhooks could reach our own network: unset it.")
        host = f"[{self.host}]" if ":" in self.host else self.host
        base_url = (self.base_url or f"http://{host}:{self.port}").rstrip("/")
        data_dir = self.data_dir.absolute()
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values |= {
            "base_url": base_url,
            "data_dir": data_dir,
            "database_url": self.database_url or f"sqlite:///{data_dir / 'support.sqlite3'}",
            "redis_url": self.redis_url or f"unix://{data_dir / 'redis.sock'}",
            "secret_key": self.secret_key or kept_secret(self.env, data_dir),
            "attachments_url": self.attachments_url or f"file:{data_dir / 'attachments'}",
            "survey_quiet_days": (7 if self.env == "production" else 0) if self.survey_quiet_days is None else self.survey_quiet_days,
            "allowed_hosts": self.allowed_hosts or tuple({urlsplit(base_url).hostname or "", "localhost", "127.0.0.1", "[::1]"}),
        }
        return Config(**values)

    def described(self) -> list[tuple[str, str, str]]:
        """(name, value with secrets masked, help) of every setting."""
        rows = []
        for f in fields(self):
            value = getattr(self, f.name)
            shown = MASK if f.metadata["secret"] and value else " ".join(value) if isinstance(value, tuple) else str(value)
            rows.append((f.metadata["name"], shown, f.metadata["help"]))
        return rows


def parsed(metadata: Mapping[str, Any], source: Mapping[str, str]) -> Any:
    """Parse one setting or raise ConfigError naming it."""
    name = metadata["name"]
    try:
        return metadata["parse"](source[name].strip())
    except ValueError as wrong:
        shown = "set, but wrong" if metadata["secret"] else repr(source[name])
        raise ConfigError(f"{name} is {shown}: {wrong}. It is: {metadata['help']}.") from None


def dotenv(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines; blank lines and comments are passed over."""
    if not path.is_file():
        return {}
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#") and "=" in line]
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def kept_secret(env: str, data_dir: Path) -> str:
    """The signing key of a single machine: made once, readable by its owner only. Production must be given one."""
    if env == "production":
        raise ConfigError("SECRET_KEY is not set. Give 32 random bytes or more, the same to every process.")
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            keep_secret(path)
        return path.read_text(encoding="ascii")
    except OSError as refused:
        raise ConfigError(
            f"DATA_DIR is {data_dir}, which cannot be used ({refused.strerror}). Set it to a directory of yours."
        ) from refused


def keep_secret(path: Path) -> None:
    """Write a fresh key to `path`, unless another process has just done so."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
