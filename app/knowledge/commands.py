"""`hive-support faq`, `knowledge` and `search`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import click

from app.extensions import db
from app.knowledge import indexing
from app.knowledge.exchange.exporting import FAQ_FILE, faq_rows, files
from app.knowledge.exchange.importing import Imported, finished
from app.knowledge.exchange.packages import OTHER, Package, from_folder
from app.knowledge.exchange.pieces import WORK, pieces
from app.knowledge.exchange.questions import compose_faqs
from app.knowledge.translations.languages import locales
from app.lib import database
from app.lib.clock import utcnow

MAX_FILE_BYTES = 500_000_000


@click.group()
def faq() -> None:
    """Take questions in from a JSON list, or give them out."""


@faq.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.pass_context
def import_faq(ctx: click.Context, file: Path) -> None:
    """Add and change questions from FILE; - is standard input. Rows that cannot be read are named by line; exit code 1 if there are any."""
    with click.open_file(str(file), "rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise click.ClickException(f"{file} is larger than {MAX_FILE_BYTES:,} bytes.")
    package = Package()
    package.take(FAQ_FILE, data)
    package = package.only_in(locales())
    take(package, str(file))
    complain([f"{file}:{problem.line}: {problem.why}" for problem in package.problems])
    update_index()
    ctx.exit(1 if package.problems else 0)


@faq.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def export_faq(file: Path) -> None:
    """Write every question to FILE; - is standard output."""
    rows = list(faq_rows())
    if str(file) == "-":
        click.echo(compose_faqs(rows), nl=False)
        return
    file.write_bytes(compose_faqs(rows).encode())
    click.echo(f"{len(rows)} questions written to {file}.")


@click.group()
def knowledge() -> None:
    """Take articles and questions in from a folder of Markdown, or give them out."""


@knowledge.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def import_directory(ctx: click.Context, directory: Path) -> None:
    """Add and change the articles of DIRECTORY/<section>/<slug>.md, their translations beside them (<slug>.<locale>.md), and
    the questions of DIRECTORY/faq.json if it is there. Files that cannot be read are named by line, other files as left out; the rest is taken in."""
    package = from_folder(directory).only_in(locales())
    take(package, str(directory))
    complain([f"{directory / problem.path}:{problem.line}: {problem.why}" for problem in package.problems])
    complain([f"{directory / path}: {OTHER}" for path in package.left_out])
    update_index()
    ctx.exit(1 if package.problems else 0)


@knowledge.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def export_directory(directory: Path) -> None:
    """Write every article to DIRECTORY/<section>/<slug>.md, translations beside it, and the questions to DIRECTORY/faq.json."""
    count = 0
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        count += 1
    click.echo(f"{count} files written to {directory}.")


@click.group()
def search() -> None:
    """Look after the search index."""


@search.command("rebuild")
def rebuild() -> None:
    """Build the index anew from the database, while the old one goes on serving."""
    total = indexing.count_published()
    with progress_bar(total, "Indexing") as advance:
        done = indexing.rebuild(lambda number: advance(1))
    lacking = indexing.without_vectors()
    if lacking:
        with progress_bar(len(lacking), "Reading for meaning") as advance:
            indexing.give_vectors(progress=lambda number: advance(1))
    click.echo(f"The index has {done} entries.")


def take(package: Package, source: str) -> None:
    """Import what was read, a transaction for each piece, and say what became of it."""
    told = {what: Imported() for what in WORK if getattr(package, what)}
    with progress_bar(package.total, "Entries") as advance:
        for piece in pieces(package):
            with database.writing():
                told[piece.what] = told[piece.what].join(piece.take_in(source=source, now=utcnow()))
                db.session.commit()
            advance(len(piece.items))
    for what, came in told.items():
        say(came, what)
        complain([f"{name}: {why}" for name, why in came.remarks])
    with database.writing():
        finished(reduce(Imported.join, told.values(), Imported()), source, None, utcnow())
        db.session.commit()


def complain(lines: list[str]) -> None:
    """What was wrong, on standard error."""
    for line in lines:
        click.echo(line, err=True)


def say(told: Imported, what: str) -> None:
    """What an import did, in a line."""
    click.echo(f"{told.added} {what} added, {told.changed} changed, {told.same} the same already.")


def update_index() -> None:
    """Make the new texts found at once, not when a worker comes by."""
    click.echo(f"{indexing.catch_up()} entries brought up to date in the search index.")


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; `with progress_bar(…) as advance: advance(1)`."""
    errors = sys.stderr
    bar: Any = click.progressbar(length=total, label=label, file=errors, update_min_steps=max(1, total // 200))
    with bar:
        yield bar.update
