"""A macro as HTML: its Markdown is read once, and the values of each use are put into what came of it. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from app.lib.markdown import cleaned, rendered
from app.macros.rules import PLACEHOLDER, PLACEHOLDERS, said

NAMES = list(PLACEHOLDERS)
# Stands for a value while the Markdown is read: letters and figures, which mean nothing in it and nothing in an address.
STAND_IN = "x7placeholder{}x7"
STANDS_IN = re.compile(STAND_IN.format(r"(\d+)"))


def filled(text: str, values: Mapping[str, Any]) -> str:
    """The HTML of a macro with `values` in place: that of `rules.fill`, without reading the Markdown again.

    A value is text and nothing else, wherever it stands.
    """
    return cleaned(STANDS_IN.sub(lambda match: escape(said(NAMES[int(match[1])], values)), read(text)))


@lru_cache(maxsize=64)
def read(text: str) -> str:
    """The HTML of a macro, with stand-ins for its placeholders. There are few, and every new ticket is answered with one."""
    return rendered(PLACEHOLDER.sub(stand_in, text))


def stand_in(match: re.Match[str]) -> str:
    """What stands for a placeholder; an unknown name stays as it is."""
    return STAND_IN.format(NAMES.index(match[1])) if match[1] in PLACEHOLDERS else match[0]
