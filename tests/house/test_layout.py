"""The layout of the code, held by machine: layers, sizes, and who may do what where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from tests.house.source import called, functions, imported, is_route, length, modules, name_of, named

FILE_LINES, FUNCTION_LINES, ROUTE_LINES = 400, 40, 15


def test_imports_only_go_down():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_files_are_short():
    long = {path: end for folder in ("app", "tests") for path, tree in modules(folder).items() if (end := lines(path)) > FILE_LINES}
    assert long == {}


def lines(path: str) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_functions_are_short():
    long = {
        f"{path}:{f.name}": length(f)
        for folder in ("app", "tests")
        for path, t in modules(folder).items()
        for f in functions(t)
        if length(f) > FUNCTION_LINES
    }
    assert long == {}


def test_routes_find_check_act_commit_and_answer_and_no_more():
    long = {
        f"{path}:{f.name}": end
        for path, tree in modules("app").items()
        for f in functions(tree)
        if is_route(f) and (end := length(f)) > ROUTE_LINES
    }
    assert long == {}


def test_features_have_empty_inits():
    assert [path for path, tree in modules("app").items() if name_of(path) == "__init__" and path != "app/__init__.py" and tree.body] == []


def test_nothing_is_imported_inside_functions():
    hidden = [
        f"{path}:{node.lineno}"
        for path, tree in modules("app").items()
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_only_config_reads_the_environment():
    readers = [
        f"{path}:{node.lineno}"
        for path, tree in modules("app").items()
        if path != "app/config.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and not is_set(node, tree)
    ]
    assert readers == []


def is_set(node: ast.Attribute, tree: ast.Module) -> bool:
    """Whether the environment is written here (for a library that reads nothing else), not read."""
    return any(isinstance(n, ast.Subscript) and n.value is node and isinstance(n.ctx, ast.Store) for n in ast.walk(tree))


def test_only_clock_reads_the_clock():
    readers = [
        f"{path}: {name}"
        for path, tree in modules("app").items()
        if path != "app/lib/clock.py"
        for name in called(tree)
        if name.endswith(("datetime.now", "datetime.utcnow", "date.today", "datetime.today"))
    ]
    assert readers == []


@pytest.mark.parametrize("name", ["actions", "rules", "queries", "models"])
def test_below_routes_and_jobs_nobody_commits_reads_the_clock_or_knows_the_request(name):
    wrong = []
    for path, tree in modules("app").items():
        if name_of(path) == name:
            wrong += [f"{path}: {call}" for call in called(tree) if call.endswith(("session.commit", "utcnow"))]
            wrong += [f"{path}: {what}" for what in imported(tree) if what in {"flask.request", "flask.g", "flask_login.current_user"}]
    assert wrong == []


def test_rules_know_no_database():
    wrong = [
        f"{path}: {what}"
        for path, tree in modules("app").items()
        if name_of(path) == "rules"
        for what in imported(tree)
        if what.startswith(("sqlalchemy", "app.extensions", "flask"))
    ]
    assert wrong == []


def test_whoosh_is_imported_by_the_index_and_its_stemmers_by_languages():
    """`whoosh.lang` has no part in how an index is kept, and must be there before a text is analysed; `mapped` is how its files are read."""
    found = {path: {what for what in imported(tree) if what.startswith("whoosh")} for path, tree in modules("app").items()}
    assert [path for path, names in found.items() if names] == ["app/search/index.py", "app/search/languages.py", "app/search/mapped.py"]
    assert all(what.startswith("whoosh.lang.") for what in found["app/search/languages.py"])


def test_files_have_a_subject():
    assert [path for path in modules("app") if name_of(path) in {"utils", "helpers", "common", "misc", "util", "base"}] == []


def test_what_others_call_says_what_it_does():
    silent = [
        f"{path}:{thing.lineno} {thing.name}"
        for path, tree in modules("app").items()
        for thing in named(tree)
        if not thing.name.startswith("_") and ast.get_docstring(thing) is None
    ]
    assert silent == []


def test_every_module_says_what_it_is_about():
    assert [path for path, tree in modules("app").items() if tree.body and ast.get_docstring(tree) is None] == []


def test_tests_say_what_they_prove():
    short = [
        f"{path}: {f.name}"
        for path, tree in modules("tests").items()
        for f in functions(tree)
        if f.name.startswith("test_") and name_of(path).startswith("test_") and f.name.count("_") < 3
    ]
    assert short == []


def test_no_test_is_skipped_or_expected_to_fail():
    marks = ("skip", "skipif", "xfail", "importorskip")
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("tests").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in marks and ast.unparse(node).startswith("pytest.")
    ]
    assert found == []
