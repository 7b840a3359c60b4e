"""The `hive-support` command: each feature's commands.py, mounted. No logic."""

import click
from flask.cli import FlaskGroup

from app import create_app


@click.group(cls=FlaskGroup, create_app=create_app, add_default_commands=False, load_dotenv=False)
def main() -> None:
    """HiveTechs Support: run, look after and inspect the support system."""
