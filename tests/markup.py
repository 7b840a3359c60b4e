"""What every page must be: valid, named, labelled, wired to things that exist, and free of inline code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from html.parser import HTMLParser

import html5lib

VOID_HTML = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
VOID_SVG = ("path", "circle", "rect", "line", "use", "polyline", "polygon", "ellipse", "stop")
VOID = frozenset((*VOID_HTML, *VOID_SVG))
UNTYPED = frozenset({"hidden", "submit", "button", "image", "reset"})
ARIA = ("describedby", "labelledby", "controls", "errormessage", "owns", "activedescendant")
REFERENCES = frozenset({"for", "list", "form", *(f"aria-{name}" for name in ARIA)})
HTMX_REFERENCES = frozenset({"hx-target", "hx-include", "hx-indicator", "hx-target:inherited"})
ID = re.compile(r"[\w-]+")
# A tag as our templates write nearly all of them.
PLAIN_TAG = re.compile(r"""<([a-z][a-z0-9-]*)((?:\s+[a-z][a-z0-9:_.-]*(?:="[^"]*"|='[^']*')?)*)\s*(/?)>""")
DOCTYPE = re.compile(r"(?:<!doctype html>)?", re.I)
PLAIN_END = re.compile(r"</([a-z][a-z0-9-]*)>")
PLAIN_ATTRIBUTE = re.compile(r"""\s([a-z][a-z0-9:_.-]*)(?:="([^"]*)"|='([^']*)')?""")
CONTAINERS = {"<tr": "tbody", "<td": "tr", "<th": "tr", "<tbod": "table", "<opti": "select"}
SILENT = frozenset({"script", "style", "template", "title", "desc"})

# Shapes of markup that html5lib has found nothing wrong with; pages differ mostly in their words.
valid: set[int] = set()
# Whole pages that nothing was wrong with: a refusal is the same page each time.
faultless: set[int] = set()


@dataclass
class Element:
    """One element: its name, attributes, what encloses it, and which of the words of its page are its own."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    spoken: list[str]
    start: int
    end: int | None = None

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        """An attribute, or `default`."""
        return self.attributes.get(name, default)

    @property
    def texts(self) -> list[str]:
        """The pieces of text within, as they stand."""
        return self.spoken[self.start : self.end]

    @property
    def text(self) -> str:
        """The words within, runs of space folded."""
        return " ".join("".join(self.texts).split())

    def within(self, tag: str) -> "Element | None":
        """The nearest element of that name around this one."""
        around = self.parent
        while around is not None and around.tag != tag:
            around = around.parent
        return around


class Markup(HTMLParser):
    """The elements of a page or part in document order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = text
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.shape: list[str] = []
        self.spoken: list[str] = []
        # The parser takes twice as long for what is plain, and goes on where something is not.
        self.feed(text[self.read_what_is_plain(text) :])
        self.close()

    def updatepos(self, i: int, j: int) -> int:
        """Count no lines: nobody asks where an element stands."""
        return j

    def read_what_is_plain(self, text: str) -> int:
        """Read words and tags as our templates write them, up to the first that is written otherwise; where that begins."""
        at = DOCTYPE.match(text).end()  # type: ignore[union-attr]
        while (tag := text.find("<", at)) >= 0:
            end = text.find(">", tag) + 1
            read = plain(text[tag:end])
            if read is None:
                return at
            name, shape, attributes, is_whole = read
            # What stands in a script is no markup.
            if attributes is not None and name in self.CDATA_CONTENT_ELEMENTS and not text.startswith("</", end):
                return at
            if tag > at:
                self.handle_data(unescape(text[at:tag]))
            if attributes is None:
                self.handle_endtag(name)
            else:
                self.add(name, shape, attributes, is_whole=is_whole)
            at = end
        return at

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Add an element."""
        self.add(tag, shape_of(tag, attrs), {name: value or "" for name, value in attrs})

    def add(self, tag: str, shape: str, attributes: dict[str, str], *, is_whole: bool = False) -> None:
        """Add an element; a whole one holds nothing."""
        at = len(self.spoken)
        element = Element(tag, attributes, self.open[-1] if self.open else None, self.spoken, at, at)
        self.elements.append(element)
        self.shape.append(shape)
        if tag not in VOID and not is_whole:
            element.end = None
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Add an element that holds nothing."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.close_from(-1)

    def handle_endtag(self, tag: str) -> None:
        """Close the nearest open element of that name."""
        self.shape.append(f"</{tag}>")
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth].tag == tag:
                self.close_from(depth)
                return

    def close_from(self, depth: int) -> None:
        """Nothing that follows belongs to what is open from there on."""
        for element in self.open[depth:]:
            element.end = len(self.spoken)
        del self.open[depth:]

    def handle_data(self, data: str) -> None:
        """Add words, to all that is open."""
        if data.strip():
            self.shape.append("&" if "&" in data else "-")
        self.spoken.append(data)

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements of a name (any, if empty) that have these attributes; `class_` and `for_` stand for the words of Python."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if (not tag or e.tag == tag) and all(e.attributes.get(n) == v for n, v in wanted.items())]

    def one(self, tag: str = "", **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements <{tag}> {attributes}, not one"
        return found[0]

    def by_id(self, name: str) -> Element | None:
        """The element with an id, or None."""
        return next((e for e in self.elements if e.get("id") == name), None)

    @cached_property
    def ids(self) -> set[str]:
        """Every id."""
        return {e["id"] for e in self.elements if "id" in e.attributes}

    @cached_property
    def words(self) -> str:
        """What a reader reads."""
        hidden = [e.text for e in self.elements if e.tag in SILENT and e.tag != "title"]
        body = next((e for e in self.elements if e.tag == "body"), None)
        text = body.text if body else " ".join(" ".join(e.texts) for e in self.elements if e.parent is None)
        for piece in hidden:
            text = text.replace(piece, "", 1)
        return " ".join(text.split())

    def fields(self, form: Element | None = None) -> dict[str, str]:
        """What a form on the page would send as it stands (the only or given form): names to values, hidden ones too."""
        values: dict[str, str] = {}
        for element in self.elements:
            if form is not None and element.within("form") is not form:
                continue
            if element.tag == "input" and element.get("name") and element.get("type") not in {"submit", "button", "file"}:
                if element.get("type") not in {"checkbox", "radio"} or "checked" in element.attributes:
                    values[element["name"]] = element.get("value")
            elif element.tag == "textarea" and element.get("name"):
                values[element["name"]] = "".join(element.texts).replace("\r\n", "\n").removeprefix("\n")
            elif element.tag == "option" and "selected" in element.attributes:
                select = element.within("select")
                if select is not None and select.get("name"):
                    values[select["name"]] = element.get("value")
        return values


@lru_cache(maxsize=8192)
def plain(tag: str) -> tuple[str, str, dict[str, str] | None, bool] | None:
    """A tag's name, shape, attributes (None where it ends an element), and whether it ends what it begins; None unless it is
    written as our templates do. Pages have most of their tags in common: most have been read before.
    """
    if end := PLAIN_END.fullmatch(tag):
        return end[1], f"</{end[1]}>", None, True
    found = PLAIN_TAG.fullmatch(tag)
    if found is None:
        return None
    pairs = [(name, unescape(one or other)) for name, one, other in PLAIN_ATTRIBUTE.findall(found[2])]
    return found[1], shape_of(found[1], pairs), dict(pairs), bool(found[3])


def shape_of(tag: str, attributes: Sequence[tuple[str, str | None]]) -> str:
    """What a strict parser may find a fault with in a tag."""
    return f"<{tag} {' '.join([name for name, _ in attributes])}>"


@lru_cache(maxsize=32)
def read(text: str) -> Markup:
    """The elements of a text: a page is checked, and then a test asks for what it holds, or the same page comes again."""
    return Markup(text)


def check_page(text: str, told: str, reference: str = "") -> None:
    """Check a whole page; AssertionError names all that is wrong with it. By its `reference` two errors may differ."""
    same = hash(text.replace(reference, ""))
    if same in faultless:
        return
    page = read(text)
    wrong = [*parse_errors(page, None), *faults(page, page.ids)]
    if not any(e.tag == "title" and e.text for e in page.elements):
        wrong.append("it has no title")
    headings = [e.text for e in page.elements if e.tag == "h1"]
    if len(headings) != 1 or not headings[0]:
        wrong.append(f"it has {len(headings)} h1, not one: {headings}")
    if not page.all("html")[0].get("lang"):
        wrong.append("html has no lang")
    assert not wrong, f"{told}, and of its page:\n  " + "\n  ".join(wrong)
    faultless.add(same)


def check_part(text: str, around: Markup | None, told: str) -> Markup:
    """Check a part. What it refers to may stand in the page `around` it; without one that is not checked."""
    part = read(text)
    start = re.sub(r"<!--.*?-->", "", text, flags=re.S).lstrip()[:5].lower()
    container = next((name for beginning, name in CONTAINERS.items() if start.startswith(beginning)), "div")
    wrong = [*parse_errors(part, container), *faults(part, part.ids | around.ids if around else None)]
    assert not wrong, f"{told}, and of its part:\n  " + "\n  ".join(wrong)
    return part


def parse_errors(page: Markup, container: str | None) -> list[str]:
    """What a strict parser complains of."""
    shape = hash((container, *page.shape))
    if shape in valid:
        return []
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    if container is None:
        parser.parse(page.source)
    else:
        parser.parseFragment(page.source, container=container)
    lines = page.source.splitlines()
    errors = [
        f"{code} {values or ''} at line {at[0]}: {lines[min(at[0], len(lines)) - 1].strip()[:140]}" for at, code, values in parser.errors
    ]
    if not errors:
        valid.add(shape)
    return errors


def faults(page: Markup, known: set[str] | None) -> list[str]:
    """What is wrong with the elements; ids are looked up in `known` unless that is None."""
    seen: set[str] = set()
    wrong = []
    labels = {e["for"] for e in page.elements if e.tag == "label" and "for" in e.attributes}
    for element in page.elements:
        if "id" in element.attributes:
            if element["id"] in seen or not element["id"] or " " in element["id"]:
                wrong.append(f"id {element['id']!r} is not unique or not an id")
            seen.add(element["id"])
        wrong += naming(element, labels, known is not None)
        wrong += inline_code(element)
        if known is not None:
            wrong += references(element, known)
    return wrong


def naming(element: Element, labels: set[str], whole: bool) -> list[str]:
    """Fields need labels, forms a destination, buttons and links words, images a text."""
    tag = element.tag
    named = element.get("aria-label").strip() or element.get("aria-labelledby").strip()
    if tag in {"select", "textarea"} or (tag == "input" and element.get("type", "text") not in UNTYPED):
        if not (named or element.get("id") in labels or element.within("label")):
            return [f"{shown(element)} has no label"]
    elif tag == "form" and element.get("method") != "dialog":
        if "action" not in element.attributes or element.get("method", "").lower() not in {"get", "post"}:
            return [f"{shown(element)} has no action or no method"]
    elif tag in {"button", "a", "summary"} and not (named or element.text):
        return [f"{shown(element)} has no words"]
    elif tag == "img" and "alt" not in element.attributes:
        return [f"{shown(element)} has no alt"]
    return []


def shown(element: Element) -> str:
    """The tag of an element, as far as it tells which one it is."""
    return f"<{element.tag} {' '.join(f'{name}={value[:40]!r}' for name, value in element.attributes.items())}>"


def inline_code(element: Element) -> list[str]:
    """The content policy forbids inline styles and scripts."""
    wrong = []
    if element.tag == "style" or (element.tag == "script" and "src" not in element.attributes):
        wrong.append(f"<{element.tag}> is inline")
    for name, value in element.attributes.items():
        if name == "style" or name.startswith(("on", "hx-on")):
            wrong.append(f"<{element.tag}> has {name}={value[:60]!r}")
        elif value.lstrip().lower().startswith(("javascript:", "js:")):
            wrong.append(f"<{element.tag}> has code in {name}")
    return wrong


def references(element: Element, known: set[str]) -> list[str]:
    """Ids that are referred to exist."""
    wrong = []
    for name, value in element.attributes.items():
        if name in REFERENCES:
            missing = [word for word in value.split() if word not in known]
        elif value[:1] == "#" and (name in HTMX_REFERENCES or (name == "href" and element.tag == "a")):
            missing = [value[1:]] if ID.fullmatch(value[1:]) and value[1:] not in known else []
        else:
            continue
        wrong += [f"<{element.tag} {name}={word!r}>: there is no such id" for word in missing]
    return wrong
