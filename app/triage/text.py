"""What the author of a ticket wrote with their own hands. Pure; every step is linear in the length of the text.

Quoted replies, code, HTML comments, the fixed words of the GitHub issue forms, signatures and mail disclaimers are
somebody else's words (or a machine's), so they must not make a ticket look urgent.
"""

import re
import unicodedata

from app.triage import forms_text

HIDDEN_BLOCKS = {
    "<!--": re.compile(r"-->"),
    "<pre": re.compile(r"</pre\s{0,9}>", re.I),
    "<code": re.compile(r"</code\s{0,9}>", re.I),
    "<blockquote": re.compile(r"</blockquote\s{0,9}>", re.I),
}
HIDDEN_START = re.compile(r"<!--|<pre\b|<code\b|<blockquote\b", re.I)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
QUOTE = re.compile(r"^ {0,3}>")
LIST_ITEM = re.compile(r"^\s{0,12}(?:[-*+]|\d{1,4}[.)])\s")
ATTRIBUTION = re.compile(r"^\s{0,3}On .{5,200} wrote:\s{0,9}$")
FORWARDED = re.compile(r"^\s{0,3}(?:-{2,20} ?(?:original|forwarded) message ?-{0,20}|begin forwarded message:)", re.I)
SENT_FROM = re.compile(r"^\s{0,3}sent from my \w+", re.I)
DISCLAIMER = re.compile(
    r"^\W{0,8}(?:confidentiality notice|disclaimer:|this (?:e-?mail|message) (?:and any|is intended|contains|may contain))", re.I
)
URL = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+|\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}", re.I)
SPOKEN_QUOTE = re.compile(r'"[^"\n]{1,200}"|“[^”\n]{1,200}”|«[^»\n]{1,200}»')
BACKTICKS = re.compile(r"`+")
FILE_OR_PATH = re.compile(
    r"(?<!\S)[.~]{0,2}/\S+|\b[\w-]{1,80}\.(?:rs|toml|log|txt|md|json|ya?ml|conf|py|js|ts|sh|csv|html|xml|db|sql)\b", re.I
)
DROPPED_CHARACTERS = dict.fromkeys((8203, 8204, 8205, 8288, 65279, 173))
MADE_PLAIN = DROPPED_CHARACTERS | {0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x2010: "-", 0x2011: "-", 0x0000: " "}
SIGNATURE_LINES = 12


def own_text(body: object) -> str:
    """Return the author's own words of a ticket's body; anything that is not text gives an empty string.

    Line breaks are kept (they end sentences); what is taken out leaves a blank, so words never grow together.
    """
    if not isinstance(body, str) or not body:
        return ""
    lines = _without_fences(plain(body).split("\n"))
    lines = _without_hidden_blocks("\n".join(lines)).split("\n")
    lines = _without_quotes(lines)
    lines = _without_indented_code(lines)
    lines = forms_text.without_boilerplate(lines)
    lines = _without_signature(lines)
    return "\n".join(_clean_inline(line) for line in _inline_code_blanked(lines))


def own_title(title: object) -> str:
    """Return the title without code, addresses and words in quotation marks; a title that is all of it stays as it is."""
    if not isinstance(title, str):
        return ""
    whole = plain(title).replace("\n", " ")
    own = _clean_inline(_without_inline_code(whole))
    return own if any(character.isalnum() for character in own) else whole


def plain(text: str) -> str:
    """Return the text in one spelling: NFKC, straight apostrophes and hyphens, no invisible characters, `\\n` line ends."""
    text = unicodedata.normalize("NFKC", text).translate(MADE_PLAIN)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_fences(lines: list[str]) -> list[str]:
    """Blank fenced code; a fence that is never closed runs to the end, as CommonMark says."""
    kept, fence = [], ""
    for line in lines:
        mark = FENCE.match(line)
        if fence:
            closes = mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not mark[2].strip()
            fence = "" if closes else fence
            kept.append("")
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
            kept.append("")
        else:
            kept.append(line)
    return kept


def _without_hidden_blocks(text: str) -> str:
    """Take out HTML comments, `pre`, `code` and `blockquote`; only a comment may stay open to the end of the text."""
    kept, at, never_closed = [], 0, set()
    for start in HIDDEN_START.finditer(text):
        opener = start[0].lower()
        if start.start() < at or opener in never_closed:
            continue
        end = HIDDEN_BLOCKS[opener].search(text, start.end())
        if end is None:
            never_closed.add(opener)
            at_line_start = not text[text.rfind("\n", 0, start.start()) + 1 : start.start()].strip()
            if opener == "<!--" and at_line_start:
                kept.append(text[at : start.start()])
                return " ".join(kept)
            continue
        kept.append(text[at : start.start()])
        at = end.end()
    kept.append(text[at:])
    return " ".join(kept)


def _without_quotes(lines: list[str]) -> list[str]:
    """Drop `>` lines; stop where an older message follows without such marks."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if FORWARDED.match(line):
            break
        if ATTRIBUTION.match(line):
            following = next((text for text in lines[number + 1 : number + 6] if text.strip()), ">")
            if not QUOTE.match(following):
                break
            continue
        kept.append("" if QUOTE.match(line) else line)
    return kept


def _without_indented_code(lines: list[str]) -> list[str]:
    """Blank lines indented by four columns after an empty line, unless they continue a list item."""
    kept, after_blank, in_list, in_code = [], True, False, False
    for line in lines:
        if not line.strip():
            after_blank = True
            kept.append(line)
            continue
        indented = line.startswith(("    ", "\t"))
        in_code = indented and (in_code or after_blank) and not in_list
        if not indented:
            in_list = bool(LIST_ITEM.match(line)) or (in_list and not after_blank)
        kept.append("" if in_code else line)
        after_blank = False
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    """Drop a short signature below `--`, the phone's line, and legal notices up to the end of their paragraph."""
    tail = range(max(0, len(lines) - SIGNATURE_LINES - 1), len(lines))
    cut = next((number for number in tail if lines[number].rstrip() == "--"), len(lines))
    kept, in_notice = [], False
    for line in lines[:cut]:
        in_notice = bool(line.strip()) and (in_notice or bool(DISCLAIMER.match(line)))
        kept.append("" if in_notice or SENT_FROM.match(line) else line)
    return kept


def _inline_code_blanked(lines: list[str]) -> list[str]:
    """Take inline code out paragraph by paragraph: a code span may cross a line break but not an empty line."""
    cleaned: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
            continue
        if paragraph:
            cleaned.extend(_without_inline_code("\n".join(paragraph)).split("\n"))
        paragraph = []
        cleaned.append("")
    return cleaned


def _without_inline_code(text: str) -> str:
    """Replace each code span by a blank. A run of backticks without a partner of its length is ordinary text."""
    runs = list(BACKTICKS.finditer(text))
    positions: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        positions.setdefault(len(runs[number][0]), []).append(number)
    kept, at, number = [], 0, 0
    while number < len(runs):
        partners = positions[len(runs[number][0])]
        while partners and partners[-1] <= number:
            partners.pop()
        if not partners:
            number += 1
            continue
        kept.append(text[at : runs[number].start()])
        at, number = runs[partners[-1]].end(), partners[-1] + 1
    kept.append(text[at:])
    return " ".join(kept)


def _clean_inline(line: str) -> str:
    """Take out addresses, file names and words that stand in double quotation marks."""
    return FILE_OR_PATH.sub(" ", SPOKEN_QUOTE.sub(" ", URL.sub(" ", line)))
