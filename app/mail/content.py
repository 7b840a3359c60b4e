"""What a mail may carry. A message of a ticket gets in only as a PublicMessage, which an internal note cannot become."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import nh3

from app.lib.markdown import ATTRIBUTES, SCHEMES, TAGS, to_html, to_lines
from app.lib.text import BIDI, many_lines, one_line

MONO = "Menlo,Consolas,monospace"
# Mail programs drop style sheets, so each tag of our sanitized HTML carries its look; the classes serve the dark scheme.
LOOKS: dict[str, dict[str, str]] = {
    "p": {"class": "ink", "style": "margin:0 0 14px 0;color:#141821;"},
    "ul": {"class": "ink", "style": "margin:0 0 14px 0;padding:0 0 0 22px;color:#141821;"},
    "ol": {"class": "ink", "style": "margin:0 0 14px 0;padding:0 0 0 22px;color:#141821;"},
    "h2": {"class": "ink", "style": "margin:18px 0 8px 0;font-size:17px;line-height:24px;color:#141821;"},
    "h3": {"class": "ink", "style": "margin:16px 0 8px 0;font-size:15px;line-height:22px;color:#141821;"},
    "h4": {"class": "ink", "style": "margin:16px 0 8px 0;font-size:15px;line-height:22px;color:#141821;"},
    "h5": {"class": "ink", "style": "margin:16px 0 8px 0;font-size:15px;line-height:22px;color:#141821;"},
    "a": {"class": "link", "style": "color:#17639f;"},
    "blockquote": {"class": "ink2", "style": "margin:0 0 14px 0;padding:0 0 0 12px;border-left:3px solid #e2e6ec;color:#454d5b;"},
    "pre": {
        "class": "code",
        "style": f"margin:0 0 14px 0;padding:12px 14px;white-space:pre-wrap;background-color:#f3f5f8;border:1px solid #e2e6ec;border-radius:6px;font-family:{MONO};font-size:13px;line-height:20px;color:#222936;",
    },
    "code": {"style": f"font-family:{MONO};font-size:13px;"},
    "table": {"class": "ink", "style": "margin:0 0 14px 0;border-collapse:collapse;color:#141821;"},
    "th": {"class": "rule", "style": "padding:6px 10px;border:1px solid #e2e6ec;text-align:left;"},
    "td": {"class": "rule", "style": "padding:6px 10px;border:1px solid #e2e6ec;"},
    "hr": {"class": "rule", "style": "margin:14px 0;border:0;border-top:1px solid #e2e6ec;"},
}
KEPT = {tag: {name for name in names if name not in {"class", "id"}} for tag, names in ATTRIBUTES.items()}
EXCERPT = 700


@dataclass(frozen=True)
class PublicMessage:
    """A message that people outside may read. Raises ValueError for any other visibility than `public`.

    `body` is Markdown as written, `html` our sanitized rendering dressed for mail, `files` the names of attachments.
    """

    id: int
    visibility: str
    author: str
    by_staff: bool
    is_automatic: bool
    body: str
    html: str
    at: datetime
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.visibility != "public":
            raise ValueError(f"message {self.id} is {self.visibility}: it never leaves the desk")

    @property
    def excerpt(self) -> str:
        """Its beginning in Markdown, for a quotation."""
        return self.body if len(self.body) <= EXCERPT else self.body[:EXCERPT].rsplit(" ", 1)[0] + " …"

    @property
    def excerpt_text(self) -> str:
        """The same in plain words."""
        return to_lines(self.excerpt)

    @property
    def excerpt_html(self) -> str:
        """The same, rendered and dressed for mail. Links in `body` are absolute already."""
        return self.html if len(self.body) <= EXCERPT else dressed(to_html(self.excerpt), "")


class MessageRow(Protocol):
    """A row of `messages`, as far as mail reads it."""

    id: int
    visibility: str
    body: str
    html: str
    by_staff: bool
    is_automatic: bool
    created_at: datetime


@dataclass(frozen=True)
class TicketCard:
    """What every mail about a ticket says of it. `status` is in the reader's words; addresses are absolute."""

    ref: str
    subject: str
    priority: str
    status: str
    url: str


def public_message(row: MessageRow, *, author: str, files: Iterable[str] = (), base_url: str) -> PublicMessage:
    """The message of a row, dressed for mail. Raises ValueError for an internal note."""
    return PublicMessage(
        id=row.id,
        visibility=row.visibility,
        author=one_line(author),
        by_staff=row.by_staff,
        is_automatic=row.is_automatic,
        # The text part is read outside the site, too: Markdown links of ours become absolute.
        body=many_lines(row.body).replace("](/", f"]({base_url}/"),
        html=dressed(row.html, base_url),
        at=row.created_at,
        files=tuple(one_line(name) for name in files),
    )


def dressed(html: str, base_url: str) -> str:
    """Sanitized HTML with inline looks and absolute links. It is cleaned again, so that nothing rides on the first time."""

    def absolute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("a", "href"):
            return value
        found = urljoin(f"{base_url}/", value)
        return found if urlsplit(found).scheme in SCHEMES else None

    return nh3.clean(
        BIDI.sub("", html),
        tags=TAGS,
        attributes=KEPT,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
        set_tag_attribute_values=LOOKS,
        attribute_filter=absolute,
    )
