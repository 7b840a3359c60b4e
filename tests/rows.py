"""A row of everything that an address can name, all of Acme's user where it is somebody's."""

import io
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.routing import Rule

from app.accounts import actions as accounts
from app.accounts.models import OneTimeLink, SignIn, User
from app.alerts import actions as alerts
from app.alerts.links import token_of as alert_token
from app.alerts.models import AlertDelivery, AlertRoute
from app.escalation import editing as matrix
from app.events.actions import record
from app.events.models import Event
from app.extensions import Base, db
from app.knowledge import actions as knowledge
from app.knowledge.exchange import actions as uploads_of_files
from app.knowledge.learning import actions as learning
from app.knowledge.links.models import EntryLink
from app.knowledge.models import Article, Faq, SearchMiss
from app.knowledge.training import actions as training
from app.lib.tokens import fingerprint
from app.macros import actions as macros
from app.mail.models import OutboundMail
from app.notifications import account_jobs
from app.sla import dry_run, levels
from app.sla.models import Calendar, Clock, Policy
from app.status import actions as status
from app.surveys import actions as surveys
from app.surveys.links import token_of
from app.tickets import filing, guests, uploads
from app.tickets.models import Attachment, Follower, TicketLink
from app.triage import correcting, editing
from app.triage.models import TriageRule
from tests import factories
from tests.calls.furniture import furniture as call_furniture
from tests.knowledge.furniture import furniture as writing_furniture
from tests.rota.furniture import FEED_SECRET, furniture
from tests.sla.furniture import furniture as sla_furniture

LATER = timedelta(days=1)
# A proposal of a policy, as a form makes it.
TRIED = {"what": "policy", "organization_id": None, "calendar_id": None, "pause_on_hold": True, "targets": {}, "seen": ""}
UPLOADED = b'[{"question": "Sent in?", "answer": "Yes."}]'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def furnish(people: SimpleNamespace, now: datetime) -> SimpleNamespace:
    """Add the rows and commit; `rival` is a customer admin of another organization."""
    rival = User(name="Olga Nowak", email="olga@globex.example", role="customer_admin", organization_id=people.globex.id, created_at=now)
    db.session.add(rival)
    db.session.flush()
    rows = SimpleNamespace(
        rival=rival,
        **of_tickets(people, now),
        **of_accounts(people, now),
        **of_desk(people, now),
        **furniture(people, now),
        **of_alerts(people, now),
        **sla_furniture(people, now),
        **call_furniture(people, now),
    )
    db.session.commit()
    return rows


def of_tickets(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """A ticket with all that hangs on it, a resolved one with its survey, and a guest's request."""
    ticket = factories.ticket(people.user, priority="high", assignee=people.agent)
    staged = uploads.stage(people.agent, FileStorage(io.BytesIO(PNG), "shot.png"), (), (10, 10_000_000), now=now)
    factories.reply(ticket, people.agent, files=[staged])
    factories.note(ticket, people.agent)
    filing.follow(ticket, "cfo@acme.example", actor=people.user, now=now)
    filing.link(ticket, "Issue 12", "https://github.com/hivetechs/hive/issues/12", actor=people.agent, now=now)
    db.session.commit()
    done = factories.resolve(factories.ticket(people.user), people.agent)
    survey = surveys.invite(done, round_number=1, agent_id=people.agent.id, now=now, valid=LATER, quiet=LATER)
    asked = {
        "name": "Priya Nair",
        "kind": "question",
        "subject": "No key",
        "fields": factories.FIELDS["question"],
        "priority": "medium",
        "category": "other",
    }
    pending = guests.request("new@mail.example", asked, form_key=None, now=now)
    assert survey is not None
    assert pending is not None
    pending.secret_hash = fingerprint("guest-secret")
    return {
        "ticket": ticket,
        "attachment": first(Attachment),
        "follower": first(Follower),
        "link": first(TicketLink),
        "clock": db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).first(),
        "survey": token_of(current_app.secret_key, survey.nonce),  # type: ignore[arg-type]
    }


def of_accounts(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """Links that work once, an API token, a session, and a mail."""
    times = {"created_at": now, "expires_at": now + LATER}
    for purpose in ("invite", "reset"):
        db.session.add(
            OneTimeLink(purpose=purpose, secret_hash=fingerprint(f"{purpose}-secret"), user_id=people.colleague.id, email="", **times)
        )
    token, _ = accounts.create_token(people.user, "laptop", ["tickets:read"], now=now, actor=people.user)
    session = SignIn(user_id=people.user.id, secret_hash=fingerprint("session"), last_seen_at=now, **times)
    db.session.add(session)
    event = record("account.reset_requested", now=now, actor=people.user, facts={"email": people.user.email})
    db.session.commit()
    account_jobs.reset_password(event.id)
    return {"token": token, "session": session, "mail": first(OutboundMail), "colleague": people.colleague, "acme": people.acme}


def of_desk(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """What staff and leads look after."""
    miss = SearchMiss(query="quantum mode", last_at=now)
    db.session.add(miss)
    content = macros.Content("Ask for the logs", "Please send what `hive logs` prints.")
    return {
        "macro": macros.create(content, actor=people.agent, now=now),
        "level": levels.add_level(levels.Wanted("Halfway", "percent", 50, ("resolution",)), actor=people.lead, now=now),
        "announcement": status.publish("Slow answers", "We are on it.", "warn", actor=people.lead, now=now),
        "miss": miss,
        **of_learning(people, now),
        **writing_furniture(people, now, FileStorage(io.BytesIO(PNG), "stripes.png")),
        "executive": matrix.add_executive(people.admin, "Head of Engineering", "+1 555 0100", actor=people.lead, now=now),
        "faq": first(Faq),
        "must_read": must_read(people, now),
        "upload": uploads_of_files.keep("faq.json", UPLOADED, locales=("de", "fr", "es"), actor=people.lead, now=now),
        "entry_link": entry_link(),
        "article": first(Article),
        "rule": first(TriageRule),
        "correction": correcting.correct(factories.ticket(people.user), "escalate", "none", "data_loss", actor=people.lead, now=now),
        "calendar": first(Calendar),
        "policy": first(Policy),
        "tried": dry_run.propose("Technical", TRIED | {"id": first(Policy).id}, actor=people.lead, now=now),
    }


def of_learning(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """What a reader said of an entry, and a version of the product."""
    entry = db.session.scalars(select(Faq).order_by(Faq.id)).first()
    assert entry is not None
    knowledge.vote(entry, "reader", is_helpful=False, now=now)
    said = learning.remark(entry, "reader", "outdated", "The flag is gone since 2.0.", now=now)
    return {"remark": said, "release": learning.save_release("1.4", None, now.date() - LATER, actor=people.lead, now=now)}


def entry_link() -> EntryLink:
    """A link that leads nowhere."""
    link = EntryLink(kind="article", entry_id=first(Article).id, key="gone", url="/help/gone", is_external=False, state="broken")
    db.session.add(link)
    db.session.flush()
    return link


def must_read(people: SimpleNamespace, now: datetime) -> Any:
    """A procedure that agents have to read."""
    procedure = db.session.scalars(select(Article).where(Article.audience == "staff").order_by(Article.id)).first()
    assert procedure is not None
    return training.ask(procedure, ["agent"], [], now.date() + LATER, actor=people.lead, now=now)


def of_alerts(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """An alert that was sent to somebody, and a silence."""
    words = {"source": "volume", "title": "Many tickets", "body": "61 in the last hour", "path": "/desk/analytics"}
    alert = alerts.raise_alert(key="volume", severity="warning", **words, now=now)
    event = db.session.scalars(select(Event.id).where(Event.kind == "alert.raised")).first()
    told = {"kind": "leads", "shown": people.lead.name, "user_id": people.lead.id, "address": people.lead.email, "channel": "mail-lead"}
    sent = AlertDelivery(event_id=event, alert_id=alert.id, state="mailed", created_at=now, **told)
    db.session.add(sent)
    db.session.flush()
    silence = alerts.silence(source="other", until=now + LATER, reason="Moving house", actor=people.lead, now=now)
    secret = alert_token(current_app.secret_key, sent.id)  # type: ignore[arg-type]
    return {"alert": alert, "alert_token": secret, "silence": silence, "route": first(AlertRoute), "agent": people.agent}


def found_again(rows: SimpleNamespace) -> SimpleNamespace:
    """The same rows as this session sees them."""
    return SimpleNamespace(
        **{name: db.session.get_one(type(row), row.id) if isinstance(row, Base) else row for name, row in vars(rows).items()}
    )


def first(model: Any) -> Any:
    """The first row of a table."""
    return db.session.scalars(select(model).order_by(model.id)).first()


# (endpoint, blueprint or *, argument) → what stands there. Whoever adds an address with an argument adds it here.
VALUES: dict[tuple[str, str], Any] = {
    ("tickets.attachment", "ref"): lambda r: r.attachment.ref,
    ("tickets", "follower_id"): lambda r: r.follower.id,
    ("*", "ref"): lambda r: r.ticket.ref,
    ("calls", "ref"): lambda r: r.call.ref,
    ("calls_desk", "ref"): lambda r: r.call.ref,
    ("calls_link", "token"): lambda r: r.call_token,
    ("calls_admin", "number"): lambda r: r.call_kind.id,
    ("desk_changes.unfollow", "number"): lambda r: r.follower.id,
    ("desk_changes.unlink", "number"): lambda r: r.link.id,
    ("sla", "clock_id"): lambda r: r.clock.id,
    ("sla_statements", "ref"): lambda r: r.statement.ref,
    ("sla_own_statements", "ref"): lambda r: r.statement.ref,
    ("sla_admin.calendar", "number"): lambda r: r.calendar.id,
    ("sla_admin.save_calendar", "number"): lambda r: r.calendar.id,
    ("sla_admin.remove_calendar", "number"): lambda r: r.calendar.id,
    ("sla_admin.make_default", "number"): lambda r: r.calendar.id,
    ("sla_admin.year", "number"): lambda r: r.calendar.id,
    ("sla_admin.year", "year"): lambda r: 2026,
    ("sla_trying.try_policy", "number"): lambda r: r.policy.id,
    ("sla_trying.try_calendar", "number"): lambda r: r.calendar.id,
    ("sla_trying", "number"): lambda r: r.tried.id,
    ("sla_admin", "number"): lambda r: r.policy.id,
    ("sla_levels", "number"): lambda r: r.level.id,
    ("escalation_admin", "number"): lambda r: r.executive.id,
    ("escalation_admin.tier", "number"): lambda r: 3,
    ("escalation_admin.save_tier", "number"): lambda r: 3,
    ("escalation_admin", "key"): lambda r: "production_down",
    ("rota.team", "number"): lambda r: r.rota_team.id,
    ("rota.end_absence", "number"): lambda r: r.absence.id,
    ("rota", "number"): lambda r: r.swap.id,
    ("rota_admin.shift", "number"): lambda r: r.shift.id,
    ("rota_admin.save_shift", "number"): lambda r: r.shift.id,
    ("rota_admin.remove_shift", "number"): lambda r: r.shift.id,
    ("rota_admin.withdraw_override", "number"): lambda r: r.override.id,
    ("rota_admin", "number"): lambda r: r.rota_team.id,
    ("rota_feeds", "secret"): lambda r: FEED_SECRET,
    ("baton.hand_back", "number"): lambda r: r.absence.id,
    ("baton.hand_back_list", "number"): lambda r: r.absence.id,
    ("baton", "number"): lambda r: r.baton.id,
    ("triage", "number"): lambda r: r.rule.id,
    ("alerts.end_silence", "number"): lambda r: r.silence.id,
    ("alerts", "number"): lambda r: r.alert.id,
    ("alert_routes", "number"): lambda r: r.route.id,
    ("alert_routes", "person_id"): lambda r: r.agent.id,
    ("alarms", "key"): lambda r: "low_satisfaction",
    ("alert_links", "token"): lambda r: r.alert_token,
    ("announcements", "number"): lambda r: r.announcement.id,
    ("macros", "number"): lambda r: r.macro.id,
    ("mail", "number"): lambda r: r.mail.id,
    ("dev", "mail_id"): lambda r: r.mail.id,
    **{(part, "locale"): lambda r: "de" for part in ("translations", "translation_reviews")},
    ("translations", "kind"): lambda r: "faq",
    ("translation_reviews", "kind"): lambda r: "article",
    ("vocabulary", "number"): lambda r: 1,
    ("translations", "number"): lambda r: r.faq.id,
    ("translation_reviews", "number"): lambda r: r.worked.id,
    ("translation_reviews", "verb"): lambda r: "publish",
    ("translation_reviews", "review"): lambda r: r.abroad_review.id,
    ("links", "number"): lambda r: r.entry_link.id,
    ("knowledge_uploads", "number"): lambda r: r.upload.id,
    ("training", "number"): lambda r: r.must_read.article_id,
    ("training_lead", "number"): lambda r: r.must_read.article_id,
    ("knowledge.dismiss", "number"): lambda r: r.miss.id,
    ("learning.close", "number"): lambda r: r.remark.id,
    ("learning", "number"): lambda r: r.faq.id,
    ("learning", "kind"): lambda r: "faq",
    ("stale", "number"): lambda r: r.release.id,
    ("knowledge_writing.remove_address", "number"): lambda r: r.redirect.id,
    ("knowledge_writing", "at"): lambda r: 2,
    ("knowledge_reviews", "review"): lambda r: r.worked_review.id,
    ("knowledge_reviews", "verb"): lambda r: "withdraw",
    **{(f"knowledge_{part}", "kind"): lambda r: "article" for part in ("writing", "reviews", "care")},
    **{(f"knowledge_{part}", "number"): lambda r: r.worked.id for part in ("writing", "reviews", "care")},
    ("knowledge_pictures", "ref"): lambda r: r.picture.ref,
    ("knowledge", "number"): lambda r: r.faq.id,
    ("knowledge", "kind"): lambda r: "faq",
    ("desk", "view"): lambda r: "all",
    ("desk_bulk", "view"): lambda r: "all",
    ("*", "person_id"): lambda r: r.colleague.id,
    ("*", "organization_id"): lambda r: r.acme.id,
    ("account", "session_id"): lambda r: r.session.id,
    ("account", "token_id"): lambda r: r.token.id,
    ("articles_api", "section"): lambda r: r.article.section,
    ("articles_api", "slug"): lambda r: r.article.slug,
    ("feeds", "section"): lambda r: r.article.section,
    ("feeds", "kind"): lambda r: "page",
    ("help.read_here", "kind"): lambda r: "faq",
    ("help.read_here", "number"): lambda r: r.faq.id,
    ("feeds", "part"): lambda r: 0,
    ("help", "section"): lambda r: r.article.section,
    ("help", "slug"): lambda r: r.article.slug,
    ("help", "key"): lambda r: r.faq.external_id,
    ("surveys_public", "token"): lambda r: r.survey,
    ("guest", "token"): lambda r: "guest-secret",
    ("accounts.invite", "token"): lambda r: "invite-secret",
    ("accounts.accept", "token"): lambda r: "invite-secret",
    ("accounts", "token"): lambda r: "reset-secret",
    ("static", "filename"): lambda r: "css/portal.css",
}


# Pages that are about something which their query names.
QUERIES: dict[str, Any] = {
    "triage.new": lambda r: {"group": next(iter(editing.OUTCOMES))},
    "desk.fresh": lambda r: {"since": "0"},
    "help.thanks": lambda r: {"kind": "faq", "id": r.faq.id},
}


def address(rule: Rule, rows: SimpleNamespace) -> str:
    """The address of a route with real rows in it. KeyError asks you to say which row stands for a new argument."""
    blueprint = rule.endpoint.rpartition(".")[0] or "static"
    values = {}
    for name in rule.arguments:
        key = next(((who, name) for who in (rule.endpoint, blueprint, "*") if (who, name) in VALUES), (rule.endpoint, name))
        values[name] = VALUES[key](rows)
    built = rule.build(values, append_unknown=False)
    assert built is not None, f"{rule.endpoint} cannot be built from {values}"
    query = QUERIES[rule.endpoint](rows) if rule.endpoint in QUERIES and "GET" in (rule.methods or ()) else {}
    return built[1] + (f"?{urlencode(query)}" if query else "")
