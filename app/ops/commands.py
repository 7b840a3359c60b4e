"""`hive-support config`, `routes`, `migrate`, `doctor` and `reset`."""

import json

import click
from flask import current_app

from app.config import Config
from app.extensions import db
from app.lib import database, schema
from app.lib.clock import utcnow
from app.ops import baseline, doctor, runner
from app.ops.doors import routes as all_routes
from app.ops.reset import forget, remembered


@click.command()
def config() -> None:
    """Print the settings in force, secrets masked."""
    for name, value, meaning in Config.from_env().described():
        click.echo(f"{name:<22} {value or '(not set)':<44} {meaning}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON list.")
def routes(as_json: bool) -> None:
    """Print every address with its door and the roles that may enter."""
    rows = all_routes(current_app)
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=1))
        return
    for row in rows:
        click.echo(f"{' '.join(row.methods):<6} {row.path:<52} {row.door:<8} {' '.join(row.roles) or 'anybody':<62} {row.endpoint}")


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this code, and add the reference rows that are missing."""
    before = schema.current()
    with database.writing():
        schema.upgrade()
        baseline.ensure(utcnow())
        db.session.commit()
    click.echo(f"The database has schema {schema.current()}." if before != schema.current() else f"Up to date at schema {before}.")


@click.command("doctor")
@click.pass_context
def look(ctx: click.Context) -> None:
    """Check every part, and say how to mend what is broken; exit code 1 if anything is."""
    findings = doctor.examine(current_app.config["SETTINGS"])
    for finding in findings:
        click.echo(f"  {'✓' if finding.is_well else '✗'} {finding.part:<16} {finding.told}")
        if not finding.is_well:
            click.echo(f"    {'':<16} → {finding.mend}")
    broken = sum(not finding.is_well for finding in findings)
    click.echo(f"\n{broken} of {len(findings)} parts need care." if broken else "\nEverything is well.")
    ctx.exit(min(broken, 1))


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Forget the data of this machine: database, queues, search index and attachments in DATA_DIR."""
    settings = Config.from_env()
    if settings.env == "production":
        raise click.ClickException("This is production (ENV). Nothing is forgotten here; take a backup and drop the database by hand.")
    with runner.only_one(settings.data_dir):
        there = remembered(settings)
        if not there:
            click.echo(f"There is nothing to forget in {settings.data_dir}.")
            return
        click.echo(f"In {settings.data_dir}: " + ", ".join(sorted(path.name for path in there)))
        if not yes:
            click.confirm("Delete all of this?", abort=True)
        forget(there)
    click.echo("Forgotten. The next `make run` begins anew.")
