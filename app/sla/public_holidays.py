"""Public holidays for calendars: app/lib/public_holidays.py, with the errors that the forms of calendars show."""

from collections.abc import Iterable

from app.lib import public_holidays
from app.sla.calendars import BadCalendar


def names(country: str, region: str, years: Iterable[int]) -> dict[str, str]:
    """The public holidays of some years: ISO date → name. Raises BadCalendar for a place that is not known."""
    try:
        return public_holidays.names(country, region, years)
    except public_holidays.UnknownPlace as wrong:
        raise BadCalendar(str(wrong)) from wrong
