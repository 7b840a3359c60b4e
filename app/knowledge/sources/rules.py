"""From a reply to an answer that everybody may read: what points at a person goes, and so do the courtesies. Pure.

It masks too much rather than too little, and a person looks at what is left before it is published.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise
from urllib.parse import urlsplit

from app.lib.markdown import parser

MAX_QUESTION, MAX_ANSWER = 250, 20_000
# A first or last name shorter than this is masked within the whole name only: "Al" stands in too many words.
SHORTEST_NAME = 3
# Lines longer than this are no greeting and no ending.
LONGEST_COURTESY = 60
# An ending stands within so many lines from the end: its words, a name, a title, a company, a telephone.
ENDING_LINES = 8

KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
LINK = re.compile(r"\bhttps?://[^\s<>()\[\]\"'`]+", re.IGNORECASE)
MAIL = re.compile(r"(?:mailto:)?[^\s@<>()\[\]\"'`:,;]+@[^\s@<>()\[\]\"'`:,;]+", re.IGNORECASE)
TOLD_SECRET = re.compile(
    r"\b((?:password|passwd|passphrase|pass|secret|token|api[ _-]?key|access[ _-]?key|license[ _-]?key|bearer|authorization)\b[\"']?\s*(?:[:=]|\bis\b|\s)\s*[\"']?(?:bearer\s+|basic\s+)?)([^\s\"'`,;]{4,})",
    re.IGNORECASE,
)
KNOWN_SECRET = re.compile(r"\b(?:sk|pk|rk|ghp|gho|ghs|ghu|glpat|xox[abprs]|hive|npm|pypi|AKIA|ASIA|eyJ)[-_]?[A-Za-z0-9][\w.+/=-]{11,}")
RANDOM = re.compile(r"(?<![\w/.-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[A-Za-z0-9_+/=-]{20,}(?![\w])")
TICKET = re.compile(r"\b[A-Z]{2}-[0-9A-HJKMNP-TV-Z]{7}\b")
PHONE = re.compile(r"(?<![\w.])(?:\+\d[\d ()/.-]{6,}\d|\(?0\d{1,5}\)?[ /-]\d[\d /-]{4,}\d)(?![\w])")
LONG_NUMBER = re.compile(r"(?<![\w.#-])\d{7,}(?![\w.])")
IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d)")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}[0-9a-f:]{0,39}(?![\w:])", re.IGNORECASE)
HOME = re.compile(r"(/home/|/Users/|\b[A-Z]:\\Users\\)(?!you\b)[^\s/\\\"'`]+")
PREFIX = re.compile(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:|\s*\[[^\]]{1,40}\])+\s*", re.IGNORECASE)
GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen)|bonjour|hola)\b[^.!?,\n]{0,40}(?:[,!.:]\s*|$)",
    re.IGNORECASE,
)
THANKS = re.compile(r"^(?:(?:many )?thanks|thank you)\b[^.!?\n]{0,100}[.!]\s*", re.IGNORECASE)
ENDING = re.compile(
    r"^(?:--|(?:(?:with )?(?:best|kind|kindest|warm|warmest|many) )?(?:regards|wishes|greetings)|cheers|sincerely|yours(?: \w+)?|(?:many )?thanks(?: again| a lot)?|thank you|best|all the best|have a (?:nice|good|great) \w+|take care|mfg|viele grüße|cordialement|saludos)[,.!]?$",
    re.IGNORECASE,
)
FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")


@dataclass(frozen=True)
class People:
    """Who is named in a ticket: names of people and of organizations, and the host of our own pages."""

    people: Sequence[str] = ()
    organizations: Sequence[str] = ()
    own_host: str = ""


def question_of(subject: str, people: People) -> str:
    """The subject of a ticket as a question: without `Re:`, ticket numbers and whatever points at somebody."""
    return " ".join(masked(PREFIX.sub("", subject), people).split())[:MAX_QUESTION].strip()


def answer_of(reply: str, people: People) -> str:
    """A reply as an answer: without its greeting, its thanks, its ending and whatever points at somebody, its lines as they
    were. May be empty."""
    return with_lines(without_courtesies(masked(reply, people)).strip())[:MAX_ANSWER].strip()


def with_lines(text: str) -> str:
    """A text whose lines stay lines on our pages, too: a line break in a message is one, in an article it is a space."""
    lines = text.split("\n")
    for opening, block in pairwise(parser().parse(text)):
        if opening.type == "paragraph_open" and block.map is not None:
            first, end = block.map
            breaks = [piece.type for piece in block.children or () if piece.type in {"softbreak", "hardbreak"}]
            # Code may go over lines, too: then they cannot be told apart by counting.
            if len(breaks) == end - first - 1:
                for number, kind in enumerate(breaks, first):
                    lines[number] = lines[number].rstrip() + "\\" if kind == "softbreak" else lines[number]
    return "\n".join(lines)


def masked(text: str, people: People) -> str:
    """A text without names, addresses, numbers and secrets; each leaves a word in brackets. Again changes nothing."""
    text = KEY_BLOCK.sub("[secret]", text)
    text = LINK.sub(lambda found: plain_link(found[0], people.own_host), text)
    text = MAIL.sub("[address]", text)
    text = TOLD_SECRET.sub(told_secret, text)
    for pattern, word in ((KNOWN_SECRET, "[secret]"), (RANDOM, "[secret]"), (TICKET, "[ticket]")):
        text = pattern.sub(word, text)
    for pattern in (IPV4, IPV6):
        text = pattern.sub(lambda found: found[0] if is_harmless(found[0]) else "[address]", text)
    for pattern in (PHONE, LONG_NUMBER):
        text = pattern.sub("[number]", text)
    text = HOME.sub(r"\1you", text)
    text = without_names(text, people.organizations, "[organization]", whole=True)
    return without_names(text, people.people, "[name]")


def told_secret(found: re.Match[str]) -> str:
    """A word that somebody called a secret; plain words after "password" are none."""
    secret = found[0][len(found[1]) :]
    looks_secret = re.search(r"[\d=:_]|[A-Z].*[a-z].*[A-Z]", secret) is not None or ":" in found[1] or "=" in found[1]
    return f"{found[1]}[secret]" if looks_secret and not found[2].startswith("[") else found[0]


def plain_link(link: str, own_host: str) -> str:
    """A link without sign-in and question mark, where it may carry a secret; links into our own desk and portal go whole."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "[link]"
    if not host or (host == own_host.lower() and not parts.path.startswith("/help")) or (is_number(host) and not is_harmless(host)):
        return "[link]"
    kept = f"{parts.scheme}://{host}{port}{parts.path}"
    return kept + (f"#{parts.fragment}" if parts.fragment and not parts.query else "")


def is_number(host: str) -> bool:
    """Whether a host is a number and no name."""
    return host.replace(".", "").isdecimal() or ":" in host


def is_harmless(number: str) -> bool:
    """Whether an address is one that every machine has (127.0.0.1), one of the books, or none at all."""
    try:
        address = ip_address(number.rstrip(":") if number.count(":") > 1 and not number.endswith("::") else number)
    except ValueError:
        return True
    return address.is_loopback or address.is_unspecified or str(address).startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))


def without_names(text: str, names: Iterable[str], word: str, *, whole: bool = False) -> str:
    """A text without these names, however they are written where they are whole; parts of a name as they are written."""
    full = sorted({" ".join(name.split()) for name in names if len(name.strip()) >= SHORTEST_NAME}, key=len, reverse=True)
    for name in full:
        text = re.sub(bounded(r"\s+".join(re.escape(piece) for piece in name.split(" "))), word, text, flags=re.IGNORECASE)
    if not whole:
        pieces = {piece for name in full for piece in re.split(r"[\s-]+", name) if len(piece) >= SHORTEST_NAME}
        for piece in sorted(pieces, key=len, reverse=True):
            text = re.sub(bounded(re.escape(piece)), word, text)
    return text


def bounded(pattern: str) -> str:
    """A pattern as a word of its own, and not where a mask stands already."""
    return rf"(?<![\w\[]){pattern}(?![\w\]])"


def without_courtesies(text: str) -> str:
    """A text without the greeting and thanks that it begins with, and the ending that it closes with. Code stays as it is."""
    lines = text.strip().split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    for pattern in (GREETING, THANKS):
        if lines and len(lines[0]) > 0:
            lines[0] = pattern.sub("", lines[0])
        while lines and not lines[0].strip():
            del lines[0]
    return "\n".join(lines[: ending(lines)]).strip("\n").rstrip()


def ending(lines: Sequence[str]) -> int:
    """Where the ending of a letter begins; the number of lines where it has none."""
    in_code, code = False, []
    for line in lines:
        fence = FENCE.match(line) is not None
        code.append(in_code or fence)
        in_code ^= fence
    for at in range(max(0, len(lines) - ENDING_LINES), len(lines)):
        said = lines[at].strip()
        if len(said) <= LONGEST_COURTESY and ENDING.match(said) and not any(code[at:]):
            return at
    return len(lines)
