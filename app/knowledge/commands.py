"""`hive-support faq`, `knowledge` and `search`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from app.extensions import db
from app.knowledge import indexing
from app.knowledge.exchange.files import ArticleFile, Unreadable, compose_article, compose_faqs, parse_article, parse_faqs
from app.knowledge.exchange.importing import Imported, Progress, article_files, faq_rows, import_articles, import_faqs
from app.lib import database
from app.lib.clock import utcnow

MAX_FILE_BYTES = 500_000_000
FAQ_FILE = "faq.json"


@click.group()
def faq() -> None:
    """Take questions in from a JSON list, or give them out."""


@faq.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def import_faq(ctx: click.Context, file: Path) -> None:
    """Add and change questions from FILE. Rows that cannot be read are named by line; exit code 1 if there are any."""
    problems = take_faqs(file)
    update_index()
    ctx.exit(1 if problems else 0)


@faq.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_faq(file: Path) -> None:
    """Write every question to FILE; - is standard output."""
    rows = list(faq_rows())
    if str(file) == "-":
        click.echo(compose_faqs(rows), nl=False)
        return
    file.write_text(compose_faqs(rows), encoding="utf-8")
    click.echo(f"{len(rows)} questions written to {file}.")


@click.group()
def knowledge() -> None:
    """Take articles and questions in from a folder of Markdown, or give them out."""


@knowledge.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def import_directory(ctx: click.Context, directory: Path) -> None:
    """Add and change the articles of DIRECTORY/<section>/<slug>.md, and the questions of DIRECTORY/faq.json if it is there."""
    files, problems = readable_articles(directory)
    with progress_bar(len(files), "Articles") as advance, database.writing():
        told = import_articles(files, source=str(directory), now=utcnow(), progress=advance)
        db.session.commit()
    say(told, "articles")
    for path, why in problems:
        click.echo(f"{path}: {why}", err=True)
    bad = len(problems) + (take_faqs(directory / FAQ_FILE) if (directory / FAQ_FILE).is_file() else 0)
    update_index()
    ctx.exit(1 if bad else 0)


@knowledge.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def export_directory(directory: Path) -> None:
    """Write every article to DIRECTORY/<section>/<slug>.md, and the questions to DIRECTORY/faq.json."""
    count = 0
    for article in article_files():
        path = directory / article.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(compose_article(article), encoding="utf-8")
        count += 1
    directory.mkdir(parents=True, exist_ok=True)
    rows = list(faq_rows())
    (directory / FAQ_FILE).write_text(compose_faqs(rows), encoding="utf-8")
    click.echo(f"{count} articles and {len(rows)} questions written to {directory}.")


@click.group()
def search() -> None:
    """Look after the search index."""


@search.command("rebuild")
def rebuild() -> None:
    """Build the index anew from the database, while the old one goes on serving."""
    total = indexing.count_published()
    with progress_bar(total, "Indexing") as advance:
        done = indexing.rebuild(lambda number: advance(1))
    click.echo(f"The index has {done} entries.")


def take_faqs(file: Path) -> int:
    """Import the questions of a file, and name what is wrong with it; returns how many rows were."""
    if file.stat().st_size > MAX_FILE_BYTES:
        raise click.ClickException(f"{file} is larger than {MAX_FILE_BYTES:,} bytes.")
    try:
        parsed = parse_faqs(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as wrong:
        raise click.ClickException(f"{file} is not UTF-8: {wrong.reason} at byte {wrong.start}.") from wrong
    with progress_bar(len(parsed.rows), "Questions") as advance, database.writing():
        told = import_faqs(parsed.rows, source=str(file), now=utcnow(), progress=advance)
        db.session.commit()
    say(told, "questions")
    for line, why in parsed.problems:
        click.echo(f"{file}:{line}: {why}", err=True)
    return len(parsed.problems)


def readable_articles(directory: Path) -> tuple[list[ArticleFile], list[tuple[Path, str]]]:
    """(articles, (path, why) of each file that is none)."""
    files, problems = [], []
    for path in sorted(directory.glob("*/*.md")):
        try:
            files.append(parse_article(path.parent.name, path.stem, path.read_text(encoding="utf-8")))
        except (Unreadable, UnicodeDecodeError) as wrong:
            problems.append((path, str(wrong)))
    return files, problems


def say(told: Imported, what: str) -> None:
    """What an import did, in a line."""
    click.echo(f"{told.added} {what} added, {told.changed} changed, {told.same} the same already.")


def update_index() -> None:
    """Make the new texts found at once, not when a worker comes by."""
    click.echo(f"{indexing.catch_up()} entries brought up to date in the search index.")


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Progress]:
    """A bar on standard error; `with progress_bar(…) as advance: advance(1)`."""
    errors = sys.stderr
    bar: Any = click.progressbar(length=total, label=label, file=errors, update_min_steps=max(1, total // 200))
    with bar:
        yield bar.update
