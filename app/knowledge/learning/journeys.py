"""What one reader's steps in the help centre amount to. Pure: a state and a note in, a state and counts out.

A visit is what one visitor does within a day of their first step. It is kept as a small dictionary, since it lives in Redis:

    s, l     when it began and when they last did something (seconds)
    d        the day on which it counts (ISO), m whether the reader is a demo person
    q, p     the last search that was meant, and the entries that it showed, by place
    w        whether that search still waits for something to be opened
    e        whether that search had no answer
    r, u, y  entries that were read, those that were voted down, and those that were enough
    o        the entry that was opened last
    f, t     whether they searched, and whether they opened a ticket
    h, a     whether answers stood beside their ticket's subject, and whether one of them was enough

A note is a dictionary with the moment `t`, the visitor `v`, and its `k`: search, open, vote, offer, solve, form or ticket.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.knowledge.learning.rules import VIEWS_A_VISITOR

Visit = dict[str, Any]
Note = Mapping[str, Any]
# ("reader", day, demo, column), ("query", day, demo, query, column) or ("entry", day, demo, kind:number, column).
Counts = Counter[tuple[Any, ...]]

DAY_SECONDS = 86_400
# Somebody who asks again within this time asks the same in other words; who does nothing for so long has given up.
PATIENCE_SECONDS = 600


def begun(note: Note) -> Visit:
    """The visit that a note begins."""
    moment = float(note["t"])
    day = datetime.fromtimestamp(moment, UTC).date().isoformat()
    first: Visit = {"s": moment, "l": moment, "d": day, "m": bool(note.get("m"))}
    return first | {
        "q": "",
        "p": [],
        "w": False,
        "e": False,
        "r": [],
        "u": [],
        "y": [],
        "o": "",
        "f": False,
        "t": False,
        "h": False,
        "a": False,
    }


def is_over(visit: Visit, moment: float) -> bool:
    """Whether a visit has ended, so that a step begins another."""
    return moment - visit["s"] >= DAY_SECONDS


def is_found(visit: Visit) -> bool:
    """Whether a visit ended, as far as we know, with an answer: it searched, opened one that it did not vote down, left no later
    search without one, and opened no ticket. This is the definition of "found an answer"."""
    opened = bool(visit["o"]) and visit["o"] not in visit["u"] and not visit["w"]
    return visit["f"] and not visit["t"] and (visit["a"] or opened)


def is_deflected(visit: Visit) -> bool:
    """Whether an answer beside the ticket's subject was enough, and no ticket was opened."""
    return visit["a"] and not visit["t"]


def is_undeflected(visit: Visit) -> bool:
    """Whether answers stood beside the subject and a ticket was opened all the same."""
    return visit["h"] and visit["t"]


def follow(visit: Visit, note: Note) -> tuple[Visit, Counts]:
    """The visit after a note, and what is to be counted. What was counted and turns out otherwise is taken back."""
    counts: Counts = Counter()
    after = {**visit, "p": [*visit["p"]], "r": [*visit["r"]], "u": [*visit["u"]], "y": [*visit["y"]]}
    STEPS[note["k"]](after, note, counts)
    after["l"] = max(after["l"], float(note["t"]))
    tell(after, counts, "visits", int(after["f"]) - int(visit["f"]))
    tell(after, counts, "ticketed", int(after["f"] and after["t"]) - int(visit["f"] and visit["t"]))
    tell(after, counts, "found", int(is_found(after)) - int(is_found(visit)))
    tell(after, counts, "offered", int(after["h"]) - int(visit["h"]))
    tell(after, counts, "deflected", int(is_deflected(after)) - int(is_deflected(visit)))
    tell(after, counts, "undeflected", int(is_undeflected(after)) - int(is_undeflected(visit)))
    return after, counts


def searched(visit: Visit, note: Note, counts: Counts) -> None:
    """A search that was meant. The one before it was refined, or given up long ago. Another page of it shows more of the same."""
    query, results = str(note["q"]), int(note["n"])
    if note.get("g", 1) > 1:
        if query == visit["q"]:
            visit["p"] += note["p"]
        return
    if visit["w"] and query != visit["q"]:
        late = float(note["t"]) - visit["l"] > PATIENCE_SECONDS
        left(visit, counts, "abandoned" if late else "refined")
    again = visit["w"] and query == visit["q"]
    visit.update(q=query, p=list(note["p"]), w=True, e=results == 0, f=True)
    if not again:
        tell(visit, counts, "searches")
        of_query(visit, counts, "times")
        if note.get("x"):
            column = "empty" if results == 0 else "weak"
            tell(visit, counts, column)
            of_query(visit, counts, column)


def elsewhere(note: Note) -> Counts:
    """A search that is no part of a visit: its words count, and whether they had an answer."""
    visit = begun(note) | {"q": str(note["q"])}
    counts: Counts = Counter()
    of_query(visit, counts, "times")
    if note.get("x"):
        of_query(visit, counts, "empty" if int(note["n"]) == 0 else "weak")
    return counts


def left(visit: Visit, counts: Counts, column: str) -> None:
    """A search from which nothing was opened. One without answers was not abandoned: there was nothing to open."""
    if visit["w"] and not (visit["e"] and column == "abandoned"):
        tell(visit, counts, column)
        of_query(visit, counts, column)


def opened(visit: Visit, note: Note, counts: Counts) -> None:
    """An entry was opened: out of the search before, if that showed it."""
    key = str(note["i"])
    if visit["w"] and key in visit["p"]:
        place = visit["p"].index(key) + 1
        tell(visit, counts, "opened")
        for name, number in (("opened", 1), ("places", place)):
            of_query(visit, counts, name, number)
            of_entry(visit, counts, key, name, number)
        visit["w"] = False
    visit["o"] = key
    if key not in visit["r"] and len(visit["r"]) < VIEWS_A_VISITOR:
        visit["r"].append(key)
        of_entry(visit, counts, key, "views")


def voted(visit: Visit, note: Note, counts: Counts) -> None:
    """An entry helped, or did not."""
    key = str(note["i"])
    visit["u"] = [other for other in visit["u"] if other != key] + ([] if note["y"] else [key])
    if note["y"] and not visit["o"]:
        visit["o"] = key


def offered(visit: Visit, note: Note, counts: Counts) -> None:
    """Answers stood beside the subject of a ticket."""
    visit["h"] = True


def solved(visit: Visit, note: Note, counts: Counts) -> None:
    """One of them was the answer."""
    key = str(note["i"])
    visit.update(h=True, a=True, o=key, w=False)
    if key not in visit["y"]:
        visit["y"].append(key)
        of_entry(visit, counts, key, "solved")


def asked(visit: Visit, note: Note, counts: Counts) -> None:
    """The form of a ticket was opened, right after a search that had not helped."""
    if visit["w"]:
        tell(visit, counts, "asked")
        of_query(visit, counts, "asked")
        visit["w"], visit["o"] = False, ""


def ticketed(visit: Visit, note: Note, counts: Counts) -> None:
    """A ticket was opened: what was read and searched before did not help."""
    if not visit["t"]:
        for key in visit["r"]:
            of_entry(visit, counts, key, "tickets")
        if visit["q"]:
            of_query(visit, counts, "tickets")
        visit["t"] = True


def given_up(visit: Visit) -> tuple[Visit, Counts]:
    """The visit once nobody did anything for PATIENCE_SECONDS: a search from which nothing was opened was abandoned."""
    counts: Counts = Counter()
    left(visit, counts, "abandoned")
    # It still counts as one that was not answered.
    return {**visit, "w": False, "o": "" if visit["w"] else visit["o"]}, counts


def waits(visit: Visit) -> bool:
    """Whether time alone decides what becomes of the last search."""
    return bool(visit["w"])


def tell(visit: Visit, counts: Counts, column: str, change: int = 1) -> None:
    """Count for the day on which the visit began."""
    if change:
        counts["reader", visit["d"], visit["m"], column] += change


def of_query(visit: Visit, counts: Counts, column: str, change: int = 1) -> None:
    """Count for the last search."""
    counts["query", visit["d"], visit["m"], visit["q"], column] += change


def of_entry(visit: Visit, counts: Counts, key: str, column: str, change: int = 1) -> None:
    """Count for an entry."""
    counts["entry", visit["d"], visit["m"], key, column] += change


STEPS = {"search": searched, "open": opened, "vote": voted, "offer": offered, "solve": solved, "form": asked, "ticket": ticketed}
