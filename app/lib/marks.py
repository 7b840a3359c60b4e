"""Small pieces of HTML that stand hundreds of times on a page, made in Python because a macro call costs more than they do."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from app.lib.assets import static_url

STAFF = frozenset({"agent", "lead", "admin"})
HUES = 6


def sprite(name: str) -> str:
    """The address of one picture of the icon file."""
    return f"{static_url('icons.svg')}#{name}"


@lru_cache(maxsize=512)
def drawing(sheet: str, kind: str, name: str, cls: str) -> Markup:
    """One decorative picture of an icon file; screen readers pass over it."""
    classes, address = f"{kind} {cls}".strip(), f"{sheet}#{kind[0]}-{name}"
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>').format(classes, address)


def icon(name: str, cls: str = "") -> Markup:
    """A line icon: `inbox` is the symbol `i-inbox`."""
    return drawing(static_url("icons.svg"), "icon", name, cls)


def glyph(name: str, cls: str = "") -> Markup:
    """One of our own glyphs: `open` is the symbol `g-open`."""
    return drawing(static_url("icons.svg"), "glyph", name, cls)


def initials(name: str) -> str:
    """Two letters for an avatar: `Ada Lovelace` → `AL`, `Ada` → `AD`; a question mark for nothing."""
    parts = name.split()
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else parts[0][1:2])).upper()


@lru_cache(maxsize=1024)
def portrait(letters: str, hue: int, staff: bool, size: str) -> Markup:
    """The avatar itself: a hexagon for HiveTechs, a circle for a customer."""
    classes = "avatar" + (" avatar--staff" if staff else "") + (f" avatar--{size}" if size else "")
    return Markup('<span class="{}" data-h="{}" aria-hidden="true">{}</span>').format(classes, hue, letters)


def avatar(user: Any, size: str = "") -> Markup:
    """The avatar of a user, or of any row with `name` and, if known, `id` and `role`. `size` is "", "sm" or "lg"."""
    name = getattr(user, "name", None) or ""
    number = getattr(user, "id", None)
    hue = (number if isinstance(number, int) else sum(map(ord, name))) % HUES + 1
    return portrait(initials(name), hue, getattr(user, "role", "") in STAFF, size)


def who(user: Any, size: str = "sm") -> Markup:
    """Avatar and name; `Nobody` for None."""
    if user is None:
        return Markup('<span class="faint">Nobody</span>')
    return Markup('<span class="who">{}{}</span>').format(avatar(user, size), user.name)


def dashed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Template arguments as attributes: `hx_get=…` is `hx-get`, `class_` stays a word of WTForms, False and None are left out."""
    return {
        key if key.endswith("_") else key.replace("_", "-"): value
        for key, value in attributes.items()
        if value is not None and value is not False
    }


def select_options(choices: Iterable[tuple[Any, str]], chosen: Any = "") -> Markup:
    """The options of a select out of (value, words). Kept, since most selects offer the same on every page."""
    return kept_options(tuple(choices), str(chosen))


@lru_cache(maxsize=256)
def kept_options(choices: tuple[tuple[Any, str], ...], chosen: str) -> Markup:
    """The options, of which one may be chosen."""
    option = Markup('<option value="{}"{}>{}</option>')
    return Markup("").join(option.format(value, Markup(" selected") if str(value) == chosen else "", words) for value, words in choices)


def control(field: Any, *, invalid: bool, described: str, attributes: Mapping[str, Any]) -> Markup:
    """The control of a WTForms field with our class and what a screen reader has to be told."""
    given = dashed(attributes)
    kind = getattr(field.widget, "input_type", "")
    if kind not in {"checkbox", "radio", "file", "hidden"}:
        given["class"] = f"input {given.get('class', '')}".strip()
    if invalid:
        given["aria-invalid"] = "true"
    if described:
        given["aria-describedby"] = described
    drawn: Markup = field(**given)
    return drawn


def saves_to(address: str, name: str) -> dict[str, str]:
    """The attributes that post a text to `address` 1.5 s after the last key; the answer is shown below it. Files stay out."""
    if not address:
        return {}
    return {
        "hx_post": address,
        "hx_trigger": "input changed delay:1500ms",
        "hx_target": f"#{name}-draft",
        "hx_sync": "this:replace",
        "hx_encoding": "application/x-www-form-urlencoded",
    }


def choice_id(field: Any) -> str:
    """The id that an error link leads to: the first option of a group, else the control."""
    grouped = kind_of(field) in {"radios", "checks"}
    return f"{field.id}-0" if grouped else field.id


def field_errors(field: Any) -> list[str]:
    """The messages of a field as plain sentences; a field of fields has a list or a mapping for each."""
    found: list[str] = []
    for problem in field.errors.values() if isinstance(field.errors, Mapping) else field.errors:
        found.extend([str(part) for part in problem] if isinstance(problem, list | tuple) else [str(problem)])
    return found


def is_optional(field: Any) -> bool:
    """Whether to mark a field: it may stay empty, and a choice among given values has an empty one."""
    if field.flags.required:
        return False
    return field.type != "SelectField" or any(str(value) in {"", "None"} for value, *_ in field.iter_choices())


def kind_of(field: Any) -> str:
    """How the field macro draws a field: check, radios, checks, file, hidden or plain."""
    if field.type == "RadioField":
        return "radios"
    if getattr(field, "option_widget", None) is not None and field.widget.__class__.__name__ == "ListWidget":
        return "checks"
    return {"checkbox": "check", "file": "file", "hidden": "hidden"}.get(getattr(field.widget, "input_type", ""), "plain")


def attrs(values: Mapping[str, Any]) -> Markup:
    """Attributes for a tag, escaped, each with a space before it; True is an attribute without a value."""
    return Markup("").join(
        Markup(" {}").format(key) if value is True else Markup(' {}="{}"').format(key, escape(value))
        for key, value in dashed(values).items()
    )
