"""`hive-support demo load`."""

from typing import Any

import click
from flask import current_app

from app.dev import bulk
from app.dev import demo as company
from app.extensions import db
from app.lib import schema
from app.lib.clock import utcnow
from app.lib.database import writing
from app.ops import baseline


@click.group()
def demo() -> None:
    """The demo company, for trying things out and for benchmarks."""


@demo.command()
@click.option(
    "--tickets", type=click.IntRange(0, 5_000_000), default=None, help="How many tickets to make in bulk besides the small company's."
)
@click.option("--users", type=click.IntRange(1, 1_000_000), default=2000, show_default=True, help="How many customers those belong to.")
@click.option(
    "--organizations", type=click.IntRange(1, 100_000), default=400, show_default=True, help="How many organizations those belong to."
)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="Over how many days.")
@click.option("--seed", type=int, default=company.SEED, show_default=True, help="The same seed gives the same people and tickets.")
def load(tickets: int | None, users: int, organizations: int, days: int, seed: int) -> None:
    """Load the demo company, once; with --tickets also many more tickets in bulk. Refused in production."""
    if current_app.config["SETTINGS"].env == "production":
        raise click.ClickException("Demo people have a known password, so they are never made in production.")
    prepare()
    with click.progressbar(length=1, label="Demo company") as bar:
        made = company.load(utcnow(), seed=seed, step=progress(bar))
    click.echo(f"{made} tickets made." if made else "The demo company was there already.")
    if tickets:
        with click.progressbar(length=1, label="Tickets in bulk") as bar:
            made = bulk.load(utcnow(), bulk.Size(tickets, users, organizations, days, seed), progress(bar))
        click.echo(f"{made:,} tickets made in bulk." if made else "So many tickets were there already.")


def prepare() -> None:
    """Bring the schema and the reference rows up to date; nothing to do costs a few queries."""
    if schema.current() != schema.newest():
        schema.upgrade()
    with writing():
        baseline.ensure(utcnow())
        db.session.commit()


def progress(bar: Any) -> Any:
    """Tell a progress bar how many of how many are done."""

    def step(done: int, total: int) -> None:
        bar.length = total
        bar.update(done - bar.pos)

    return step


COMMANDS = (demo,)
