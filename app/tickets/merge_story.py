"""What a ticket's timeline tells of merges and splits. Pure, as story.py is."""

from collections.abc import Callable

from app.tickets.lines import Facts, Line, by, point, said


def merged(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It was folded into another ticket."""
    return Line("git-merge", "info", (said("Merged into "), point(facts["into"]), *by(actor)))


def joined(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Another ticket was folded into it."""
    count = facts["messages"]
    came = f"{count} {'message' if count == 1 else 'messages'} came with it."
    return Line("git-merge", "info", (point(facts["ref"]), said(" was merged into this ticket"), *by(actor)), (came,) if staff else ())


def unmerged(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It is a ticket of its own again."""
    return Line("git-merge", "", (said("Parted from "), point(facts["into"]), said(" again"), *by(actor)))


def parted(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A ticket that had been folded into it is one of its own again."""
    return Line("git-merge", "", (point(facts["ref"]), said(" was parted from this ticket again"), *by(actor)))


def split(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Some of what was said on it goes on in a ticket of its own."""
    count = facts["messages"]
    went = f"{count} {'message' if count == 1 else 'messages'} went with it."
    return Line("layers", "info", (point(facts["ref"]), said(" was split off from this ticket"), *by(actor)), (went,) if staff else ())


def split_off(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It begins with what was said on another ticket."""
    return Line("layers", "info", (said("Split off from "), point(facts["ref"]), *by(actor)))


MERGES: dict[str, Callable[[Facts, str | None, bool], Line]] = {
    "ticket.merged": merged,
    "ticket.joined": joined,
    "ticket.unmerged": unmerged,
    "ticket.parted": parted,
    "ticket.split": split,
    "ticket.split_off": split_off,
}
