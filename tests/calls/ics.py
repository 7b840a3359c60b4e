"""Reading iCalendar back, by RFC 5545 and without our writer: lines unfolded, parameters apart, values unescaped."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Part:
    """A component: its properties as (name, parameters, value), and the components inside."""

    name: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Every value of a property."""
        return [value for key, _, value in self.lines if key == name]

    def __getitem__(self, name: str) -> str:
        """The one value of a property."""
        (value,) = self.all(name)
        return value

    def part(self, name: str) -> "Part":
        """The one component of a name."""
        (found,) = [part for part in self.parts if part.name == name]
        return found


def read(text: str) -> Part:
    """The calendar. AssertionError for lines that are too long, or ended otherwise than by CR and LF."""
    assert text.endswith("\r\n")
    raw = text.split("\r\n")[:-1]
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in raw)
    root = Part("")
    stack = [root]
    for line in re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]:
        head, value = re.fullmatch(r'((?:"[^"]*"|[^":])*):(.*)', line).groups()
        name, *given = re.findall(r'(?:"[^"]*"|[^";])+', head)
        if name == "BEGIN":
            stack[-1].parts.append(Part(value))
            stack.append(stack[-1].parts[-1])
        elif name == "END":
            assert stack.pop().name == value
        else:
            parameters = dict(one.split("=", 1) for one in given)
            stack[-1].lines.append((name, parameters, re.sub(r"\\(.)", lambda m: {"n": "\n", "N": "\n"}.get(m[1], m[1]), value)))
    assert stack == [root]
    return root.part("VCALENDAR")


def invitation(message: EmailMessage) -> Part:
    """The calendar of a mail; the file beside it is the same, and the part says its method."""
    (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    (file,) = [one for one in message.walk() if one.get_content_type() == "application/ics"]
    text = part.get_payload(decode=True).decode("utf-8")
    assert file.get_payload(decode=True).decode("utf-8") == text
    assert file.get_filename() == "invitation.ics"
    found = read(text)
    assert part.get_param("method") == found["METHOD"]
    assert part.get_content_charset() == "utf-8"
    return found
