"""What is put into a message of an entry: a link, or its words with links that work outside of the help centre. Pure."""

import re

# Links of ours, as they stand in our Markdown: to a page, or to a heading of the same page.
OWN_LINK = re.compile(r"\]\((/[^)\s]*|#[^)\s]*)")
FENCE = re.compile(r"^ {0,3}(?:`{3,}|~{3,}).*?(?:^ {0,3}(?:`{3,}|~{3,})[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
BRACKETS = re.compile(r"([\\\[\]])")


def link(heading: str, url: str) -> str:
    """A link in Markdown to the page of an entry."""
    named = BRACKETS.sub(r"\\\1", heading)
    return f"[{named}]({url})"


def whole(markdown: str, heading: str, url: str, base_url: str) -> str:
    """The words of an entry, then where they stand. Links become absolute, except those that are code."""
    pieces, at = [], 0
    for block in FENCE.finditer(markdown):
        pieces += [absolute(markdown[at : block.start()], url, base_url), block[0]]
        at = block.end()
    pieces.append(absolute(markdown[at:], url, base_url))
    return "\n\n".join(part for part in ("".join(pieces).strip(), link(heading, url)) if part)


def absolute(text: str, url: str, base_url: str) -> str:
    """Links of ours with the address that people reach us by."""
    return OWN_LINK.sub(lambda match: f"]({url if match[1].startswith('#') else base_url}{match[1]}", text)
