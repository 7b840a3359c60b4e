"""How urgent a text is, and why. Pure.

Signals (rules of the group `urgency`) are phrases with a weight and a subject. Of each subject only the strongest signal
counts, so repeating oneself or shouting gains nothing, and the subjects add up. How many people are hit (`reach`), money
and deadlines make a real fault worse but are no fault by themselves. The context may weaken a signal; it never adds.
To this come the points of single words, learned from labelled tickets (learned.py); they may be negative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.triage.context import FULL, TicketContext, standing
from app.triage.learned import Learned, weigh
from app.triage.phrases import Found, PhraseBook, Sentence
from app.triage.traits import Shown, shown

THRESHOLDS = (("emergency", 240), ("critical", 100), ("high", 40))
# Subjects that only count beside a fault.
COMPANIONS = frozenset({"reach", "acute", "stakes"})
FAULTS = frozenset({"outage", "data_loss", "security", "blocked", "fault"})
# A hole is one on a test machine, too.
ANYWHERE = frozenset({"security"})
# Many people, customers, machines and times are no emergency without one of these meanings.
HURTS = frozenset(
    f"@{meaning}"
    for meaning in (
        "gone", "corrupt", "exposed", "attack", "stopped", "idle", "foreign", "now", "authority", "stop_it", "press", "senior", "cannot", "noway", "ask", "help now", "strangers_act", "happening", "near deadline", "secrets", "money",
    )
)  # fmt: skip
# A signal fires its escalation trigger only when it can be taken nearly at its word.
TRIGGER_FACTOR = 0.5
# Wishes and questions about documents are seldom fires.
WISH_FACTOR = 0.3
# A sentence with a signal of this weight that can be taken at its word is plainly urgent.
PLAIN_WEIGHT = 45


NOTHING = Learned(0.0, (), ())


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
    learned: Learned = NOTHING


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both parts of the scorer found: the signals with their points, and the traits that learned points are for."""

    signals: Reading
    shown: Shown


class Scorer:
    """Signals and learned points made ready for many tickets."""

    def __init__(self, signals: Sequence[Signal], points_of: Mapping[str, float]):
        self._signals = {signal.key: signal for signal in signals}
        self._book = PhraseBook((signal.key, phrase) for signal in signals for phrase in signal.phrases)
        self._points_of = points_of

    def read(self, sentences: list[Sentence], title_sentences: int, is_wish: bool = False, marks: Sequence[str] = ()) -> Reading:
        """Score a text. `title_sentences` of the sentences are the title's; `is_wish` weakens all signals; `marks` see traits.py.

        Adding another plainly urgent sentence at the end never lowers the points.
        """
        evidence = self.evidence(sentences, title_sentences, is_wish, marks)
        signals, learned = evidence.signals, weigh(evidence.shown, self._points_of)
        hurts = signals.points > 0 or not HURTS.isdisjoint(evidence.shown.traits)
        points = round(max(0.0, signals.points + learned.points), 1) if hurts else 0.0
        return Reading(points, priority_for(points), signals.seen, signals.triggers, learned)

    def evidence(self, sentences: list[Sentence], title_sentences: int, is_wish: bool, marks: Sequence[str]) -> Evidence:
        """What the text shows, before the learned points are added."""
        context = TicketContext(sentences, title_sentences)
        best: dict[str, Seen] = {}
        plain: set[int] = set()
        for found in self._book.find(sentences):
            self._mark_plain(found, sentences, plain)
            earlier = best.get(found.key)
            if earlier and not earlier.note:
                continue
            seen = self._seen(found, sentences, context, WISH_FACTOR if is_wish else FULL)
            if earlier is None or seen.points > earlier.points:
                best[found.key] = seen
        quiet = set(range(context.last_recovery + 1)) | context.elsewhere
        return Evidence(_summed(best), shown(sentences, title_sentences, marks, plain, quiet))

    def _mark_plain(self, found: Found, sentences: list[Sentence], plain: set[int]) -> None:
        """Note a sentence that is urgent by itself, whatever the rest of the ticket says."""
        signal = self._signals[found.key]
        grave = signal.weight >= PLAIN_WEIGHT and signal.subject in FAULTS
        if grave and found.sentence not in plain and standing(sentences[found.sentence], found.positions).factor == FULL:
            plain.add(found.sentence)

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
