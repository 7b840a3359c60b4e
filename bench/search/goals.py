"""What the figures should be: enough for questions of real people, and ahead of every rival in every column. Pure."""

from collections.abc import Mapping

from bench.search.scores import Score
from bench.search.sets import QuestionSet

FIVE, MRR, FIVE_MISSPELT = 0.92, 0.82, 0.90
THIRTIETH = 30


def missed(one: QuestionSet, scores: Mapping[str, Score], name: str = "ours") -> list[str]:
    """What we, under a name that begins with `ours`, have not reached on a set, in words. A rival may be as good where both are
    perfect."""
    ours = scores[name]
    found = []
    if one.by_people and one.kind == "clean":
        found += [f"Recall@5 {ours.five:.3f} < {FIVE}"] if ours.five < FIVE else []
        found += [f"MRR {ours.mrr:.3f} < {MRR}"] if ours.mrr < MRR else []
    if one.by_people and one.kind == "misspelt" and ours.five < FIVE_MISSPELT:
        found.append(f"Recall@5 {ours.five:.3f} < {FIVE_MISSPELT}")
    if ours.empty:
        found.append(f"{ours.empty:.1%} empty")
    for other, rival in scores.items():
        if not other.startswith("ours"):
            behind = [column for column in ("first", "five", "ten", "mrr") if not ahead(getattr(ours, column), getattr(rival, column))]
            found += [f"{other} has as good a {column}" for column in behind]
    return found


def ahead(ours: float, theirs: float) -> bool:
    """Whether a share is better, or cannot be."""
    return ours > theirs or ours == 1.0


def slower_than_thirtieth(ours: Mapping[str, float], fuse: Mapping[str, float]) -> list[str]:
    """The kinds of question for which we take more than a thirtieth of what Fuse.js takes."""
    return [
        f"{kind}: 1/{fuse[kind] / ours[kind]:.0f} of Fuse.js"
        for kind in ours
        if kind == "a question" and ours[kind] * THIRTIETH > fuse[kind]
    ]
