"""Decisions about writing that need no database: who may publish, what state a text is in, when it is looked at again. Pure."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from app.accounts.permissions import may
from app.lib.errors import NotAllowed
from app.lib.times import from_wall, local

MAX_NOTE, MAX_COMMENT = 200, 2_000
# Plans further ahead than this are slips of the hand.
FURTHEST = timedelta(days=2 * 366)
MOST_YEARS = 3
PASSED = "This time has passed. Choose a later one."
TOO_FAR = "That is more than two years ahead. Choose an earlier time."
# After so many days somebody looks whether a text still holds: what changes with each release sooner.
REVIEW_DAYS = {"api-reference": 90, "getting-started": 120, "troubleshooting": 120, "staff": 180, "billing": 120, "installation": 120}
USUAL_REVIEW_DAYS = 180

# What a text is at, for its writers. Readers see only what is published.
WORK = {
    "draft": "Draft",
    "revision": "Draft beside the live text",
    "in_review": "In review",
    "returned": "Sent back",
    "approved": "Approved",
    "scheduled": "Scheduled",
    "published": "Published",
    "withdrawn": "Withdrawn",
    "archived": "Archived",
}
TONES = {"in_review": "info", "returned": "warn", "approved": "ok", "scheduled": "info", "published": "ok"}


def needs_approval(role: str, audiences: Collection[str], reviewed: Collection[str]) -> bool:
    """Whether somebody else must approve before this person's text reaches its readers.

    `reviewed` are the audiences whose texts the desk wants a second pair of eyes on (the setting KNOWLEDGE_REVIEW);
    `audiences` are those who read it now and those who would. Leads and administrators publish without.
    """
    return not may(role, "knowledge.publish") and bool(set(audiences) & set(reviewed))


def writers_only(role: str, do: str = "write knowledge") -> None:
    """Raise NotAllowed for whoever does not write; `do` names what only writers do."""
    if not may(role, "knowledge.write"):
        raise NotAllowed(f"Only staff {do}. Ask somebody at the desk.")


def may_answer(role: str, person_id: int, reviewer_id: int | None, writer_id: int | None) -> bool:
    """Whether somebody may answer a review: who was asked, or a lead; never whoever wrote the text."""
    if person_id == writer_id or not may(role, "knowledge.write"):
        return False
    return reviewer_id == person_id or may(role, "knowledge.publish")


def state_of(status: str, *, has_revision: bool, review: str | None, is_current: bool, is_planned: bool) -> str:
    """The state of an entry as a key of WORK. `review` is the state of its last review; `is_current` says that this was
    about the text as it stands now."""
    if status == "archived":
        return status
    has_work = has_revision or status != "published"
    if has_work and is_planned:
        return "scheduled"
    if has_work and review == "asked":
        return "in_review"
    if has_work and is_current and review in {"approved", "returned"}:
        return review
    return "revision" if has_revision and status == "published" else status


def review_days(section: str) -> int:
    """After how many days a text of a section or category is looked at again."""
    return REVIEW_DAYS.get(section, USUAL_REVIEW_DAYS)


def next_review(section: str, today: date) -> date:
    """The day on which a text of a section is looked at again."""
    return today + timedelta(days=review_days(section))


def refusal(wall: datetime | None, zone_name: str, now: datetime) -> str:
    """Why a moment of the writer's wall clock cannot be planned for; empty where it can."""
    if wall is None:
        return "Say when, as a day and a time."
    # Zones differ by a day at most, and the ends of the calendar are in no zone but one.
    if abs(wall.year - now.year) > MOST_YEARS:
        return PASSED if wall.year < now.year else TOO_FAR
    at = from_wall(wall, zone_name)
    if local(at, zone_name).replace(tzinfo=None) != wall:
        return "The clocks go forward then, so this time does not exist. Choose one an hour earlier or later."
    if at <= now:
        return PASSED
    if at > now + FURTHEST:
        return TOO_FAR
    return ""
