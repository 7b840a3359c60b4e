"""`hive-support discord`."""

import click
from flask import current_app

from app.integrations.discord import client


@click.group()
def discord() -> None:
    """Tell Discord which commands we have."""


@discord.command("register")
def register() -> None:
    """Make /faq known to Discord. Needs DISCORD_APPLICATION_ID and DISCORD_TOKEN; DISCORD_GUILD for one server, at once."""
    where = client.register(current_app.config["SETTINGS"])
    click.echo(f"/faq is known to {where}. Let its interactions come to {current_app.config['SETTINGS'].base_url}/webhooks/discord.")
