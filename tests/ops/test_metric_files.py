"""The files that processes keep their figures in, on a disk that is full."""

import resource
import signal
from contextlib import contextmanager

from prometheus_client.mmap_dict import MmapedDict

from app.lib.metrics import FIRST_BYTES, Figures

NAMES = [f"figure_{number:03}_{'x' * 200}" for number in range(600)]


@contextmanager
def full_at(size):
    """No file of this process may grow beyond a size meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def counted(figures):
    """Give each name its number, and read all of them back."""
    for number, name in enumerate(NAMES):
        figures.write_value(name, number, 0.0)
    return [figures.read_value(name)[0] for name in NAMES]


def kept(path):
    """What others read of a file."""
    return {key: value for key, value, *_ in MmapedDict.read_all_values_from_file(str(path))}


def test_a_file_has_no_holes_and_grows_with_what_is_counted(tmp_path):
    path = tmp_path / "counter_1.db"
    figures = Figures(str(path))
    assert path.stat().st_blocks * 512 >= FIRST_BYTES
    assert counted(figures) == list(range(600))
    assert path.stat().st_blocks * 512 >= path.stat().st_size == 4 * FIRST_BYTES
    assert kept(path) == {name: float(number) for number, name in enumerate(NAMES)}
    figures.close()
    again = Figures(str(path))
    assert again.read_value(NAMES[7])[0] == 7
    again.close()


def test_without_room_for_a_file_it_is_counted_in_memory(tmp_path):
    with full_at(FIRST_BYTES // 2):
        figures = Figures(str(tmp_path / "counter_1.db"))
        assert counted(figures) == list(range(600))
    assert list(tmp_path.iterdir()) == []
    figures.close()


def test_a_file_that_cannot_grow_keeps_what_it_has(tmp_path):
    path = tmp_path / "counter_1.db"
    with full_at(FIRST_BYTES):
        assert counted(Figures(str(path))) == list(range(600))
    assert len(kept(path)) > 200
