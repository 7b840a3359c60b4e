"""What stands of a person, their teams or an organization, by the fields of its form: so that nobody overwrites what they have not seen."""

import json
from collections.abc import Iterable, Mapping

from app.accounts.models import Organization, User
from app.lib.errors import Stale
from app.lib.tokens import fingerprint

Stands = Mapping[str, str | list[str]]
CHANGED = "This was changed since you opened the page. What you entered is kept: compare it with what stands now, then save again."


def of_person(person: User) -> dict[str, str]:
    """Name, role, and the name of the organization."""
    return {"name": person.name, "role": person.role, "organization": person.organization.name if person.organization else ""}


def of_teams(keys: Iterable[str]) -> dict[str, list[str]]:
    """The teams that somebody is on, by their keys."""
    return {"teams": sorted(keys)}


def of_organization(organization: Organization) -> dict[str, str]:
    """All that an administrator says of it; domains are one a line."""
    return {
        "name": organization.name,
        "plan": organization.plan.key,
        "domains": "\n".join(sorted(row.domain for row in organization.domains)),
        "sharing": organization.sharing,
        "engineer": str(organization.engineer_id or ""),
        "slack_url": organization.slack_url or "",
    }


def stamp(stands: Stands) -> str:
    """What a form carries to say what its page showed."""
    return fingerprint(json.dumps(dict(stands), sort_keys=True))[:16]


def refuse_stale(stands: Stands, seen: str | None, wanted: Stands) -> None:
    """Raise Stale if something else stands than what the page with this stamp showed, and than what is wanted: a form that is
    sent twice overwrites nothing. Without a stamp nothing is checked."""
    if seen and seen != stamp(stands) and stands != wanted:
        raise Stale(CHANGED)
