"""Public holidays of a country or region, from the `holidays` library.

The library is large, and asked a few times a year: it runs in a process of its own, so that none of ours carries it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PROGRAM = Path(__file__).with_name("holiday_table.py")
COUNTRY = re.compile(r"[A-Z]{2}")
REGION = re.compile(r"[A-Za-z0-9 -]{0,40}")
TIMEOUT_SECONDS = 60
NOT_FOUND = 3


class UnknownPlace(ValueError):
    """A country or region whose holidays nobody knows; the message says what to write."""


def names(country: str, region: str, years: Iterable[int]) -> dict[str, str]:
    """The public holidays of some years: ISO date → name, in English where the library has it.

    `country` is two letters (ISO 3166), `region` its code or empty. Raises UnknownPlace for those that are not known.
    Takes a quarter of a second.
    """
    if not COUNTRY.fullmatch(country) or not REGION.fullmatch(region):
        raise UnknownPlace("Give the country by two letters, such as DE, and the region by its code, such as BY.")
    given = [country, region, *map(str, years)]
    # Without -P modules beside the program stand in for Python's own of their names.
    found = subprocess.run([sys.executable, "-P", str(PROGRAM), *given], capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if found.returncode == NOT_FOUND:
        raise UnknownPlace(f"No public holidays are known for {country}{' ' + region if region else ''}.")
    found.check_returncode()
    days: dict[str, str] = json.loads(found.stdout)
    return days
