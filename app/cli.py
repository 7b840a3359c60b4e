"""The `hive-support` command: each feature's commands.py, mounted under the names that people type. No logic of its own."""

import sys
from collections.abc import Iterator
from importlib import import_module

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import create_app
from app.config import ConfigError
from app.lib import logs
from app.lib.errors import DomainError
from app.ops import runner
from app.ops.redis_server import RedisFailed
from app.schedule import SCHEDULE

# What people type → the module that has it. A module is loaded when its command is asked for, so that each starts fast.
COMMANDS = {
    "config": "app.ops.commands",
    "demo": "app.dev.commands",
    "discord": "app.integrations.discord.commands",
    "doctor": "app.ops.commands",
    "faq": "app.knowledge.commands",
    "knowledge": "app.knowledge.commands",
    "migrate": "app.ops.commands",
    "reset": "app.ops.commands",
    "rollups": "app.analytics.commands",
    "sla": "app.sla.commands",
    "routes": "app.ops.commands",
    "search": "app.knowledge.commands",
    "token": "app.accounts.commands",
    "triage": "app.triage.commands",
}
# These need neither an application nor a database: what goes in decides what comes out.
PURE = {("config",), ("reset",), ("sla", "replay")}
NO_DATABASE = "The database cannot be used as it is. `hive-support doctor` says why, `hive-support migrate` brings it up to date."


class Mounted(click.Group):
    """A group whose commands live in the features; what they raise on purpose is told without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in order."""
        return sorted({*COMMANDS, *self.commands})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load one command, and give it the application's context unless it is pure."""
        if name in self.commands:
            return self.commands[name]
        if name not in COMMANDS:
            return None
        module = vars(import_module(COMMANDS[name]))
        command = next(thing for thing in module.values() if isinstance(thing, click.Command) and thing.name == name)
        for path, leaf in leaves(command, (name,)):
            if path not in PURE and leaf.callback is not None:
                leaf.callback = with_appcontext(leaf.callback)
        self.add_command(command, name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run, and tell what was raised on purpose in a sentence."""
        try:
            return super().invoke(ctx)
        except (ConfigError, DomainError, RedisFailed, runner.CannotStart) as told:
            raise click.ClickException(str(told)) from told
        except (OperationalError, ProgrammingError) as broken:
            raise click.ClickException(f"{NO_DATABASE}\n{broken.orig}") from broken
        except OSError as wrong:
            if wrong.filename is None:
                raise
            raise click.ClickException(f"{wrong.filename}: {wrong.strerror}.") from wrong


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command below a group that does something, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*path, name))


@click.group(cls=Mounted, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(ctx: click.Context) -> None:
    """HiveTechs Support: run, look after and inspect the support system."""
    ctx.obj = ScriptInfo(create_app=application)


def application() -> Flask:
    """The application of a command: its log goes to standard error, since standard output is for answers."""
    app = create_app()
    logs.configure(app.config["SETTINGS"], sys.stderr)
    return app


@main.command()
@click.option("--reload", is_flag=True, help="Start the web server anew when code changes.")
@click.pass_obj
def up(info: ScriptInfo, reload: bool) -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    runner.up(info.load_app(), SCHEDULE, lambda: main(["demo", "load"], standalone_mode=False), reload=reload)
