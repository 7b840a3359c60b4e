"""What is named in words exists: jobs, queues, kinds of events, commands."""

import ast
import importlib
import inspect
from collections.abc import Callable
from functools import reduce

import click
import pytest

from app import cli, reactions
from app.config import ROOT
from app.events.kinds import KINDS
from app.extensions import QUEUES
from app.schedule import SCHEDULE
from tests.house.source import modules

REACTIONS = sorted({job for wanted in reactions.REACTIONS.values() for job in wanted})


def job(path: str) -> Callable[..., object]:
    """The function at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_the_wiring_page_names_only_kinds_that_exist():
    assert reactions.unwired() == set()


@pytest.mark.parametrize(("queue", "path"), REACTIONS)
def test_each_reaction_is_a_job_that_takes_the_id_of_an_event(queue, path):
    assert queue in QUEUES
    assert list(inspect.signature(job(path)).parameters) == ["event_id"]


@pytest.mark.parametrize("name", SCHEDULE)
def test_each_line_of_the_clock_page_is_a_job_that_takes_nothing(name):
    every = SCHEDULE[name]
    assert every.queue in QUEUES
    assert every.seconds >= 10
    assert all(p.default is not p.empty for p in inspect.signature(job(every.job)).parameters.values())


def test_jobs_that_code_queues_by_name_exist():
    named = {
        node.value
        for path, tree in modules("app").items()
        for node in ast.walk(tree)
        if isinstance(getattr(node, "value", None), str)
        and node.value.startswith("app.")
        and ".jobs." in node.value
        and " " not in node.value
    }
    assert named
    for path in named:
        assert callable(job(path)), path


def test_every_kind_of_event_is_recorded_somewhere():
    source = reduce(lambda text, path: text + (ROOT / path).read_text(encoding="utf-8"), modules("app"), "")
    kinds_page = (ROOT / "app/events/kinds.py").read_text(encoding="utf-8")
    wired = (ROOT / "app/reactions.py").read_text(encoding="utf-8")
    unused = [k for k in KINDS if source.count(f'"{k}"') - kinds_page.count(f'"{k}"') - wired.count(f'"{k}"') < 1]
    assert unused == []


def test_every_command_of_a_feature_is_mounted():
    mounted = {(module, name) for name, module in cli.COMMANDS.items()}
    for path in modules("app"):
        if path.endswith("/commands.py"):
            module = path.removesuffix(".py").replace("/", ".")
            things = [thing for thing in vars(importlib.import_module(module)).values() if isinstance(thing, click.Command)]
            children = {id(child) for thing in things if isinstance(thing, click.Group) for child in thing.commands.values()}
            for thing in things:
                assert id(thing) in children or (module, thing.name) in mounted, f"{module} has {thing.name}, which cli.py does not mount"


def test_every_mounted_command_explains_itself():
    context = click.Context(cli.main)
    for name in cli.main.list_commands(context):
        command = cli.main.get_command(context, name)
        assert command is not None, name
        for path, leaf in cli.leaves(command, (name,)):
            assert (leaf.help or "").strip(), f"{' '.join(path)} has no help"
