"""Where a call happens: a number that can be rung, or the address of a room. Pure."""

import re

from app.lib.addresses import split_address
from app.lib.errors import Invalid
from app.lib.text import one_line

HOW = {"video": "Video", "phone": "Phone"}
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,38}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
LENGTH = 500


def checked_contact(how: str, contact: str) -> str:
    """What a customer gave, cleaned. Raises Invalid for a way that is none, a number that cannot be rung, or an address that is none."""
    if how not in HOW:
        raise Invalid("Choose phone or video.")
    if how == "phone":
        number = one_line(contact)
        if not PHONE.fullmatch(number) or sum(character.isdigit() for character in number) < 6:
            raise Invalid("Give the number at which we reach you, with its country code: +39 06 555 0100.")
        return number
    return checked_room(contact)


def checked_room(url: str) -> str:
    """The address of a room, or nothing. Raises Invalid for what is no https address."""
    found = one_line(url)
    if not found:
        return ""
    parts = split_address(found, ("https",))
    if parts is None or parts.username or len(found) > LENGTH:
        raise Invalid("Give the whole address of the room, beginning with https://, or leave it empty.")
    return found
