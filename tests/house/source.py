"""The source of the project as the house tests read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.config import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(folder: str) -> dict[str, ast.Module]:
    """Every Python file below a folder, by its path from the root."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / folder).rglob("*.py"))}


@cache
def templates() -> dict[str, str]:
    """Every template, by its path below templates/."""
    place = ROOT / "templates"
    return {str(path.relative_to(place)): path.read_text(encoding="utf-8") for path in sorted(place.rglob("*")) if path.is_file()}


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines of a function's body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_route(function: Function) -> bool:
    """Whether it is decorated with `bp.get`, `bp.post` or `bp.route`."""
    return any(
        isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in {"get", "post", "route"}
        for mark in function.decorator_list
    )


def called(tree: ast.AST) -> Iterator[str]:
    """The names of what is called: `utcnow`, `db.session.commit`."""
    return (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def imported(tree: ast.AST) -> Iterator[str]:
    """What is imported, dotted: `app.lib.clock.utcnow`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: str) -> str:
    """`app/tickets/desk.py` → `desk`."""
    return Path(path).stem


def named(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """What a module offers: its functions and classes, and the methods of these."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from (child for child in node.body if isinstance(child, Function))
