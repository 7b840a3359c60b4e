"""Public holidays of a country or region, from the `holidays` library.

The library is large, and asked a few times a year: it runs in a process of its own, so that none of ours carries it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module

from app.config import ROOT

COUNTRY = re.compile(r"[A-Z]{2}")
REGION = re.compile(r"[A-Za-z0-9 -]{0,40}")
TIMEOUT_SECONDS = 60
NOT_FOUND = 3


class UnknownPlace(ValueError):
    """A country or region whose holidays nobody knows; the message says what to write."""


def names(country: str, region: str, years: Iterable[int]) -> dict[str, str]:
    """The public holidays of some years: ISO date → name, in English where the library has it.

    `country` is two letters (ISO 3166), `region` its code or empty. Raises UnknownPlace for those that are not known.
    Takes half a second.
    """
    if not COUNTRY.fullmatch(country) or not REGION.fullmatch(region):
        raise UnknownPlace("Give the country by two letters, such as DE, and the region by its code, such as BY.")
    given = [country, region, *map(str, years)]
    found = subprocess.run(
        [sys.executable, "-m", "app.lib.public_holidays", *given], cwd=ROOT, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
    )
    if found.returncode == NOT_FOUND:
        raise UnknownPlace(f"No public holidays are known for {country}{' ' + region if region else ''}.")
    found.check_returncode()
    days: dict[str, str] = json.loads(found.stdout)
    return days


def main(country: str, region: str, *years: str) -> int:
    """What runs in the other process: print them as JSON."""
    library = import_module("holidays")
    known = library.list_supported_countries().get(country, ())
    spelled = next((code for code in known if code.casefold() == region.casefold()), region)
    wanted = {"years": [int(year) for year in years], "subdiv": spelled or None}
    try:
        days = library.country_holidays(country, language="en_US", **wanted)
    except NotImplementedError:
        return NOT_FOUND
    sys.stdout.write(json.dumps({day.isoformat(): name for day, name in sorted(days.items())}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
