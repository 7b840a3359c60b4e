"""One believable set of facts for each message, for the snapshots and for the sweeps over all templates."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from app.alerts.messages import Message
from app.knowledge.learning import queries as learned
from app.knowledge.learning.rules import Span
from app.knowledge.learning.weekly import WeeklyList
from app.lib.mail import ticket_subject
from app.lib.markdown import to_html
from app.mail.content import PublicMessage, TicketCard, dressed
from app.notifications.call_jobs import CallCard
from app.sla.reports import Goal, Line, Scope
from app.sla.subscribing import Week

BASE_URL = "https://support.hivetechs.example"
SUPPORT = "support@hivetechs.example"
AT = datetime(2026, 11, 23, 14, 18, tzinfo=UTC)
SUBJECT = "Consensus stops at the curator stage <b>"
URL = f"{BASE_URL}/tickets/HT-4F7K2M9"

ANSWER = (
    'The index lies on a slow disk.\n\n```\nrepository.cache_dir = "/srv/cache"\n```\n\nSee [the guide](/help/user-guide/cli-commands).'
)


def message(number: int, body: str, *, author: str, by_staff: bool, files: tuple[str, ...] = ()) -> PublicMessage:
    """A public message as a sender sees it."""
    html = dressed(to_html(body), BASE_URL)
    return PublicMessage(number, "public", author, by_staff, False, body, html, AT, files)


def card(status: str = "In progress") -> TicketCard:
    """The ticket that all samples are about."""
    return TicketCard("HT-4F7K2M9", SUBJECT, "high", status, URL)


ASKED = message(1, "It stops after two minutes.\nAgent 08 does the same.", author="Elena Rossi", by_staff=False)
REPLIED = message(2, ANSWER, author="Jo Park", by_staff=True, files=("trace.log", "notes.txt"))
ABOUT: dict[str, Any] = {
    "ticket": card(),
    "zone": "Europe/Berlin",
    "subject_line": ticket_subject(SUBJECT, "HT-4F7K2M9"),
    "can_reply": True,
    "why": "opened",
}
CLOCK: dict[str, Any] = {**ABOUT, "metric": "First response", "due_at": AT, "assignee": "Jo Park", "why": "you lead the team Engineering"}
SCORES = [("Overall satisfaction", 1), ("Response time", 4), ("Quality of the resolution", 2)]

BOOKED = CallCard(
    *("CL-4F7K2M9", "Support call", "Upgrade of our cluster <b>", AT, 30, "Jo Park", "Elena Rossi", "Acme & Sons", "video"),
    *(f"{BASE_URL}/room", "HT-4F7K2M9", f"{BASE_URL}/calls/link/abc", f"{BASE_URL}/calls/link/abc"),
)
FACTS: dict[str, dict[str, Any]] = {
    "ticket_acknowledged": {**ABOUT, "asked": ASKED, "answer": None, "promise": "A person answers by Tue 24 Nov, 15:18 CET."},
    "ticket_replied": {**ABOUT, "message": REPLIED, "earlier": ASKED, "resolved_days": None},
    "ticket_status_changed": {**ABOUT, "ticket": card("Needs you"), "old": "In progress", "meaning": "We wait for your answer."},
    "ticket_resolved": {**ABOUT, "ticket": card("Resolved"), "resolver": "Jo Park", "close_days": 7, "why": "follow"},
    "ticket_merged": {
        **ABOUT,
        "ticket": card("Closed"),
        "into": replace(card(), ref="HT-2B8D4KQ", subject="Curator & <co>", url=f"{BASE_URL}/tickets/HT-2B8D4KQ"),
        "by": "Jo Park",
    },
    "ticket_split": {
        **ABOUT,
        "ticket": card("Received"),
        "ref": "HT-2B8D4KQ",
        "by": "Jo Park",
        "asked": ASKED,
        "promise": "A person answers by Tue 24 Nov, 15:18 CET.",
        "why": "follow",
    },
    "ticket_escalated": {**ABOUT, "asked": True, "asker": "Elena Rossi", "promise": "A person answers by Mon 23 Nov, 16:18 CET."},
    "customer_replied": {**ABOUT, "message": ASKED},
    "ticket_assigned": {**ABOUT, "by": "Sam Lee", "due_at": AT},
    "sla_warning": CLOCK,
    "sla_breached": {**CLOCK, "assignee": ""},
    "sla_report_weekly": {
        "week": Week(date(2026, 11, 16), date(2026, 11, 22), "Europe/Berlin", Scope(AT, AT)),
        "goals": [Goal("All promises", None, 118, 120, 99.0), Goal("Emergency and critical", "urgent", 0, 0, 100.0)],
        "lines": [Line("first_response", "high", 60, 58, 1, 1, 0), Line("first_response", "all", 122, 118, 2, 1, 1)],
        "names": ["Acme & Sons"],
        "is_demo": False,
        "url": f"{BASE_URL}/desk/sla?from=2026-11-16",
        "why": "you asked for it on the page of the SLA report",
        "zone": "Europe/Berlin",
    },
    "knowledge_weekly": {
        "week": WeeklyList(
            Span("week", date(2026, 11, 16), date(2026, 11, 22)),
            78.4,
            102,
            [SimpleNamespace(query="jira integration <b>", empty=9), SimpleNamespace(query="offline licence", empty=1)],
            [learned.Line("faq", 7, "Can Hive run behind a proxy?", {"unhelpful": 4})],
            [{"row": SimpleNamespace(kind="article", entry_id=3, reasons=["2 readers said it is outdated"]), "heading": "Debug mode"}],
        ),
        "pages": {("faq", 7): f"{BASE_URL}/desk/knowledge/insights/faq/7", ("article", 3): f"{BASE_URL}/desk/knowledge/insights/article/3"},
        "is_demo": False,
        "goal": 80.0,
        "url": f"{BASE_URL}/desk/knowledge/weekly",
        "why": "you write answers for the help centre",
        "zone": "Europe/Berlin",
    },
    "alert": {
        "heading": "Critical: Customer satisfaction is under 4.0 <b>",
        "lines": ["3.6 on average of 14 surveys in the last 30 days."],
        "because": "Nobody acknowledged it in time, so it goes to the team’s leads.",
        "at": AT,
        "count": 3,
        "team": "Support",
        "matter_url": f"{BASE_URL}/desk/surveys",
        "alert_url": f"{BASE_URL}/desk/alerts/7",
        "acknowledge_url": f"{BASE_URL}/alerts/acknowledge/abc",
        "why": "you lead support",
        "zone": "Europe/Berlin",
    },
    "rota_notice": {
        "subject": "Aiko Tanaka offers you the baton of Support",
        "heading": "Aiko Tanaka offers you the baton of Support",
        "lines": ["Aiko Tanaka hands over a duty of Support. It stays theirs until you accept."],
        "url": f"{BASE_URL}/desk/rota/batons/7",
        "action": "Look and answer",
        "why": "the baton was offered to you",
        "zone": "Europe/Berlin",
    },
    "knowledge_notice": {
        "subject": "Sent back: Why does <b>hive</b> wait?",
        "heading": "Why does <b>hive</b> wait?",
        "lines": ["Helena Lindqvist sends it back."],
        "said": "Say which version.\n<i>And</i> add the command.",
        "entries": [("Install on Linux", f"{BASE_URL}/desk/knowledge/article/7")],
        "url": f"{BASE_URL}/desk/knowledge/faq/7",
        "action": "Go on with it",
        "why": "you asked for a review",
        "zone": "Europe/Berlin",
    },
    "call_booked": {"call": BOOKED, "is_staff": False, "zone": "Europe/Rome"},
    "call_changed": {"call": BOOKED, "is_staff": False, "what": "moved", "old_start": AT.replace(hour=9), "zone": "Europe/Rome"},
    "call_cancelled": {
        "call": BOOKED,
        "is_staff": True,
        "by_staff": False,
        "reason": "Solved\n<i>meanwhile</i>.",
        "instead": "",
        "has_left": False,
        "zone": "UTC",
    },
    "call_left": {"call": BOOKED, "zone": "Europe/Rome"},
    "call_reminder": {"call": replace(BOOKED, how="phone", place="+39 06 555 0100"), "is_staff": True, "which": "day", "zone": "UTC"},
    "alert_digest": {
        "messages": [
            Message(
                "alert_1",
                "raised",
                "warning",
                "Mail to a customer <b> was refused",
                "550 no such mailbox",
                f"{BASE_URL}/desk/alerts/7",
                AT,
                team="Support",
            ),
            Message(
                "alert_2",
                "raised",
                "info",
                "A new release",
                "2.0.3\nis out.",
                f"{BASE_URL}/desk/alerts/8",
                AT,
                count=3,
                why="There is news.",
            ),
        ],
        "alerts_url": f"{BASE_URL}/desk/alerts",
        "why": "you lead support",
        "zone": "Europe/Berlin",
    },
    "mail_failed": {**ABOUT, "address": "elena@acme.example", "reason": "550 no such mailbox", "why": "you are its assignee"},
    "guest_confirm": {"url": f"{BASE_URL}/guest/abc", "hours": 24},
    "password_reset": {"url": f"{BASE_URL}/password-reset/abc", "minutes": 60},
    "password_changed": {"url": f"{BASE_URL}/password-reset", "at": AT, "zone": "UTC"},
    "invitation": {"url": f"{BASE_URL}/invite/abc", "days": 7, "name": "Kim", "organization": "Acme & Sons", "inviter": "Elena Rossi"},
    "invitation_elsewhere": {"url": f"{BASE_URL}/tickets/new", "name": "Kim", "organization": "Acme & Sons", "inviter": "Elena Rossi"},
    "survey_invitation": {
        **ABOUT,
        "ticket": card("Resolved"),
        "name": "Elena Rossi",
        "agent": "Jo Park",
        "url": f"{BASE_URL}/survey/abc",
        "expires_at": AT,
        "quiet_days": 7,
        "words": {1: "very dissatisfied", 2: "dissatisfied", 3: "neutral", 4: "satisfied", 5: "very satisfied"},
    },
    "low_score_alert": {
        **ABOUT,
        "customer": "Elena Rossi",
        "lowest": 1,
        "scores": SCORES,
        "feedback": "Too slow.\nAnd <i>no</i> answer.",
        "why": "you lead support",
    },
}


def facts(template: str) -> dict[str, Any]:
    """The facts of one message, with what every mail is given."""
    return {"support_address": SUPPORT, "base_url": BASE_URL, **FACTS[template]}
