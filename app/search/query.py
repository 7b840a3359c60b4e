"""From what somebody typed to a plan: groups of terms, any of a group standing for one word of the question. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, Protocol

from app.search.analysis import Token, everyday, tokens, words_of
from app.search.languages import Language, fold
from app.search.meanings import KNOWN, UNKNOWN, is_english, lists_of
from app.search.spelling import Spelling
from app.search.synonyms import JOIN, Synonyms

# What a question is read to; nobody types more, and some send books.
MAX_CHARACTERS, MAX_WORDS = 400, 24
# How much a match counts that is not the word itself.
JOINED, SPLIT, HALF, COMPOUND, BESIDE = 0.9, 0.7, 0.5, 0.35, 0.25
PHRASE, EVERYDAY_PHRASE = 0.8, 0.6
# What a word of a phrase counts without the others: `signed` is no `sign in`.
ALONE = 0.4
EXPANDED, EXPANDED_UNKNOWN, NEARLY, RESEMBLING = 0.35, 0.9, 0.6, 0.4
# A word must be longer than this to be recognised by how it begins, or as a part of a compound.
LONG = 4
EDITED = {1: 0.85, 2: 0.7}
EXPANSIONS = 10
# Before the beginning of a word of a title: one term for all titles that have such a word.
START = "\x02"


class Lexicon(Protocol):
    """What a plan asks of the index, as one viewer may know it."""

    language: Language
    spelling: Spelling
    synonyms: Synonyms

    def has(self, term: str) -> bool:
        """Whether a text that the viewer may read has the term."""

    def may_have(self, term: str) -> bool:
        """A cheap first look: False only where no text has the term."""


class Beside(NamedTuple):
    """The question in another language: words that say nothing there, and (folded) those known there, not to be guessed at here."""

    stop: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


NOTHING_BESIDE = Beside()


@dataclass
class Group:
    """One word of the question: the terms that stand for it, each with a factor up to 1, and how much the word matters.

    A small one only decides between texts that other words have found.
    """

    word: str
    terms: dict[str, float] = field(default_factory=dict)
    importance: float = 1.0
    correction: str | None = None
    is_known: bool = True
    is_small: bool = False

    def add(self, term: str, factor: float) -> None:
        """One more term; the better factor stands."""
        if factor > self.terms.get(term, 0.0):
            self.terms[term] = factor


@dataclass(frozen=True)
class Plan:
    """What to look for. `meant` is the question with its misspelt words mended, or None; `is_worded`: it is put in words.

    `stems` are the gist of a title that asks the same.
    """

    groups: tuple[Group, ...]
    meant: str | None = None
    is_worded: bool = False
    stems: tuple[str, ...] = ()


def plan(text: str, lexicon: Lexicon, beside: Beside = NOTHING_BESIDE) -> Plan:
    """Read a question. Stop words alone make an empty plan; a word that nobody wrote stays as a group without terms."""
    language = lexicon.language
    text = text[:MAX_CHARACTERS]
    found = list(tokens(text, language))[:MAX_WORDS]
    is_open = bool(found) and found[-1].end == len(text) and not text[-1:].isspace()
    stop = language.stop | beside.stop if beside.stop else language.stop
    kept = [token for token in found if token.word not in stop or token.parts]
    if all(token.word in language.small for token in kept):
        kept = []
    if not kept and is_open:
        kept = found[-1:]
    groups: list[Group] = []
    mended: list[tuple[Token, str]] = []
    for token in kept:
        is_strange = not beside.known or fold(token.word) not in beside.known
        for group in groups_of(token, lexicon, is_open and token is found[-1], is_strange):
            groups.append(group)
            if group.correction:
                written = text[token.start : token.end].lower()
                mended.append((token, written.replace(group.word, group.correction) if token.parts else group.correction))
    join_neighbours(kept, groups, lexicon)
    join_parted(found, groups, lexicon)
    add_phrases(found, groups, lexicon)
    weigh(groups, language)
    return Plan(tuple(groups), replaced(text, mended) if mended else None, is_worded(found, language), gist_of(groups, language))


def gist_of(groups: list[Group], language: Language) -> tuple[str, ...]:
    """The first term of each group, in order, as `analysis.gist` has those of a title."""
    firsts = tuple(next(iter(group.terms)) for group in groups if group.terms)
    return tuple(term for term in firsts if term not in language.weak) or firsts


def is_worded(found: list[Token], language: Language) -> bool:
    """Whether it is a question in words: several of them, and one at least that is of the language for certain."""
    plain = [token.word for token in found if token.word.isalpha()]
    if language.is_english:
        return len(plain) > 1 and any(word in language.stop or is_english(language.stem(word)) for word in plain)
    return len(plain) > 1 and any(word in language.words for word in plain)


def groups_of(token: Token, lexicon: Lexicon, is_open: bool, is_strange: bool) -> list[Group]:
    """A word as one group. A compound as itself with its parts beside it; as its parts alone where nobody wrote the whole."""
    if not token.parts:
        return [group_of(token, lexicon, is_open, is_strange)]
    stem, stop, weak = lexicon.language.stem, lexicon.language.stop, lexicon.language.weak
    whole = Group(token.word)
    for factor, form in zip((1.0, 0.95, 0.9), words_of(token), strict=False):
        if form not in token.parts and lexicon.has(stem(form)):
            whole.add(stem(form), factor)
    parts = [part for part in dict.fromkeys(token.parts) if part not in stop and len(part) > 1]
    if whole.terms:
        beside = [Group(part, {stem(part): 1.0}, BESIDE) for part in parts if stem(part) not in weak and lexicon.has(stem(part))]
        return [whole, *beside]
    return [group_of(Token(part, token.start, token.end), lexicon, is_open and part == token.parts[-1], is_strange) for part in parts]


def group_of(token: Token, lexicon: Lexicon, is_open: bool, is_strange: bool) -> Group:
    """One plain word with everything that may stand for it. What is not `is_strange` is known elsewhere, so it is not guessed at."""
    group = Group(token.word)
    for factor, form in [*zip((1.0, 0.95), words_of(token), strict=False), *((1.0, form) for form in lexicon.spelling.written(token.word))]:
        term = lexicon.language.stem(form)
        if lexicon.has(term):
            group.add(term, factor)
    group.is_known = bool(group.terms)
    if is_open:
        complete(group, token.word.lstrip("-_"), lexicon)
    guesses = (correct, split, halve, *([complete_nearly] if is_open else []), resemble) if is_strange else ()
    for attempt in (stands_for_itself, *guesses):
        if not group.terms:
            attempt(group, token.word, lexicon)
    if lexicon.language.has_compounds and is_strange:
        add_compounds(group, token.word, lexicon)
    if group.is_known or group.correction:
        add_meanings(group, lexicon)
    return group


def add_meanings(group: Group, lexicon: Lexicon) -> None:
    """What may stand for a known word, or for the word that a misspelt one was meant to be."""
    share = EDITED[1] if group.correction else 1.0
    for others in lists_of(meant_word(group, lexicon.language), lexicon.synonyms, KNOWN, lexicon.language):
        for other, factor in others:
            if lexicon.may_have(other) and lexicon.has(other):
                group.add(other, factor * share)


def complete(group: Group, word: str, lexicon: Lexicon) -> None:
    """The last word may be half of one: titles that have a word beginning so, then any word that begins so."""
    stem = lexicon.language.stem
    factor = EXPANDED if group.is_known else EXPANDED_UNKNOWN
    start = START + lexicon.spelling.key(word)[:12]
    if lexicon.has(start):
        group.add(start, factor)
    if len(word) > 2:
        for whole in lexicon.spelling.starting(word, EXPANSIONS):
            if stem(whole) not in group.terms and lexicon.has(stem(whole)):
                group.add(stem(whole), factor)


def complete_nearly(group: Group, word: str, lexicon: Lexicon) -> None:
    """The last word is half of one and misspelt, too."""
    for whole in lexicon.spelling.starting_nearly(word, EXPANSIONS):
        add_known(group, whole, NEARLY, lexicon)


def add_known(group: Group, word: str, factor: float, lexicon: Lexicon) -> None:
    """The term of another word, where a text has it."""
    term = lexicon.language.stem(word)
    if lexicon.has(term):
        group.add(term, factor)


def correct(group: Group, word: str, lexicon: Lexicon) -> None:
    """A word that nobody wrote: the words it may have been meant for, the likeliest as the correction."""
    stem, stop = lexicon.language.stem, lexicon.language.stop
    if lexicon.language.is_english and is_english(stem(word)):
        return
    nearest = 0
    for meant, edits in lexicon.spelling.meant_by(word):
        if nearest and edits > nearest:
            break
        if lexicon.has(stem(meant)):
            group.add(stem(meant), EDITED[edits] * (1.0 if group.correction is None else 0.9))
        elif meant not in stop and not stands_for_others(group, meant, EDITED[edits], lexicon):
            continue
        nearest = edits
        group.correction = group.correction or meant


def stands_for_itself(group: Group, word: str, lexicon: Lexicon) -> None:
    """A word that nobody wrote, but others that mean the same."""
    stands_for_others(group, word, 1.0, lexicon)


def stands_for_others(group: Group, word: str, factor: float, lexicon: Lexicon) -> bool:
    """Add what may stand for a word, from the first list that has anything; whether one had."""
    for others in lists_of(lexicon.language.stem(word), lexicon.synonyms, UNKNOWN, lexicon.language):
        found = [(other, share) for other, share in others if lexicon.may_have(other) and lexicon.has(other)]
        for other, share in found:
            group.add(other, share * factor)
        if found:
            return True
    return False


def split(group: Group, word: str, lexicon: Lexicon) -> None:
    """Two known words written as one: `stagetimeout`, and with a joint `Sicherungskopie`."""
    if not word.isalpha():
        return
    knows = lexicon.spelling.knows
    for at in range(3, len(word) - 2):
        left, right = word[:at], word[at:]
        if not knows(left) and lexicon.language.has_compounds and at > LONG:
            left = left.removesuffix("s")
        if knows(left) and knows(right):
            for half in (left, right):
                add_known(group, as_known(half, lexicon), SPLIT, lexicon)
            return


def halve(group: Group, word: str, lexicon: Lexicon) -> None:
    """The longest known word that a compound ends or begins with, where nobody wrote the rest: `Schlüsselbund`."""
    if not (lexicon.language.has_compounds and word.isalpha()):
        return
    for length in range(len(word) - 3, LONG, -1):
        for part in (word[-length:], word[:length]):
            if not group.terms and lexicon.spelling.knows(part):
                add_known(group, as_known(part, lexicon), HALF, lexicon)


def add_compounds(group: Group, word: str, lexicon: Lexicon) -> None:
    """Longer words that a known one is a part of."""
    if group.is_known and word.isalpha() and len(word) > LONG:
        for whole in lexicon.spelling.compounds(word, EXPANSIONS):
            add_known(group, whole, COMPOUND, lexicon)


def as_known(word: str, lexicon: Lexicon) -> str:
    """A known word as it is written."""
    return next(iter(lexicon.spelling.written(word)), word)


def resemble(group: Group, word: str, lexicon: Lexicon) -> None:
    """Words that begin as a longer one does, when nothing else is left: another form that no stem unites with it."""
    if word.isalpha() and len(word) > LONG:
        for whole in lexicon.spelling.starting(word[: max(LONG, len(word) - 3)], EXPANSIONS):
            add_known(group, whole, RESEMBLING, lexicon)


def join_neighbours(kept: list[Token], groups: list[Group], lexicon: Lexicon) -> None:
    """Two words that somebody wrote as one: `time out`."""
    by_word = {group.word: group for group in groups}
    for left, right in pairwise(kept):
        if left.word.isalpha() and right.word.isalpha() and right.start - left.end <= 1:
            joined = lexicon.language.stem(left.word + right.word)
            if lexicon.has(joined):
                for token in (left, right):
                    if token.word in by_word:
                        by_word[token.word].add(joined, JOINED)


def join_parted(found: list[Token], groups: list[Group], lexicon: Lexicon) -> None:
    """A verb and what parted from it: `setze … zurück`."""
    parted = lexicon.language.parted
    for particle in [parted[token.word] for token in found if token.word in parted]:
        for group in groups:
            add_known(group, particle + group.word, JOINED, lexicon)


def add_phrases(found: list[Token], groups: list[Group], lexicon: Lexicon) -> None:
    """Phrases that have a meaning of their own (`log in`): the phrase, and what means the same, stand for its words."""
    by_word = {group.word: group for group in groups}
    stems = [lexicon.language.stem(token.word) for token in found]
    lists = ((lexicon.synonyms, PHRASE), (everyday(lexicon.language), EVERYDAY_PHRASE))
    for synonyms, share, at, phrase in ((words, share, *place) for words, share in lists for place in words.phrases_in(stems)):
        inside = [by_word[token.word] for token in found[at : at + len(phrase)] if token.word in by_word]
        group = next(iter(inside), None)
        if group is None:
            group = Group(" ".join(phrase))
            groups.append(group)
        whole = JOIN.join(phrase)
        if lexicon.has(whole):
            for member in inside:
                member.terms.update({term: min(factor, ALONE) for term, factor in member.terms.items()})
        for term, factor in [(whole, 1.0), *((other, share) for other in synonyms.others.get(whole, ()))]:
            if lexicon.has(term):
                for member in inside or [group]:
                    member.add(term, factor)


def weigh(groups: list[Group], language: Language) -> None:
    """Words that are in every question count little, unless there are no others."""
    for group in groups:
        group.is_small = group.word in language.small
    common = [language.common.get(meant_word(group, language), 1.0) for group in groups]
    if max(common, default=1.0) == 1.0:
        for group, share in zip(groups, common, strict=True):
            group.importance *= share


def meant_word(group: Group, language: Language) -> str:
    """The stem of what the word was meant to be."""
    return language.stem(group.correction or group.word)


def replaced(text: str, mended: Iterable[tuple[Token, str]]) -> str:
    """The question as it was typed, with other words at some places."""
    for token, word in sorted(mended, key=lambda pair: pair[0].start, reverse=True):
        text = text[: token.start] + word + text[token.end :]
    return " ".join(text.split())
