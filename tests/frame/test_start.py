"""What a start does without, so that it is short."""

import gc

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

from app.lib import memory
from app.lib.requests import LateRule
from tests.house.source import imported, modules

# Large, and of use to few processes: it is loaded by who needs it.
LATE = ("alembic",)


def test_what_few_processes_need_is_not_loaded_by_all():
    early = [f"{path}: {what}" for path, tree in modules("app").items() for what in imported(tree) if what.startswith(LATE)]
    assert early == []


@pytest.mark.parametrize("given", [{}, {"name": "a/b c"}, {"name": "x", "page": 2, "q": "ü&"}])
@pytest.mark.parametrize("path", ["/", "/desk/<int:rule>/<name>", "/files/<path:name>"])
def test_an_address_is_built_the_first_time_as_any_time(path, given):
    built = [Map([kind(path, endpoint="it")]).bind("here") for kind in (LateRule, Rule)]
    values = {"rule": 7, "name": "n", **given}
    late, early = ([addresses.build("it", values), addresses.build("it", values, append_unknown=False)] for addresses in built)
    assert late == early == [built[0].build("it", values), built[0].build("it", values, append_unknown=False)]


def test_routes_are_such_rules(app: Flask):
    assert {type(rule) for rule in app.url_map.iter_rules()} == {LateRule}


def test_garbage_is_collected_again_after_loading_whatever_happens():
    with pytest.raises(ValueError, match="broken"), memory.loading():
        assert not gc.isenabled()
        raise ValueError("broken")
    assert gc.isenabled()
