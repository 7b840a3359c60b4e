"""docs/configuration.md tells every setting as the code has it."""

from dataclasses import fields
from pathlib import Path

from app.config import ROOT, Config

PAGE = ROOT / "docs" / "configuration.md"


def shown(value):
    """A default as the page writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and value:
        return f"`{' '.join(value)}`"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}/`"
    return f"`{value}`" if value not in ("", ()) else "–"


def test_every_setting_stands_in_the_documentation_with_its_default():
    text = PAGE.read_text(encoding="utf-8")
    rows = [f"| `{f.metadata['name']}` | {shown(f.default)} | {f.metadata['help']} |" for f in fields(Config)]
    assert [row for row in rows if row not in text] == []
