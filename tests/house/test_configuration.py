"""docs/configuration.md tells every setting as the code has it, and a wrong one is refused in a sentence that names it."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.config import ROOT, Config, ConfigError

PAGE = ROOT / "docs" / "configuration.md"


def shown(value):
    """A default as the page writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and value:
        return f"`{' '.join(value)}`"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}/`"
    return f"`{value}`" if value not in ("", (), None) else "–"


def test_every_setting_stands_in_the_documentation_with_its_default():
    text = PAGE.read_text(encoding="utf-8")
    rows = [f"| `{f.metadata['name']}` | {shown(f.default)} | {f.metadata['help']} |" for f in fields(Config)]
    assert [row for row in rows if row not in text] == []


# Each process would have one of its own.
IN_MEMORY = ["sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "sqlite:///file:x?mode=memory&cache=shared&uri=true"]

WRONG = {
    "DATA_DIR": [""],
    "HOST": [""],
    "PORT": ["", "eighty", "-1", "0", "65536", "٣", "1_000"],
    "DATABASE_URL": [
        "nonsense",
        "mysql://x/y",
        "postgres://[::1",
        "sqlite:///",
        "postgresql://u:hunter2@h:port/x",
        "sqlite://",
        *IN_MEMORY,
    ],
    "REDIS_URL": ["nonsense", "http://x", "redis://", "redis://u:hunter2@h:port", "unix://here"],
    "BASE_URL": ["nonsense", "ftp://x", "http://", "https://[::1", "http://x y/", "http://a:99999"],
    "TRUSTED_PROXIES": ["x", "-1"],
    "SMTP_URL": ["nonsense", "smtp://", "smtp://u:hunter2@h:port", "http://x:25", "smtp://[::1"],
    "MAIL_FROM": ["", "nonsense", "a\r\nBcc: b@c", "<>"],
    "INBOUND_DOMAIN": ["not a domain!!", "@x", "x..y"],
    "SLACK_API_URL": ["", "nonsense", "file:///etc/passwd"],
    "DISCORD_API_URL": ["", "nonsense"],
    "ATTACHMENTS_URL": ["nonsense", "s3://x", "file:", "file:relative"],
    "ATTACHMENT_MAX_BYTES": ["x", "-1", "0"],
    "UPLOAD_MAX_BYTES": ["10 MB", "0"],
    "SESSION_DAYS": ["-1", "0", "99999999999"],
    "SURVEY_DAYS": ["0", "99999999999"],
    "SURVEY_DELAY_MINUTES": ["-1", "10081"],
    "SURVEY_QUIET_DAYS": ["-1", "99999999999"],
    "CLOSE_RESOLVED_DAYS": ["-1", "99999999999"],
    "KNOWLEDGE_REVIEW": ["everybody"],
    "LOG_LEVEL": ["LOUD", ""],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_refused_in_a_sentence_that_names_it(name, value, tmp_path):
    with pytest.raises(ConfigError, match=f"^{name} is .*expected .*It is: ") as told:
        Config.from_env({"DATA_DIR": str(tmp_path), name: value})
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://u:p@[::1]:5432/support?sslmode=require"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:////srv/support.sqlite3"),
        ("REDIS_URL", "rediss://u:p@redis.example.com/1"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("BASE_URL", "https://support.example.com:8443/help"),
        ("SMTP_URL", "smtp+starttls://me%40x:p%2F@mail.example.com"),
        ("MAIL_FROM", '"Support, Hive" <support@localhost>'),
        ("ATTACHMENTS_URL", "file:///srv/attachments"),
        ("ATTACHMENTS_URL", "file:/srv/attachments"),
        ("LOG_LEVEL", "debug"),
        ("KNOWLEDGE_REVIEW", ""),
        ("KNOWLEDGE_REVIEW", "public, staff"),
        ("HOST", "::1"),
    ],
)
def test_a_setting_that_makes_sense_is_taken(name, value, tmp_path):
    assert Config.from_env({"DATA_DIR": str(tmp_path), name: value}).base_url


@pytest.mark.parametrize(("given", "days"), [({}, 0), ({"ENV": "production"}, 7), ({"SURVEY_QUIET_DAYS": "3"}, 3)])
def test_who_tries_it_out_is_asked_about_each_resolution(given, days, tmp_path):
    assert Config.from_env({"DATA_DIR": str(tmp_path), "SECRET_KEY": "a" * 32, **given}).survey_quiet_days == days


def test_a_list_is_parsed_once(tmp_path):
    given = {"DATA_DIR": str(tmp_path), "KNOWLEDGE_REVIEW": "public, staff"}
    assert Config.from_env(given).knowledge_review == ("public", "staff")
    assert ("KNOWLEDGE_REVIEW", "public staff") in [row[:2] for row in Config.from_env(given).described()]
