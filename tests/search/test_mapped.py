"""Files of the index, read where they lie in memory."""

import pickle
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.filedb.structfile import StructFile

from app.search.mapped import MappedFile, MappedStorage

CONTENT = b"before" + b"\x00\x00\x00\x07" + pickle.dumps(("info", 7), 2) + b"data of the block" + b"after"
BEGIN, LENGTH = len(b"before"), len(CONTENT) - len(b"beforeafter")


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mapped")
    (folder / "segment").write_bytes(CONTENT)
    return MappedStorage(str(folder))


def as_both_read(storage):
    """A part of the file as we read it, and as whoosh does."""
    return [file.subset(BEGIN, LENGTH) for file in (storage.open_file("segment"), StructFile(BytesIO(CONTENT)))]


@given(st.lists(st.tuples(st.integers(0, LENGTH - 4), st.integers(1, 4), st.booleans()), max_size=20))
def test_a_part_is_read_as_by_whoosh(storage, looks):
    ours, theirs = as_both_read(storage)
    for at, size, jumps in looks:
        assert ours.get(at, size) == theirs.get(at, size)
        for file in (ours, theirs):
            file.seek(at if jumps else 0)
        assert (ours.read(size), ours.tell()) == (theirs.read(size), theirs.tell())


def test_a_pickle_is_read_to_its_end_and_no_further(storage):
    for file in as_both_read(storage):
        assert (file.read_int(), file.read_pickle()) == (7, ("info", 7))
        assert file.get(file.tell(), 4) == b"data"


def test_parts_of_one_map_have_each_their_own_place(storage):
    whole = storage.open_file("segment")
    one, other = whole.subset(0, 6), whole.subset(len(CONTENT) - 5, 5)
    assert (one.read(3), other.read(2), one.read(3), other.read(3)) == (b"bef", b"af", b"ore", b"ter")
    one.close()
    assert isinstance(other, MappedFile)
    assert other.get(0, 5) == b"after"


def test_places_are_told_from_the_beginning_from_here_and_from_the_end(storage):
    file = storage.open_file("segment")
    file.seek(4)
    file.seek(2, 1)
    assert file.read_int() == 7
    file.seek(-5, 2)
    assert file.read(5) == b"after"
