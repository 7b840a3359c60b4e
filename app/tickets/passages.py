"""Where in a text the words of a search stand, and the piece of it that shows them. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

from markupsafe import Markup, _escape_inner

LENGTH, LEAD = 220, 60
# Markdown's marks, and what is left in their place. Reading a text as Markdown would take twenty times as long, and a page has
# forty passages. In order: the lines around a block of code; headings, quotes, lists with stars; links; code; what is stressed, which
# may hold what is stressed otherwise.
SIGN = re.compile(r"[#>*~`\[]")
STRESSED = re.compile(r"(?<![\w*~])(\*{1,3}|~~)(?=\S)([^*~\n]{1,500}?)(?<=\S)\1(?![\w*~])")
MARKS = (
    (re.compile(r"^ {0,3}(?:`{3,}|~{3,})[^`\n]*$", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}(?:#{1,6} |> ?|[*+] )+", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\[\]\n]{1,500})\]\([^()\s]{1,2000}(?: \"[^\"\n]{0,200}\")?\)"), r"\1"),
    (re.compile(r"`"), ""),
    (STRESSED, r"\2"),
    (STRESSED, r"\2"),
)
OPEN, CLOSE = "<mark>", "</mark>"
# So many places of a text are weighed, at most.
PLACES = 60


class Sought:
    """The words of a search, the last of which may be half typed; accents and case do not count."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = [flat(word) for word in words]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds whole words, and what begins with the last one."""
        whole = "|".join(map(re.escape, self.words))
        return re.compile(rf"(?<![^\W_])(?:{re.escape(self.words[-1])}[^\W_]*|(?:{whole})(?![^\W_]))")

    def places(self, text: str) -> Iterator[tuple[int, int, set[str]]]:
        """(start, end, the words that stand there) of each match, in order."""
        for match in self.pattern.finditer(flat(text)):
            yield match.start(), match.end(), self.meant_by(match[0])

    def meant_by(self, found: str) -> set[str]:
        """The words that a match stands for."""
        return {word for word in self.words if word == found or (word is self.words[-1] and found.startswith(word))}

    def within(self, text: str) -> set[str]:
        """The words that a text has."""
        return set().union(*map(self.meant_by, set(self.pattern.findall(flat(text)))))

    def marked(self, text: str) -> Markup:
        """A text as HTML with what was looked for in <mark>."""
        return Markup(self.html(text))  # noqa: S704 - what is no mark is escaped

    def html(self, text: str) -> str:
        """The same as plain text: a page has a hundred, and Markup would escape each piece when it is made and when it is joined."""
        pieces, at = [], 0
        for match in self.pattern.finditer(flat(text)):
            start, end = match.span()
            pieces += [_escape_inner(text[at:start]), OPEN, _escape_inner(text[start:end]), CLOSE]
            at = end
        return "".join([*pieces, _escape_inner(text[at:])])

    def passage(self, text: str) -> Markup:
        """The piece of about LENGTH characters that has most of the words, marked; an ellipsis stands where it was cut."""
        shown = without_marks(text)
        # Where a word stands in the address of a link only, that is shown, too.
        text = " ".join((shown if shown is text or self.within(text) <= self.within(shown) else text).split())
        begin = self.begin(text)
        end = min(len(text), begin + LENGTH)
        # Words stay whole, unless one is longer than anybody would read.
        begin = max(begin, text.find(" ", begin, begin + LEAD)) if begin else 0
        end = max(end, text.find(" ", end, end + LEAD)) if end < len(text) else end
        before, after = "… " if begin else "", " …" if end < len(text) else ""
        return Markup(f"{before}{self.html(text[begin:end].strip())}{after}")  # noqa: S704 - what is no mark is escaped

    def begin(self, text: str) -> int:
        """Where that piece begins."""
        found = [place for place, _ in zip(self.places(text), range(PLACES), strict=False)]
        best, at = 0, 0
        for n, (start, _, _) in enumerate(found):
            have = set().union(*(there for here, _, there in found[n:] if here < start + LENGTH - LEAD))
            if len(have) > best:
                best, at = len(have), start
            if best == len(self.words):
                break
        return max(0, at - LEAD)


def without_marks(text: str) -> str:
    """A message as a reader sees it, or nearly so: without most of Markdown's marks."""
    for mark, instead in MARKS if SIGN.search(text) else ():
        text = mark.sub(instead, text)
    return text


class Flat(dict[int, str]):
    """Letter → the letter without case and accents; each is worked out once, since a search reads hundreds of messages."""

    def __missing__(self, letter: int) -> str:
        """The first of what the small letter is made of, so that a text stays as long as it was."""
        self[letter] = unicodedata.normalize("NFD", chr(letter).lower())[0]
        return self[letter]


FLAT = Flat()


def flat(text: str) -> str:
    """A text without case and accents, as long as it was."""
    return text.lower() if text.isascii() else text.translate(FLAT)
