"""Where a translation stands with those who look at it before its readers do."""

from dataclasses import dataclass

from app.accounts.models import User
from app.knowledge.models import Entry
from app.knowledge.translations.actions import has_work, waits_for_others
from app.knowledge.translations.models import Translation
from app.knowledge.writing import approvals, queries
from app.knowledge.writing.models import Plan, Review
from app.knowledge.writing.rules import state_of


@dataclass(frozen=True)
class Standing:
    """The state of a translation (a key of rules.WORK), its last review, what is planned, and what this person may do."""

    state: str
    review: Review | None
    plans: dict[str, Plan]
    has_work: bool
    # Whether a change by this person needs nobody else's word; whether they may publish it as it is, with or without such a word.
    is_free: bool
    may_publish: bool
    may_answer: bool
    may_withdraw_review: bool


def standing(entry: Entry, there: Translation, person: User) -> Standing:
    """Where a translation is, for its editor. Two statements."""
    review, plans = queries.last_review(entry, there.locale), queries.planned(entry, there.locale)
    return Standing(
        state=state_of(
            there.status,
            has_revision=bool(there.beside),
            review=review.state if review is not None else None,
            is_current=review is not None and review.number == there.version,
            is_planned="publish" in plans,
        ),
        review=review,
        plans=plans,
        has_work=has_work(there),
        is_free=not waits_for_others(entry, person),
        may_publish=not waits_for_others(entry, person) or approvals.approved(review, there.version),
        may_answer=queries.answers(review, there.author_id, person),
        may_withdraw_review=queries.takes_back(review, person),
    )
