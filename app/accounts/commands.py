"""What the command line offers of accounts."""

import click

from app.accounts import actions, queries
from app.accounts.scopes import SCOPES, scopes_for
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.errors import DomainError


@click.group()
def token() -> None:
    """Make API tokens."""


@token.command("create")
@click.argument("email")
@click.option("--scope", "scopes", multiple=True, help="What it may do, such as tickets:write; may be given several times.")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
def create(email: str, scopes: tuple[str, ...], name: str) -> None:
    """Make a token for EMAIL and print it, once."""
    with writing():
        owner = queries.person_by_email(email)
        if owner is None or not owner.is_enabled:
            raise click.ClickException(f"Nobody who may sign in has the address {email}.")
        unknown = sorted(set(scopes) - SCOPES.keys())
        if unknown or not scopes:
            wrong = f"There is no scope {', '.join(unknown)}. " if unknown else ""
            raise click.ClickException(f"{wrong}Give --scope with one of: {', '.join(scopes_for(owner.role))}.")
        try:
            _, secret = actions.create_token(owner, name, scopes, now=utcnow(), actor=None)
        except DomainError as refused:
            raise click.ClickException(refused.message) from refused
        db.session.commit()
    click.echo(secret)
