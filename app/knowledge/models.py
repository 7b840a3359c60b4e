"""FAQ entries, articles, what readers thought of them, and what they looked for in vain."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, UniqueConstraint, and_, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.knowledge.rules import path_of
from app.lib.database import NUMBERS_ONCE, Unsought, UTCDateTime


class Faq(Model):
    """A question and its answer (Markdown). `external_id` is its name in imports and exports."""

    __tablename__ = "faqs"
    __table_args__ = (
        Index("ix_faqs_popular", "status", "audience", "popularity"),
        Index("ix_faqs_category", "category", "status", "popularity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    question: Mapped[str] = mapped_column()
    answer: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column()
    tags: Mapped[list[Any]] = mapped_column()
    popularity: Mapped[int] = mapped_column(default=0)
    # Each reader once a day; `helpful` of `votes` said that it helped.
    views: Mapped[int] = mapped_column(default=0)
    votes: Mapped[int] = mapped_column(default=0)
    helpful: Mapped[int] = mapped_column(default=0)
    # public, customers, enterprise or staff
    audience: Mapped[str] = mapped_column(default="public")
    # draft, published, withdrawn, or archived: a draft that is wanted no more
    status: Mapped[str] = mapped_column(default="published")
    # Who looks after it, when somebody should look again, and when somebody last did.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    review_on: Mapped[date | None] = mapped_column(index=True)
    reviewed_on: Mapped[date | None] = mapped_column()
    # Counts the changes of what readers read, not those of its place or state: translations and readings name it.
    text_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    __mapper_args__ = {"version_id_col": version}
    kind: ClassVar[str] = "faq"

    @property
    def heading(self) -> str:
        """What it is called in lists."""
        return self.question.replace("`", "")

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands: section and name."""
        return "faq", self.external_id

    @property
    def path(self) -> str:
        """The address of its page."""
        return path_of(*self.place)


class Article(Model):
    """A page of the documentation, in a section, at `/help/<section>/<slug>`."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("section", "slug"), Index("ix_articles_section", "section", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[str] = mapped_column()
    slug: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[Any]] = mapped_column()
    position: Mapped[int] = mapped_column(default=0)
    popularity: Mapped[int] = mapped_column(default=0)
    # Each reader once a day; `helpful` of `votes` said that it helped.
    views: Mapped[int] = mapped_column(default=0)
    votes: Mapped[int] = mapped_column(default=0)
    helpful: Mapped[int] = mapped_column(default=0)
    audience: Mapped[str] = mapped_column(default="public")
    status: Mapped[str] = mapped_column(default="published")
    # The product version that it holds for.
    product_version: Mapped[str] = mapped_column(default="")
    # Who looks after it, when somebody should look again, and when somebody last did.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    review_on: Mapped[date | None] = mapped_column(index=True)
    reviewed_on: Mapped[date | None] = mapped_column()
    # Counts the changes of what readers read, not those of its place or state: translations and readings name it.
    text_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    # Lines of front matter that we do not know, as they came in a file: they go out again with it.
    front_matter: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    __mapper_args__ = {"version_id_col": version}
    kind: ClassVar[str] = "article"

    @property
    def heading(self) -> str:
        """What it is called in lists."""
        return self.title

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands: section and name."""
        return self.section, self.slug

    @property
    def path(self) -> str:
        """The address of its page."""
        return path_of(*self.place)


Entry = Faq | Article
KINDS: dict[str, type[Faq] | type[Article]] = {"faq": Faq, "article": Article}
# For statements whose rows need no objects.
TABLES: dict[str, Any] = {kind: model.__table__ for kind, model in KINDS.items()}


def readable_by(kind: str, audiences: Any, *, is_sought: bool = True) -> ColumnElement[bool]:
    """What may be read of a kind by those for whom these audiences are: a sequence of them, or a parameter that will be one.

    Not `is_sought`: what is looked for has been named already, and this is only to be checked.
    """
    table = TABLES[kind].c
    columns: tuple[ColumnElement[Any], ...] = (table.status, table.audience)
    status, audience = columns if is_sought else map(Unsought, columns)
    return and_(status == "published", audience.in_(audiences))


class Vote(Model):
    """Whether an entry helped one visitor; a second vote replaces the first. The visitor is a keyed hash, not a person."""

    __tablename__ = "knowledge_votes"
    __table_args__ = (
        UniqueConstraint("kind", "entry_id", "visitor"),
        Index(
            "ix_knowledge_votes_network",
            "network",
            sqlite_where=text("network IS NOT NULL"),
            postgresql_where=text("network IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # faq or article
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    visitor: Mapped[str] = mapped_column()
    is_helpful: Mapped[bool] = mapped_column()
    # The network that it came from, as a word of that day; emptied the day after.
    network: Mapped[str | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SearchMiss(Model):
    """A question that found nothing, kept for the writers. Addresses and long numbers are masked before."""

    __tablename__ = "search_misses"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    query: Mapped[str] = mapped_column(unique=True)
    times: Mapped[int] = mapped_column(default=1)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SearchCount(Model):
    """How often a question was asked on a day and what came of it, by readers real or demo. Masked, and of nobody in particular."""

    __tablename__ = "search_counts"
    __table_args__ = (UniqueConstraint("day", "is_demo", "query"), Index("ix_search_counts_query", "query", "day"))

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    query: Mapped[str] = mapped_column()
    times: Mapped[int] = mapped_column(default=0)
    # How many answers it had the last time.
    results: Mapped[int] = mapped_column(default=0)
    # Times without an answer, and with none that fits; times that one was opened, and the sum of the places (from 1) of those.
    empty: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    weak: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    opened: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    places: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # Times that it was asked in other words at once, left alone, brought to the ticket form, and followed by a ticket.
    refined: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    abandoned: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    asked: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    tickets: Mapped[int] = mapped_column(default=0, server_default=text("0"))
