"""What somebody hands us to take in: a folder, a zip, or a single file, read within bounds. Nothing is written, and nothing
outside of what was handed over is read."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from app.knowledge.exchange.exporting import FAQ_FILE
from app.knowledge.exchange.files import ArticleFile, TranslationFile, parse_file
from app.knowledge.exchange.frontmatter import Unreadable
from app.knowledge.exchange.questions import FaqRow, parse_faqs
from app.lib.errors import Invalid

STRAY = "an article lies in the folder of its section, as section/slug.md"
OTHER = "left out, since it is neither an article (section/slug.md) nor the list of questions (faq.json)"
# A zip may be this large, hold so many files, and unpack to so much: each file, and all together.
MAX_UPLOAD_BYTES = 10_000_000
MAX_FILES = 20_000
MAX_FILE_BYTES, MAX_FAQ_BYTES = 1_000_000, 30_000_000
MAX_UNPACKED_BYTES = 60_000_000
STEP = 65_536


@dataclass(frozen=True)
class Problem:
    """What could not be read: in which file, at which line, and why."""

    path: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


@dataclass
class Package:
    """What was read, what could not be, and the names of files that are nothing of ours."""

    articles: list[ArticleFile] = field(default_factory=list)
    translations: list[TranslationFile] = field(default_factory=list)
    questions: list[FaqRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    # The paths and ids that have come: a second of one would meet a unique column.
    paths: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many entries were read."""
        return len(self.articles) + len(self.translations) + len(self.questions)

    def take(self, path: str, data: bytes) -> None:
        """One more file. What cannot be read, or has come before, is a problem, and the rest goes on."""
        try:
            text = data.decode()
        except UnicodeDecodeError as wrong:
            line = data[: wrong.start].count(b"\n") + 1
            self.problems.append(Problem(path, line, f"not UTF-8: {wrong.reason} at byte {wrong.start}"))
            return
        if path.endswith(".json"):
            parsed = parse_faqs(text, self.ids)
            self.questions += parsed.rows
            self.ids |= {row.external_id for row in parsed.rows}
            self.problems += [Problem(path, line, why) for line, why in parsed.problems]
            return
        place = PurePosixPath(path)
        try:
            read = parse_file(place.parent.name, place.stem, text)
            if read.path in self.paths:
                raise Unreadable("a file for this address has come before")
        except Unreadable as wrong:
            self.problems.append(Problem(path, wrong.line, str(wrong)))
            return
        self.paths.add(read.path)
        if isinstance(read, ArticleFile):
            self.articles.append(read)
        else:
            self.translations.append(read)

    def leave_out(self, path: str, parts: Sequence[str]) -> None:
        """One more file (`parts` are its folders and its name) that is no entry of ours. One that looks like an article is a
        problem; what is hidden, and a README that tells of the folder itself, are not worth a word."""
        is_readme = len(parts) == 1 and parts[0].lower() == "readme.md"
        if not parts or is_readme or any(part.startswith(".") for part in parts):
            return
        if len(parts) == 1 and path.endswith(".md"):
            self.problems.append(Problem(path, 1, STRAY))
        else:
            self.left_out.append(path)

    def only_in(self, locales: Sequence[str]) -> "Package":
        """The same without what is in languages that nothing is translated into: each is a problem."""
        why = f"nothing is translated into it here: KNOWLEDGE_LOCALES names {', '.join(locales) or 'no language'}"
        problems = [Problem(file.path, 1, f"{file.locale}: {why}") for file in self.translations if file.locale not in locales]
        for row in self.questions:
            problems += [Problem(FAQ_FILE, 1, f"{row.external_id}, {one}: {why}") for one, _ in row.translations if one not in locales]
        kept = [file for file in self.translations if file.locale in locales]
        rows = [replace(row, translations=tuple(one for one in row.translations if one[0] in locales)) for row in self.questions]
        return replace(self, translations=kept, questions=rows, problems=[*self.problems, *problems])


def from_folder(folder: Path) -> Package:
    """The articles and translations of `<section>/*.md` below a folder, and the questions of its faq.json. Other files are named."""
    package = Package()
    found = [*sorted(folder.glob("*/*.md")), *(path for path in [folder / FAQ_FILE] if path.is_file())]
    for path in found:
        name = path.relative_to(folder).as_posix()
        limit = MAX_FAQ_BYTES * 20 if name == FAQ_FILE else MAX_FILE_BYTES
        if path.stat().st_size > limit:
            package.problems.append(Problem(name, 1, f"larger than {limit:,} bytes"))
        else:
            package.take(name, path.read_bytes())
    for path in sorted({path for path in folder.rglob("*") if path.is_file()}.difference(found)):
        place = path.relative_to(folder)
        package.leave_out(place.as_posix(), place.parts)
    return package


def from_upload(name: str, data: bytes) -> Package:
    """A zip of such a folder, a list of questions (.json), or one article (.md, `section/slug.md` in its name or front matter).

    Raises Invalid for what is none of these, or too large in any way.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise Invalid(f"This file is larger than {MAX_UPLOAD_BYTES // 1_000_000} MB. Send it in parts.")
    if data[:2] == b"PK":
        return from_zip(data)
    if not name.endswith((".json", ".md")):
        raise Invalid("Send a zip, a list of questions (.json) or an article (.md).")
    package = Package()
    package.take(named(name), data)
    return package


def named(name: str) -> str:
    """Where a single file belongs: an export calls them `section--slug.md`, since a download has no folders."""
    return name.replace("--", "/", 1) if name.endswith(".md") and "/" not in name else name


def from_zip(data: bytes) -> Package:
    """The files of a zip. Each is unpacked only as far as its bound, whatever the zip says of its size. Raises Invalid."""
    package, left = Package(), MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise Invalid(f"This zip holds more than {MAX_FILES:,} files. Send it in parts.")
            for entry in entries:
                parts = parts_of(entry)
                path = place_of(parts)
                if not path:
                    package.leave_out(entry.filename[:200], parts)
                    continue
                content = unpacked(archive, entry, MAX_FAQ_BYTES if path == FAQ_FILE else MAX_FILE_BYTES, left)
                left -= len(content)
                package.take(path, content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as broken:
        raise Invalid("This zip is damaged, encrypted, or packed in a way that we do not read. Pack it again.") from broken
    return package


def place_of(parts: Sequence[str]) -> str:
    """Where a file that may be an entry of ours lies in an export, whatever folder is around all of it; empty for others.
    Nothing is ever written there."""
    if parts and parts[-1] == FAQ_FILE:
        return FAQ_FILE
    return "/".join(parts[-2:]) if len(parts) > 1 and parts[-1].endswith(".md") else ""


def parts_of(entry: zipfile.ZipInfo) -> list[str]:
    """The folders and the name of a file of a zip; nothing for a folder, and for what systems put into zips unasked."""
    parts = [part for part in entry.filename.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return [] if entry.is_dir() or not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".") else parts


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, left: int) -> bytes:
    """One file, read in steps. Raises Invalid once it is larger than it may be."""
    content = bytearray()
    with archive.open(entry) as packed:
        while step := packed.read(STEP):
            content += step
            if len(content) > most:
                raise Invalid(f"{entry.filename[:100]} unpacks to more than {most // 1_000_000} MB. That is no entry of ours.")
            if len(content) > left:
                raise Invalid(f"This zip unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB. Send it in parts.")
    return bytes(content)
