"""What a ticket's timeline tells of merges. Pure, as story.py is."""

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


MERGES: dict[str, Callable[[Facts, str | None, bool], Line]] = {
    "ticket.merged": merged,
    "ticket.joined": joined,
    "ticket.unmerged": unmerged,
    "ticket.parted": parted,
}
