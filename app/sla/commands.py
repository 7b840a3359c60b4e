"""`hive-support sla replay` and `hive-support sla report`."""

import json
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import BinaryIO, TextIO

import click

from app.extensions import db
from app.lib.clock import utcnow
from app.sla import exports, issuing, replay, reports, verify
from app.sla.calendars import BadCalendar, zone_named
from app.sla.forms import day_range
from app.sla.reports import BOTH_URGENT, PRIORITIES, Scope

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def sla() -> None:
    """Service levels: replay clocks, report how promises were kept."""


@sla.command("replay")
def replay_lines() -> None:
    """Read clocks as JSON lines, print what each comes to as JSON lines, in order. A bad line answers with its error."""
    answer_all(sys.stdin.buffer, sys.stdout)


def answer_all(lines: BinaryIO | Iterable[bytes], out: TextIO) -> None:
    """One answer for each line that is not empty."""
    for line in lines:
        if line.strip():
            out.write(json.dumps(replay.answer(line)) + "\n")
            out.flush()


@sla.command("verify")
def verify_rows() -> None:
    """Replay every ticket from its events and compare its stored clocks. Exit 1 if any differs; run it while no edit is worked off."""
    now, last, count, wrong = utcnow(), 0, 0, 0
    while True:
        last, ids, problems = verify.chunk(last, now)
        db.session.rollback()
        for problem in problems:
            click.echo(problem)
        count, wrong = count + len(ids), wrong + len(problems)
        if len(ids) < verify.CHUNK:
            break
    click.echo(f"{count} tickets replayed, {wrong} clocks differ.")
    sys.exit(1 if wrong else 0)


@sla.command()
@click.option("--from", "first", type=DAY, required=True, help="First day, such as 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, help="Last day, included.")
@click.option("--organization", help="Only this organization, by name or number.")
@click.option("--team", help="Only this team, by name or number.")
@click.option("--priority", type=click.Choice([BOTH_URGENT, *PRIORITIES]), help="Only this priority; urgent is emergency and critical.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--zone", default="UTC", show_default=True, help="The zone whose days are meant.")
def report(first: datetime, last: datetime, organization: str | None, team: str | None, priority: str | None, form: str, zone: str) -> None:
    """Total, met, breached, running, paused, compliance, average, median and 90th percentile, by metric and priority."""
    since, until = range_of(first.date(), last.date(), zone)
    whose = chosen(reports.organization_named, organization, "organization")
    which = chosen(reports.team_named, team, "team")
    # Demo work is reported where there is no real one.
    scope = Scope(since, until, not reports.has_real_clocks(), whose and whose[0], which and which[0], priority)
    found = reports.report(scope, now=utcnow())
    about = exports.heading(scope, zone, whose and whose[1], which and which[1])
    if form == "json":
        click.echo(json.dumps(exports.as_json(found, about), indent=2))
    elif form == "csv":
        click.echo(exports.as_csv(found, about), nl=False)
    else:
        click.echo(exports.as_table(found, about))


def range_of(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The range as instants. Raises BadParameter for one that ends before it begins, and for an unknown zone."""
    if last < first:
        raise click.BadParameter("The last day is before the first.", param_hint="--to")
    try:
        zone_named(zone)
    except BadCalendar as unknown:
        raise click.BadParameter(str(unknown), param_hint="--zone") from unknown
    return day_range(first, last, zone)


def chosen(look_up: Callable[[str], tuple[int, str] | None], name: str | None, what: str) -> tuple[int, str] | None:
    """The row that a name or number means; raises BadParameter where it means none."""
    if not name:
        return None
    found = look_up(name)
    if found is None:
        raise click.BadParameter(f"There is no {what} “{name}”.", param_hint=f"--{what}")
    return found


@sla.command("check")
@click.argument("file", type=click.File("rb"))
def check_statement(file: BinaryIO) -> None:
    """Tell whether FILE is a statement as we made it: its chain, our signature, and the seal that we keep. Exit 1 if not."""
    found, wrong = issuing.problems(file.read())
    for problem in wrong:
        click.echo(f"BAD: {problem}", err=True)
    if found is None:
        sys.exit(1)
    click.echo(f"{found.ref}: the statement of {found.month}, version {found.version}, as it was made. Seal {found.seal}.")


COMMANDS = (sla,)
