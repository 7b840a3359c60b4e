"""What a request brings, before anybody looks at it: words without control characters, numbers that can be rows."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from io import BytesIO
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter, Map, Rule

# They mean nothing in any field of ours, and some databases, mails and pages cannot hold them.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Below which path the site lies, while a request is answered. A page has dozens of addresses, and asking the request is slow.
root: ContextVar[str | None] = ContextVar("root", default=None)
LARGEST = 2**31 - 1
MOST_FIELDS = 10_000
PIECE = 65_536


class BoundedForms(FormDataParser):
    """Holds forms that are no multipart to a number of fields, too: one of nothing but separators becomes many times its size."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        body = bytearray()
        # In pieces: at once, a body of unknown length would be cut at the limit instead of refused.
        while piece := stream.read(PIECE):
            body += piece
        if body.count(b"&") > MOST_FIELDS:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(BytesIO(body), mimetype, content_length, options)


class CleanRequest(Request):
    """A request whose form and query hold no control characters but tabs and line ends."""

    form_data_parser_class = BoundedForms

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of the form."""
        return without_controls(super().form)

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query."""
        return without_controls(super().args)


def without_controls(given: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    """The same names and values, cleaned; most need nothing."""
    pairs = list(given.items(multi=True))
    if any(CONTROL.search(value) for _, value in pairs):
        pairs = [(name, CONTROL.sub("", value)) for name, value in pairs]
    return ImmutableMultiDict(pairs)


class RowNumber(IntegerConverter):
    """`<int:…>` in an address: a number that a row can have. A larger one is an address of nothing, so it is not found."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = LARGEST, signed: bool = False) -> None:
        super().__init__(map, fixed_digits, min, max, signed)


class LateRule(Rule):
    """A rule that compiles how its address is built when somebody builds it: most processes need few of the 800 such functions."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        name = "_build_unknown" if append_unknown else "_build"

        def first(rule: Rule, /, **values: Any) -> tuple[str, str]:
            built = compiled(append_unknown).__get__(rule, None)
            setattr(rule, name, built)
            return built(**values)

        return first


def row_number(text: str) -> int:
    """What `request.args.get(…, type=row_number)` reads: a number that a row can have. Raises ValueError for any other."""
    number = int(text)
    if not 0 <= number <= LARGEST:
        raise ValueError("no row has this number")
    return number
