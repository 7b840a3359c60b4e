"""What readers' votes, views and tickets say: popularity that fades, who counts, what has grown old. Pure."""

import hashlib
import hmac
import ipaddress
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

# After so many days a point of popularity is worth half.
HALF_LIFE_DAYS = 90
# Points are kept as if given on this day, so that they fade without being written.
EPOCH = date(2026, 1, 1)
# Less than half a point shows nowhere.
LEAST = 0.5

# From one network and day: readers of an entry that count, and votes on it. An office shares one address.
VIEWS_A_NETWORK, VOTES_A_NETWORK = 20, 5
# From one visitor and day: entries read that count.
VIEWS_A_VISITOR = 50

WHYS = {
    "wrong": "It is wrong",
    "outdated": "It is outdated",
    "unclear": "It is hard to follow",
    "other": "It is not what I searched for",
}
MAX_REMARK = 1_000

# A ticket that comes back within this time after an entry was given as its answer says something about the entry.
REOPEN = timedelta(days=14)
LOOKED_AT = timedelta(days=90)
# How long "still right" holds against a version that has ended.
CHECKED = timedelta(days=180)
GOAL = 80.0
# Questions beyond those of a day that are kept by themselves.
REST = "[other questions]"
RANGES = {"7d": 7, "30d": 30, "90d": 90}

BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|archiver|facebookexternalhit|embedly|preview|pingdom|uptime|monitor|lighthouse|scanner|validator",
    re.IGNORECASE,
)


def is_bot(user_agent: str) -> bool:
    """Whether a program says that it is no reader. One that says nothing at all is none either."""
    return not user_agent.strip() or BOT.search(user_agent) is not None


def hashed(key: str, what: str, who: str) -> str:
    """Somebody as a word that leads back to nobody without our key; another word for each `what`."""
    return hmac.new(key.encode(), f"knowledge {what} {who}".encode(), hashlib.sha256).hexdigest()[:24]


def network_of(address: str | None) -> str:
    """The network of an address: an IPv4 address itself, the first 64 bits of an IPv6 one; empty for anything else."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)


def weight(day: date) -> float:
    """What a point of a day counts for in points of EPOCH."""
    return 2.0 ** ((day - EPOCH).days / HALF_LIFE_DAYS)


def worth(score: float, day: date) -> float:
    """What a score is worth on a day, in points."""
    return score / weight(day)


def shown(score: float, day: date) -> int:
    """The same as a whole number, halves away from nought."""
    value = worth(score, day)
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def due_on(score: float, day: date) -> date:
    """The first day after `day` on which a score shows less, if nobody adds to it."""
    value, number = abs(worth(score, day)), abs(shown(score, day))
    days = HALF_LIFE_DAYS * math.log2(value / (number - LEAST)) if number else 0.0
    due = day + timedelta(days=max(1, math.ceil(days)))
    # On the very day on which a half is left it may still count as a whole.
    return due + timedelta(days=1) if number and abs(shown(score, due)) == number else due


def percent(part: int, whole: int) -> float | None:
    """A share in percent; None of nothing."""
    return 100.0 * part / whole if whole else None


def covers(release: str, version: str) -> bool:
    """Whether an entry that holds for `version` holds for a release: 2.0 covers 2.0 and 2.0.1, not 2.01."""
    return bool(release) and (version == release or version.startswith(f"{release}."))


@dataclass(frozen=True)
class Signs:
    """What speaks against an entry, since somebody last found it right."""

    # The version that it holds for, and the last day of that.
    version: str = ""
    ended_on: date | None = None
    # Answers of staff in which it was linked, and tickets that came back afterwards.
    uses: int = 0
    reopened: int = 0
    outdated: int = 0
    wrong: int = 0
    review_on: date | None = None
    broken: int = 0
    behind: Sequence[str] = field(default_factory=tuple)


def reasons(signs: Signs, today: date) -> list[tuple[int, str]]:
    """(points, words) for each reason to look at an entry again, the weightiest first; none for one that nothing speaks against."""
    found: list[tuple[int, str]] = []
    if signs.ended_on is not None and signs.ended_on < today:
        found.append((40, f"Hive {signs.version} has not been supported since {day_words(signs.ended_on)}"))
    if signs.reopened:
        share = 100 * signs.reopened // max(signs.uses, signs.reopened)
        tickets = "1 ticket" if signs.reopened == 1 else f"{signs.reopened} tickets"
        found.append((min(40, 12 * signs.reopened) + share // 5, f"{tickets} came back after it was the answer ({share} % of its uses)"))
    for count, points, word in ((signs.outdated, 15, "outdated"), (signs.wrong, 20, "wrong")):
        if count:
            found.append((min(45, points * count), f"{counted(count, 'reader', 'readers')} said it is {word}"))
    if signs.review_on is not None and signs.review_on < today:
        days = (today - signs.review_on).days
        found.append((10 + min(20, days // 7), f"Its review was due {counted(days, 'day', 'days')} ago"))
    if signs.broken:
        found.append((min(30, 10 * signs.broken), f"{counted(signs.broken, 'link leads', 'links lead')} nowhere"))
    if signs.behind:
        found.append((min(20, 5 * len(signs.behind)), f"Translations are behind: {', '.join(signs.behind)}"))
    return sorted(found, key=lambda reason: (-reason[0], reason[1]))


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many}"


def day_words(day: date) -> str:
    """`3 May 2026`."""
    return f"{day.day} {day:%B %Y}"


@dataclass(frozen=True)
class Span:
    """Whole days in UTC that a report is about, the last of them today."""

    key: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def span(key: str, now: datetime) -> Span:
    """The last 7, 30 or 90 days; 30 for a key that is none of ours."""
    known = key if key in RANGES else "30d"
    today = now.date()
    return Span(known, today - timedelta(days=RANGES[known] - 1), today)
