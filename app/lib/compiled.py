"""Compiled templates, kept where Python keeps compiled modules and under the same conditions."""

import sys
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

from app.config import ROOT

FOLDER = ROOT / "app" / "__pycache__" / "templates"


class Kept(FileSystemBytecodeCache):
    """What the environment that `maker` makes has compiled: compiling all templates takes a process five seconds, reading them a
    fifth of one. It is compiled anew when a template, that file or the library changes, and by whom no file can be written."""

    def __init__(self, maker: str, folder: Path = FOLDER) -> None:
        super().__init__(str(folder), "%s.cache")
        self.made_by = jinja2.__version__ + Path(maker).read_text(encoding="utf-8")

    def get_source_checksum(self, source: str) -> str:
        """By which one sees that what is kept was compiled from this source, and as it would be now."""
        return super().get_source_checksum(self.made_by + source)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what is kept of a template, if we may."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, if we may."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
