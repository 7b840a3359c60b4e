"""The site that the browser tests visit: `python -m tests.browser.live` fills a database of its own and serves it.

The first line it writes is JSON: where it is, and what there is to look at. It ends with the process that started it.
"""

import io
import json
import re
import signal
import socket
import sys
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from alembic import command
from flask import Flask, current_app
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.accounts import actions as account_actions
from app.accounts import administration
from app.accounts.administration import Invitation
from app.alerts import actions as alerts
from app.alerts.models import Alert, AlertRoute
from app.analytics import forecasts
from app.calls import slots
from app.calls.links import token_of
from app.calls.models import Call, CallKind
from app.config import Config
from app.extensions import db
from app.knowledge.models import Article, Faq
from app.knowledge.writing.models import Revision
from app.lib import logs, schema
from app.lib.clock import utcnow
from app.lib.database import writing
from app.macros.models import Macro
from app.mail.models import OutboundMail
from app.ops import baseline, workers
from app.rota.models import RotaAbsence, RotaBaton, RotaShift
from app.sla import dry_run, issuing
from app.sla.models import Calendar, Clock, Policy, Run
from app.sla.papers import Statement
from app.status import actions as status_actions
from app.tickets import guests
from app.tickets.models import Ticket
from app.triage.models import TriageRule
from tests import factories, services
from tests.calls.furniture import furniture as call_furniture
from tests.knowledge.furniture import furniture as writing_furniture
from tests.knowledge.shelf import shelve, shelved
from tests.people import company, move_in
from tests.rota.furniture import furniture
from tests.rows import PNG

HOST = "127.0.0.1"
# Each test that changes a ticket has one of its own.
FOR_TESTS = ("keyboard", "twice", "stale", "draft", "answer", "plain", "drop", "menu", "signed_out", "sent", "errors")
# A word that is wider than a page, alone and in a table.
ROUGH = f"{'x' * 500}\n\n| Node | Says |\n| - | - |\n| one | {'x' * 500} |"
LONG = (
    "It stops with\n\n```\nthread 'main' panicked at src/consensus/stage2.rs:118: called `Option::unwrap()` on a `None` value\n```\n\n"
    "1. run `hive consensus`\n2. wait\n\n> The progress stays at 40 %.\n\n| profile | result |\n|---|---|\n| deep | hangs |\n"
)


class Quiet(WSGIRequestHandler):
    """Handles requests without a line for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def main() -> None:
    """Fill, tell, serve."""
    door = socket.create_server((HOST, 0), backlog=64)
    app = application(door.getsockname()[1])
    with app.app_context():
        facts = fill(app, utcnow())
    server = make_server(HOST, door.getsockname()[1], app, threaded=True, request_handler=Quiet, fd=door.fileno())
    # The job workers have set one of theirs.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def application(port: int) -> Flask:
    """The application on an empty database, reachable at a port of this machine."""
    directory = services.directory()
    config = Config(
        env="test",
        secret_key="for tests only",
        base_url=f"http://{HOST}:{port}",
        data_dir=directory,
        database_url=f"sqlite:///{directory / 'live.sqlite3'}",
        redis_url=services.redis().url,
        log_level="ERROR",
        rate_limits=False,
    )
    app = create_app(config.completed())
    logs.configure(app.config["SETTINGS"])
    return app


def fill(app: Flask, now: datetime) -> dict[str, Any]:
    """The company, a ticket in each state, and what follows from all that; tells what the tests need to know."""
    db.create_all()
    command.stamp(schema.alembic_config(), "head")
    with writing():
        baseline.ensure(now)
        move_in(now)
        db.session.commit()
        people = company()
        refs = tickets(people, now)
        around(people, now)
        db.session.commit()
    # The first of the jobs that put something into the index finds none and makes it of all there is.
    workers.drain(app)
    return {"url": app.config["SETTINGS"].base_url, "database": str(services.directory() / "live.sqlite3"), **refs, **found(), **links()}


def tickets(people: SimpleNamespace, now: datetime) -> dict[str, str]:
    """Tickets in every state, and those that single tests change; their numbers by name."""
    made = {f"for_{name}": factories.ticket(people.user, now=now - timedelta(hours=5), subject=f"About {name}") for name in FOR_TESTS}
    earlier = now - timedelta(days=2)
    made["new"] = factories.ticket(people.user, kind="bug", now=now - timedelta(minutes=3), priority="critical")
    made["open"] = factories.ticket(people.user, now=earlier, body=LONG, assignee=people.agent, team="engineering", tags=("stage-two",))
    factories.reply(made["open"], people.agent)
    factories.note(made["open"], people.agent2)
    factories.reply(made["open"], people.user, "Still the same with 2.0.1.", now=now - timedelta(hours=1))
    made["waiting"] = factories.ticket(people.owner, kind="feature", now=earlier)
    factories.reply(made["waiting"], people.agent, "Which shell is it?", status="pending_customer")
    made["hold"] = factories.ticket(people.stranger, now=earlier, status="on_hold", assignee=people.agent2)
    made["raised"] = factories.ticket(people.stranger, now=now - timedelta(minutes=9), priority="emergency")
    for name in ("resolved", "survey"):
        made[name] = factories.ticket(people.user, now=earlier, assignee=people.agent, subject=f"To be solved: {name}")
        factories.reply(made[name], people.agent, "Please try 2.0.2.")
        factories.resolve(made[name], people.agent)
    # Nothing that a customer writes makes a page too wide, or is read in the wrong direction.
    made["rough"] = factories.ticket(people.user, now=earlier, subject="W" * 150, body=ROUGH, tags=("t" * 40,))
    made["arabic"] = factories.ticket(people.user, now=earlier, subject="لا يعمل hive 2.0.1 بعد التحديث", body="مرحبا، hive يتوقف.")
    made["closed"] = factories.ticket(people.user, now=now - timedelta(days=20), status="closed")
    return {name: ticket.ref for name, ticket in made.items()}


def around(people: SimpleNamespace, now: datetime) -> None:
    """An announcement, a guest who has asked, somebody invited, and somebody who forgot their password."""
    status_actions.publish("Slow answers from two providers", "We are on it.", "warn", actor=people.lead, now=now)
    form = {
        "name": "Noor",
        "kind": "question",
        "subject": "May I try it?",
        "fields": {"body": "How long?"},
        "priority": "low",
        "category": "",
    }
    guests.request("noor@mail.example", form, form_key="live-guest-form", now=now)
    administration.invite(Invitation("new@acme.example", "Nel", "customer", people.acme), actor=people.admin, now=now)
    account_actions.request_reset(people.colleague.email, now=now)
    furniture(people, now)
    call_furniture(people, now)
    writing_furniture(people, now, FileStorage(io.BytesIO(PNG), "stripes.png"))
    shelve(people, now)
    tried(people, now)
    issuing.make(people.acme, f"{now:%Y-%m}", "UTC", actor=None, now=now + timedelta(days=40))
    forecasts.make(now, is_demo=False)
    words = {"source": "volume", "title": "Many tickets", "body": "61 in the last hour", "path": "/desk/analytics"}
    alerts.raise_alert(key="volume", severity="page", **words, now=now)
    alerts.silence(source="search", until=now + timedelta(hours=3), reason="Moving the index", actor=people.lead, now=now)


def tried(people: SimpleNamespace, now: datetime) -> None:
    """A dry run of shorter targets, worked off by the worker like any other."""
    policy = db.session.scalars(select(Policy).where(Policy.plan_id == people.acme.plan_id)).one()
    targets: dict[str, dict[str, int]] = {}
    for one in policy.targets:
        targets.setdefault(one.metric, {})[one.priority] = max(1, one.target_minutes // 4)
    asked = {"what": "policy", "id": policy.id, "organization_id": None, "calendar_id": policy.calendar_id}
    dry_run.propose(policy.name, asked | {"pause_on_hold": True, "targets": targets, "seen": ""}, actor=people.lead, now=now)


def found() -> dict[str, Any]:
    """The numbers in addresses of pages about one thing each."""
    smallest = {
        name: db.session.scalar(select(func.min(table.id)))
        for name, table in {
            "alert": Alert,
            "route": AlertRoute,
            "macro": Macro,
            "rule": TriageRule,
            "policy": Policy,
            "calendar": Calendar,
            "mail": OutboundMail,
            "shift": RotaShift,
            "absence": RotaAbsence,
            "baton": RotaBaton,
            "tried": Run,
        }.items()
    }
    clock, of = db.session.execute(select(Clock.id, Ticket.ref).join(Ticket, Ticket.id == Clock.ticket_id).order_by(Clock.id)).first() or (
        0,
        "",
    )
    people = company()
    return {
        **smallest,
        **of_knowledge(),
        **of_calls(),
        "statement": db.session.scalar(select(func.min(Statement.ref))),
        "clock": clock,
        "clock_ticket": of,
        "person": people.user.id,
        "staff": people.agent.id,
        "organization": people.acme.id,
    }


def of_knowledge() -> dict[str, Any]:
    """An article, a question, one that is worked on, and what stands beside entries."""
    article = db.session.scalars(select(Article).where(Article.audience == "public").order_by(Article.id)).first()
    question = db.session.scalars(select(Faq).where(Faq.audience == "public").order_by(Faq.id)).first()
    assert article and question
    return {
        "worked": db.session.scalar(select(func.min(Revision.entry_id)).where(Revision.kind == "article")),
        "article": article.id,
        "article_path": f"{article.section}/{article.slug}",
        "section": article.section,
        "faq": question.id,
        "question": question.external_id,
        "question_text": question.question,
        **shelved(),
    }


def of_calls() -> dict[str, Any]:
    """A booked call, its link, its kind, and a time that can still be booked."""
    call = db.session.scalars(select(Call)).one()
    kind = db.session.get_one(CallKind, call.kind_id)
    slot = slots.offer(kind, now=utcnow()).slots[40]
    link = f"/calls/link/{token_of(current_app.config['SECRET_KEY'], call.nonce)}"
    return {"call": call.ref, "call_link": link, "call_kind": kind.id, "slot": slot.value}


def links() -> dict[str, str]:
    """The path of the newest link of each kind that we have mailed, and that of the mail with a survey's five."""
    paths: dict[str, str] = {}
    for mail in db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)):
        for kind, rest in re.findall(r"https?://[^/\s]+/(survey|invite|password-reset|guest|alerts/acknowledge)/([\w.~-]+)", mail.text):
            paths[f"{kind.rpartition('/')[2]}_link"] = f"/{kind}/{rest}"
            if kind == "survey":
                paths["survey_mail"] = f"/dev/mail/{mail.id}"
    return paths


if __name__ == "__main__":
    main()
