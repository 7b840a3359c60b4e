"""`hive-support rollups rebuild`."""

import click

from app.analytics import jobs


@click.group()
def rollups() -> None:
    """The stored figures of the dashboards."""


@rollups.command()
def rebuild() -> None:
    """Compute every stored figure anew; safe while serving."""
    with click.progressbar(length=1, label="Roll-ups") as bar:

        def step(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        days = jobs.rebuild(step)
    click.echo(f"{days} days computed.")


COMMANDS = (rollups,)
