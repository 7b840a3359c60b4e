"""Emergency contacts: who is on call now for each team, and at whom every path ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.models import Team, User
from app.escalation import queries
from app.rota import queries as rota


@dataclass(frozen=True)
class Contact:
    """A team and who is on call for it now, until when; nobody, and then since when somebody is again."""

    team: Team
    person: User | None = None
    until: datetime | None = None
    backup: User | None = None


def contacts(now: datetime) -> list[Contact]:
    """Every team with who is on call, by name. As many statements for any number of teams."""
    teams, people = queries.teams(), {person.id: person for person in queries.staff()}
    numbers = [team.id for team in teams]
    first = on_duty(rota.duty_spans(numbers, now, now + rota.AHEAD), now)
    second = on_duty(rota.duty_spans(numbers, now, now + timedelta(minutes=1), level=rota.BACKUP), now)
    found = []
    for team in teams:
        duty, backup = first.get(team.id), second.get(team.id)
        person = people.get(duty.user_id) if duty else None
        found.append(Contact(team, person, duty.end if duty and person else None, people.get(backup.user_id) if backup else None))
    return found


def on_duty(spans: list[rota.DutySpan], now: datetime) -> dict[int, rota.DutySpan]:
    """Team → the span that now lies in."""
    return {span.team_id: span for span in reversed(spans) if span.start <= now < span.end}
