"""Promises that staff made in their own words: sentences that say what will be done, and by when. Pure; English.

It is a reminder for a hand-over, not a judgement: a sentence counts if it speaks of the writer's side in the future, or
names a time to come back at.
"""

import re

MOST = 3
LONGEST = 240
# Code and quotations are not the writer's promise.
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.S)
QUOTE = re.compile(r"^[ \t]*>.*$", re.M)
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n{2,}|\n(?=[-*] )")
OURS = re.compile(
    r"\b(?:i|we)(?:['’]ll| will| shall| am going to| are going to|['’]m going to|['’]re going to)\b(?! (?:need|have to ask|not)\b)"
    r"|\byou(?:['’]ll| will) (?:hear|have|get|receive)\b"
    r"|\b(?:i|we) (?:promise|plan to|expect to|aim to)\b",
    re.I,
)


def promises(text: str) -> list[str]:
    """The sentences that promise something, MOST at most, each cut to LONGEST characters. Linear in the text."""
    own = QUOTE.sub("", CODE.sub(" ", text))
    found = [" ".join(sentence.split()) for sentence in SENTENCE.split(own) if OURS.search(sentence)]
    return [sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…" for sentence in found[:MOST]]
