"""Tickets and what hangs on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organization, Team, User
from app.extensions import Model
from app.lib.database import UTCDateTime


def partial(name: str, *columns: str, where: str) -> Index:
    """An index over some rows only, on both databases.

    SQLite takes it only where the query says the very same, and there a yes is written `= 1`.
    """
    return Index(name, *columns, sqlite_where=text(where.replace("is_open", "is_open = 1")), postgresql_where=text(where))


# What the desk filters its views by.
FILTERED = ("assignee_id", "team_id", "organization_id", "priority", "category", "kind")


class Ticket(Model):
    """A request for help, from its first word to its last. `version` turns a stale save into an error."""

    __tablename__ = "tickets"
    __table_args__ = (
        # The desk's views, each in the order of the next deadline; only open tickets are in them.
        # The first holds all that they filter by: a pair of filters that hardly any ticket passes is looked for in it alone.
        partial("ix_tickets_open", "queue_at", "id", "status", *FILTERED, where="is_open"),
        partial("ix_tickets_open_active", "active_at", "id", "status", *FILTERED, where="is_open"),
        partial("ix_tickets_open_assignee", "assignee_id", "queue_at", "id", where="is_open"),
        partial("ix_tickets_open_team", "team_id", "queue_at", "id", "status", "priority", "category", "kind", where="is_open"),
        partial("ix_tickets_waiting", "queue_at", "id", where="status = 'pending_customer'"),
        partial("ix_tickets_open_priority", "priority", "queue_at", "id", "status", "category", "kind", "team_id", where="is_open"),
        partial("ix_tickets_open_organization", "organization_id", "queue_at", "id", where="is_open"),
        # What is done, newest activity first, for who looks for it at the desk.
        Index(
            "ix_tickets_done",
            "status",
            "active_at",
            "id",
            *FILTERED,
            sqlite_where=text("is_open = 0"),
            postgresql_where=text("NOT is_open"),
        ),
        # Resolved tickets that wait to be closed (jobs.close_resolved).
        partial("ix_tickets_resolved", "resolved_at", where="status = 'resolved'"),
        # The customer's lists, newest activity first; the portal's figures.
        Index("ix_tickets_organization", "organization_id", "active_at", "id"),
        Index("ix_tickets_requester", "requester_id", "active_at", "id"),
        Index("ix_tickets_organization_created", "organization_id", "created_at", "is_open", "resolved_at", "first_response_seconds"),
        # Everything, newest activity first; analytics by the hour of opening and of resolving.
        Index("ix_tickets_active", "active_at", "id"),
        Index("ix_tickets_created", "created_at", "is_demo", "category", "priority", "first_response_seconds"),
        Index("ix_tickets_resolved_at", "resolved_at", "is_demo"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column()
    subject: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(default="new")
    is_open: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[str] = mapped_column(default="medium")
    # A raise beyond the plan is shown but not promised until a person confirms it; this is what is promised meanwhile.
    promised_priority: Mapped[str] = mapped_column(default="medium")
    needs_confirmation: Mapped[bool] = mapped_column(default=False)
    category: Mapped[str] = mapped_column(default="other")
    tier: Mapped[int] = mapped_column(default=1)
    # Since when it is escalated, None if it is not, and within how many minutes the plan then answers (app/escalation).
    escalated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escalated_minutes: Mapped[int | None] = mapped_column()
    # The trigger that somebody at the desk still has to confirm, since it leads beyond the plan.
    escalation_proposed: Mapped[str | None] = mapped_column()
    source: Mapped[str] = mapped_column(default="portal")
    # The answers to the form of its kind, by field name.
    fields: Mapped[dict[str, Any]] = mapped_column()
    requester_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The last thing that anybody would call activity; lists are sorted by it.
    active_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Who wrote the last public message: `customer` or `staff`.
    last_public_by: Mapped[str] = mapped_column(default="customer")
    # When somebody else last changed what the requester sees; newer than their Reading means unread.
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_responded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_response_seconds: Mapped[int | None] = mapped_column()
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When a mere thank-you reopened it; whoever works on it can dismiss that for some time (courtesy.py).
    thanked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # How often it has been resolved; each round has its own survey.
    round: Mapped[int] = mapped_column(default=0)
    # The next deadline of its running clocks (written by sla.actions), and the same with a far date for "none".
    next_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_warn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_metric: Mapped[str | None] = mapped_column()
    queue_at: Mapped[datetime] = mapped_column(UTCDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    # One-time key of the form that opened it: a second submission finds the first.
    form_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    # Shown, never set: an action sets the id, and gives the row to go with it (`give`). A flush would otherwise go through the
    # people of each ticket that changes, and take twice as long.
    requester: Mapped[User] = relationship(foreign_keys=[requester_id], lazy="raise_on_sql", viewonly=True)
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id], lazy="raise_on_sql", viewonly=True)
    organization: Mapped[Organization | None] = relationship(lazy="raise_on_sql", viewonly=True)
    team: Mapped[Team | None] = relationship(lazy="raise_on_sql", viewonly=True)

    __mapper_args__ = {"version_id_col": version}


class Message(Model):
    """A public reply or an internal note. `body` is Markdown as written; `html` is our sanitized rendering of it."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # `public` or `internal`; what is internal never leaves the desk.
    visibility: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    by_staff: Mapped[bool] = mapped_column()
    is_automatic: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(default="portal")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Addresses of followers that this reply was not meant for.
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    form_key: Mapped[str | None] = mapped_column(unique=True)

    author: Mapped[User | None] = relationship(lazy="raise_on_sql")
    attachments: Mapped[list["Attachment"]] = relationship(lazy="raise_on_sql", order_by="Attachment.id")


class Attachment(Model):
    """A file. It lies outside the web root under a random key, and is read only through its ticket."""

    __tablename__ = "attachments"
    # What somebody has uploaded within the hour (the quota of uploads.py).
    __table_args__ = (Index("ix_attachments_uploader", "uploader_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column()
    # Decided from the content, never from the name.
    media_type: Mapped[str] = mapped_column()
    size_bytes: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column()
    storage_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StagedFile(Model):
    """A file that was uploaded before its message was sent, so that a refused form loses nothing. Swept after a day."""

    __tablename__ = "staged_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column()
    media_type: Mapped[str] = mapped_column()
    size_bytes: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column()
    storage_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Follower(Model):
    """Somebody who is told of public replies: a person of the organization, or an outside address."""

    __tablename__ = "followers"
    __table_args__ = (UniqueConstraint("ticket_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    email: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TicketTag(Model):
    """A tag on a ticket: lower-case words joined by hyphens."""

    __tablename__ = "ticket_tags"
    __table_args__ = (Index("ix_ticket_tags_tag", "tag", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class TicketLink(Model):
    """A link from a ticket to another one, or to an issue elsewhere."""

    __tablename__ = "ticket_links"
    __table_args__ = (UniqueConstraint("ticket_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    label: Mapped[str] = mapped_column()
    url: Mapped[str] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TicketMerge(Model):
    """A ticket that was folded into another one, with what it takes to undo that: which messages went, and what came along."""

    __tablename__ = "ticket_merges"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    # The status that it had, and the ids of its messages, which belong to the other one now.
    status: Mapped[str] = mapped_column()
    messages: Mapped[list[Any]] = mapped_column()
    # Addresses of followers and tags that the other one did not have before; the link that leads back from it, if there was none.
    followers: Mapped[list[Any]] = mapped_column()
    # None from before tags came along.
    tags: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    link_id: Mapped[int | None] = mapped_column()
    merged_at: Mapped[datetime] = mapped_column(UTCDateTime)
    merged_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Draft(Model):
    """What somebody has typed and not sent, kept on the server for each person and ticket."""

    __tablename__ = "drafts"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(default="public")
    # Refs of the staged files that go with it.
    files: Mapped[list[Any]] = mapped_column(default=list)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class NewDraft(Model):
    """A ticket that somebody has begun to write: the form as it stands, one for each person."""

    __tablename__ = "new_drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    # Field name → text, and `files`: refs of staged files.
    form: Mapped[dict[str, Any]] = mapped_column()
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Reading(Model):
    """When a person last looked at a ticket."""

    __tablename__ = "readings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PendingTicket(Model):
    """What a guest has asked before their address is proved. Nothing else exists of it until the link is used."""

    __tablename__ = "pending_tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    # The form as it was accepted: kind, subject, fields and the rest.
    form: Mapped[dict[str, Any]] = mapped_column()
    # Set by the job that writes the mail, so that no secret waits in a queue.
    secret_hash: Mapped[str | None] = mapped_column(unique=True)
    form_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
