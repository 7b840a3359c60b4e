"""Mail domains of organizations. Pure."""

import re

from app.lib.text import one_line

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MAX_DOMAINS = 20
# Anybody can have an address there, so it says nothing about whom somebody works for.
SHARED = frozenset(
    [
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "icloud.com"),
        *("me.com", "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.ru", "yandex.ru"),
        *("proton.me", "protonmail.com", "fastmail.com", "zoho.com", "qq.com", "163.com", "126.com", "naver.com", "orange.fr"),
        *("free.fr", "libero.it", "hey.com", "tutanota.com", "mailinator.com", "github.com", "users.noreply.github.com"),
    ]
)


def parse_domains(text: str) -> list[str]:
    """The domains in a text, one a line or with commas between, each once. Raises ValueError with a sentence for a wrong one."""
    found = list(dict.fromkeys(clean_domain(word) for word in re.split(r"[\s,;]+", text) if word))
    if len(found) > MAX_DOMAINS:
        raise ValueError(f"An organization takes {MAX_DOMAINS} domains at most.")
    return found


def clean_domain(text: str) -> str:
    """`@Example.COM` → `example.com`, other scripts in punycode. Raises ValueError."""
    domain = one_line(text).lower().removeprefix("@").rstrip(".")
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if domain else ""
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    if len(ascii_domain) > 253 or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"“{one_line(text)[:60]}” is not a mail domain such as example.com.")
    if ascii_domain in SHARED:
        raise ValueError(f"Anybody can have an address at {ascii_domain}, so it cannot belong to one organization.")
    return ascii_domain


def domain_of(email: str) -> str:
    """The part after the last @."""
    return email.rpartition("@")[2].lower()
