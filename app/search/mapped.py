"""Files of the index read where they lie in memory: a segment costs no memory of our own, and processes share it."""

import pickle
from mmap import ACCESS_READ, mmap
from pathlib import Path

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile


class MappedStorage(FileStorage):
    """Reads files through memory maps without copying them."""

    supports_mmap = False

    def __init__(self, path: str) -> None:
        super().__init__(path, supports_mmap=False, readonly=True)

    def open_file(self, name: str, **options: object) -> StructFile:
        """A map of the file; it goes with its last user."""
        with (Path(self.folder) / name).open("rb") as file:
            whole = mmap(file.fileno(), 0, access=ACCESS_READ)
        return MappedFile(whole, 0, len(whole), name)


class MappedFile(StructFile):
    """A part of a mapped file, as whoosh reads it.

    Each look goes straight to its place. Whoosh's own way is a file in a file in a file, of which each first goes there and
    then reads: eight calls for four bytes, and half of what a word costs that nobody asked for before.
    """

    def __init__(self, whole: mmap, begin: int, length: int, name: str) -> None:
        super().__init__(whole, name=name)
        self.begin, self.length = begin, length
        self.place = 0

    def subset(self, offset: int, length: int, name: str | None = None) -> "MappedFile":
        """A part of this part."""
        return MappedFile(self.file, self.begin + offset, length, name or self._name)

    def get(self, position: int, length: int) -> bytes:
        """The bytes at a place."""
        at = self.begin + position
        return self.file[at : at + length]

    def read(self, size: int) -> bytes:
        """The next bytes."""
        at = self.begin + self.place
        self.place += size
        return self.file[at : at + size]

    def read_pickle(self) -> object:
        """The next object; a pickle tells its length by how far it was read."""
        self.file.seek(self.begin + self.place)
        found = pickle.load(self.file)  # noqa: S301 - a file that we wrote, and whose checksum was compared
        self.place = self.file.tell() - self.begin
        return found

    def seek(self, where: int, whence: int = 0) -> None:
        """Where to read next: from the beginning, from here, or from the end."""
        self.place = where + (0, self.place, self.length)[whence]

    def tell(self) -> int:
        """Where it reads next."""
        return self.place

    def close(self) -> None:
        """Nothing: the map is that of other parts, too."""
        self.is_closed = True
