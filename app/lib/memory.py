"""Python's collector of garbage, kept from looking where there is none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Nothing is collected meanwhile: what code leaves behind while it is loaded is all in use, and to find that out again
    and again is an eighth of a start."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def settle() -> None:
    """What is in memory now is here to stay: the collector leaves it alone, so that the processes forked from this one
    share its pages for good."""
    gc.collect()
    gc.freeze()
