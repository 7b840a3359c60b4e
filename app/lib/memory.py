"""What processes keep in memory: the collector of garbage does not look where there is none, and large blocks are given back."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# The parameter of mallopt(3) that says from how many bytes a block goes back to the system by itself, and so many.
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 1 << 20


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
    share its pages for good. They give back what is large, too."""
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """A large block goes back to the system when it is free.

    By itself glibc keeps blocks as large as any that it gave back before, for the next time, in each thread's own heap. Once
    somebody had signed in, that was 19 MiB for a thread: 150 MB in two processes of four. Other libraries have no such habit.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
