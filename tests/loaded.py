"""What the process from which others are forked has loaded (tests/forked.py)."""

from importlib import import_module

# multiprocessing loads the script that runs the tests in each process, which is this.
import pytest  # noqa: F401
from sqlalchemy.orm import configure_mappers

from app import BLUEPRINTS, cli
from app.lib import memory

for path in (*BLUEPRINTS, *cli.COMMANDS.values()):
    import_module(path)
configure_mappers()
memory.settle()
