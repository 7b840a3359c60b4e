"""How urgent a text is, and why. Pure.

Signals (rules of the group `urgency`) are phrases with a weight and a subject. Of each subject only the strongest signal
counts, so repeating oneself or shouting gains nothing, and the subjects add up. How many people are hit (`reach`), money
and deadlines make a real fault worse but are no fault by themselves. The context may weaken a signal; it never adds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.triage.context import FULL, TicketContext
from app.triage.phrases import Found, PhraseBook, Sentence

THRESHOLDS = (("emergency", 120), ("critical", 70), ("high", 40))
# Subjects that only count beside a fault.
COMPANIONS = frozenset({"reach", "acute", "stakes"})
FAULTS = frozenset({"outage", "data_loss", "security", "blocked", "fault"})
# A hole is one on a test machine, too.
ANYWHERE = frozenset({"security"})
# A signal fires its escalation trigger only when it can be taken nearly at its word.
TRIGGER_FACTOR = 0.5
# Wishes and questions about documents are seldom fires.
WISH_FACTOR = 0.3


@dataclass(frozen=True, slots=True)
class Signal:
    """One weighted rule: the phrases it looks for, what they are about and which trigger they pull."""

    key: str
    subject: str
    phrases: tuple[str, ...]
    weight: int
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One signal as it was found: the author's words, the points they earned and what weakened them."""

    key: str
    subject: str
    words: str
    points: float
    weight: int
    note: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome: points in all, the priority they reach (or None), the strongest of what was seen first."""

    points: float
    priority: str | None
    seen: tuple[Seen, ...]
    triggers: tuple[str, ...]


class Scorer:
    """Signals made ready for many tickets."""

    def __init__(self, signals: Sequence[Signal]):
        self._signals = {signal.key: signal for signal in signals}
        self._book = PhraseBook((signal.key, phrase) for signal in signals for phrase in signal.phrases)

    def read(self, sentences: list[Sentence], title_sentences: int, is_wish: bool = False) -> Reading:
        """Score a text. `title_sentences` of the sentences are the title's; `is_wish` weakens everything.

        Adding another plainly urgent sentence at the end never lowers the points.
        """
        context = TicketContext(sentences, title_sentences)
        best: dict[str, Seen] = {}
        for found in self._book.find(sentences):
            earlier = best.get(found.key)
            if earlier and not earlier.note:
                continue
            seen = self._seen(found, sentences, context, WISH_FACTOR if is_wish else FULL)
            if earlier is None or seen.points > earlier.points:
                best[found.key] = seen
        return _summed(best)

    def _seen(self, found: Found, sentences: list[Sentence], context: TicketContext, scale: float) -> Seen:
        """One signal with the points that its place in the text leaves it."""
        signal = self._signals[found.key]
        standing = context.standing(found.sentence, found.positions, anywhere=signal.subject in ANYWHERE)
        factor = min(standing.factor, scale)
        note = standing.note or ("a wish" if scale < FULL else "")
        words = " ".join(sentences[found.sentence].words[found.positions[0] : found.positions[-1] + 1])
        trigger = signal.trigger if factor >= TRIGGER_FACTOR else ""
        return Seen(signal.key, signal.subject, words[:120], signal.weight * factor, signal.weight, note, trigger)


def priority_for(points: float) -> str | None:
    """The priority that a score reaches, or None below the lowest threshold."""
    return next((priority for priority, least in THRESHOLDS if points >= least), None)


def _summed(best: dict[str, Seen]) -> Reading:
    """Add up the strongest signal of each subject."""
    strongest: dict[str, Seen] = {}
    for seen in best.values():
        if seen.subject not in strongest or seen.points > strongest[seen.subject].points:
            strongest[seen.subject] = seen
    faulty = any(seen.subject in FAULTS and seen.points > 0 for seen in strongest.values())
    counted = [seen for seen in strongest.values() if seen.points > 0 and (faulty or seen.subject not in COMPANIONS)]
    points = sum(seen.points for seen in counted)
    triggers = tuple(dict.fromkeys(seen.trigger for seen in best.values() if seen.trigger))
    return Reading(points, priority_for(points), tuple(sorted(counted, key=lambda seen: -seen.points)), triggers)
