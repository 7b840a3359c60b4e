"""Where the index lies: one folder for each generation, never changed once published, and a file that names the current.

A writer copies the current folder by hard links, changes the copy, and publishes it by renaming one small file over
another. So a reader never sees a half-written index, a writer killed at any moment leaves the old one standing, and an
index of another version or with a damaged file is noticed when it is opened.
"""

import fcntl
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FORMAT = 3
CURRENT = "current"
# Older folders that stay, for readers that are just opening one. They share most of their files.
KEPT = 6
CHECKED: dict[tuple[int, int, int], int] = {}


class Unusable(Exception):
    """There is no index, or none that this version can read; rebuild it."""


class Busy(Exception):
    """Another process is writing."""


@dataclass(frozen=True)
class Published:
    """What the current file says: the folder's number, its files with size and checksum."""

    number: int
    fingerprint: str
    files: dict[str, tuple[int, int]]

    @property
    def name(self) -> str:
        """The folder's name."""
        return f"generation-{self.number}"


def fingerprint_of(*paths: Path) -> str:
    """A word for the way in which texts are analysed: another one makes an index foreign."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def read_current(home: Path) -> Published:
    """The published generation. Raises Unusable where there is none that we understand."""
    try:
        found = json.loads((home / CURRENT).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise Unusable(f"the index has format {found['format']}, not {FORMAT}")
        files = {str(name): (int(size), int(check)) for name, (size, check) in found["files"].items()}
        return Published(int(found["number"]), str(found["fingerprint"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise Unusable(f"no current index: {type(wrong).__name__}") from wrong


def marker(home: Path) -> tuple[int, int, int]:
    """What changes with each publication; one system call. Nothing there is a marker, too."""
    try:
        found = os.stat(home / CURRENT)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def verify(home: Path, published: Published) -> Path:
    """The folder of a generation when each of its files is whole. Raises Unusable. A file is summed once a process."""
    folder = home / published.name
    for name, (size, check) in published.files.items():
        try:
            found = os.stat(folder / name)
            key = (found.st_ino, found.st_mtime_ns, found.st_size)
            if found.st_size != size or (CHECKED.get(key) or checksum(folder / name)) != check:
                raise Unusable(f"{published.name}/{name} is damaged")
        except OSError as missing:
            raise Unusable(f"{published.name}/{name} is missing") from missing
        if len(CHECKED) > 1000:
            CHECKED.clear()
        CHECKED[key] = check
    return folder


def checksum(path: Path) -> int:
    """CRC-32 of a file, read in pieces."""
    value = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            value = zlib.crc32(piece, value)
    return value


def only_writer(home: Path, *, wait: bool = True) -> AbstractContextManager[None]:
    """Be the one who publishes. Raises Busy unless `wait`."""
    return only_one(home, "writer.lock", wait)


def only_builder(home: Path, *, wait: bool = True) -> AbstractContextManager[None]:
    """Be the one who builds an index beside the one in use; others publish meanwhile. Raises Busy unless `wait`."""
    return only_one(home, "builder.lock", wait)


@contextmanager
def only_one(home: Path, name: str, wait: bool) -> Iterator[None]:
    """Hold a lock of an index. The kernel frees that of a process that dies."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / name).open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as taken:
            raise Busy("another process is writing the index") from taken
        yield


def next_number(home: Path) -> int:
    """The number of a new generation, above all that are there. The writer's lock must be held."""
    numbers = [int(tail) for path in home.glob("generation-*") if (tail := path.name.partition("-")[2]).isdigit()]
    with suppress(Unusable):
        numbers.append(read_current(home).number)
    return max(numbers, default=0) + 1


def building_folder(home: Path) -> Path:
    """An empty folder to build an index in, out of everybody's way. The builder's lock must be held: what others left goes."""
    for path in home.glob("building-*"):
        shutil.rmtree(path, ignore_errors=True)
    folder = home / f"building-{os.getpid()}"
    folder.mkdir()
    return folder


def next_folder(home: Path, base: Published) -> tuple[int, Path]:
    """A new folder (its number, its path) with the files of `base` linked into it. The writer's lock must be held."""
    number = next_number(home)
    folder = home / f"generation-{number}"
    folder.mkdir()
    for name in base.files:
        link(home / base.name / name, folder / name)
    return number, folder


def link(source: Path, target: Path) -> None:
    """The same file in another folder; a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def carry(home: Path, folder: Path, names: Iterable[str]) -> None:
    """Take files of the current generation along into a folder where they are whole, whatever else became of it. The writer's
    lock must be held."""
    with suppress(Unusable, OSError):
        base = read_current(home)
        wanted = {name: base.files[name] for name in names if name in base.files}
        if all(checksum(home / base.name / name) == check for name, (_, check) in wanted.items()):
            for name in wanted:
                link(home / base.name / name, folder / name)


def publish(home: Path, number: int, folder: Path, fingerprint: str) -> Published:
    """Make a folder the current one, in one step, and sweep away those that nobody can be opening any more."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.endswith("LOCK"))
    files = {name: ((folder / name).stat().st_size, checksum(folder / name)) for name in names}
    text = json.dumps({"format": FORMAT, "number": number, "fingerprint": fingerprint, "files": files})
    fresh = home / f"{CURRENT}.{os.getpid()}"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, home / CURRENT)
    sweep(home, number)
    return Published(number, fingerprint, files)


def sweep(home: Path, number: int) -> None:
    """Delete folders far behind the published one, and what killed writers left. The lock must be held."""
    for path in home.glob("generation-*"):
        tail = path.name.partition("-")[2]
        if tail.isdigit() and (int(tail) > number or int(tail) <= number - 1 - KEPT):
            shutil.rmtree(path, ignore_errors=True)
    for path in home.glob(f"{CURRENT}.*"):
        path.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write a file that older generations may share: theirs stays as it is."""
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
