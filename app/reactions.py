"""THE WIRING PAGE: what follows from an event. Nowhere else. Order here means nothing; a reaction never calls another."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select, update

from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db, queue, redis, retry
from app.lib.clock import utcnow

REACTIONS: dict[str, list[tuple[str, str]]] = {
    # event kind: [(queue, job), …]; a job takes the event's id
    "ticket.opened": [
        ("mail", "app.notifications.jobs.acknowledge"),
        ("default", "app.analytics.jobs.count_event"),
        ("default", "app.knowledge.learning.jobs.follow_ticket"),
    ],
    "ticket.replied": [
        ("mail", "app.notifications.jobs.tell_customer"),
        ("mail", "app.notifications.jobs.tell_staff"),
        ("default", "app.analytics.jobs.count_event"),
        ("default", "app.knowledge.learning.jobs.follow_reply"),
        ("mail", "app.notifications.alert_jobs.settle_alerts"),
    ],
    "ticket.triaged": [("default", "app.escalation.jobs.follow_triage"), ("default", "app.escalation.jobs.watch")],
    "ticket.priority_changed": [("default", "app.escalation.jobs.watch")],
    "ticket.priority_confirmed": [("default", "app.escalation.jobs.follow_confirmation"), ("default", "app.escalation.jobs.watch")],
    "ticket.escalated": [("mail", "app.notifications.jobs.tell_escalated")],
    "ticket.status_changed": [
        ("mail", "app.notifications.jobs.tell_status"),
        ("mail", "app.notifications.alert_jobs.settle_alerts"),
    ],
    "ticket.reopened": [
        ("default", "app.escalation.jobs.watch"),
        ("mail", "app.notifications.jobs.tell_status"),
        ("default", "app.knowledge.learning.jobs.follow_reopening"),
    ],
    "ticket.resolved": [
        ("default", "app.escalation.jobs.follow_resolution"),
        ("mail", "app.notifications.jobs.tell_resolved"),
        ("default", "app.surveys.jobs.invite"),
        ("default", "app.analytics.jobs.count_event"),
        ("mail", "app.notifications.alert_jobs.settle_alerts"),
    ],
    "ticket.closed": [("mail", "app.notifications.alert_jobs.settle_alerts")],
    "ticket.merged": [
        ("default", "app.escalation.jobs.follow_resolution"),
        ("mail", "app.notifications.jobs.tell_merged"),
        ("mail", "app.notifications.alert_jobs.settle_alerts"),
    ],
    "ticket.joined": [("default", "app.escalation.jobs.watch"), ("mail", "app.notifications.alert_jobs.settle_alerts")],
    "ticket.unmerged": [("default", "app.escalation.jobs.watch")],
    "ticket.split": [("mail", "app.notifications.alert_jobs.settle_alerts")],
    "ticket.split_off": [("mail", "app.notifications.jobs.tell_split")],
    "ticket.assigned": [
        ("default", "app.escalation.jobs.acknowledge"),
        ("mail", "app.notifications.jobs.tell_assignee"),
        ("mail", "app.notifications.alert_jobs.take_alerts"),
    ],
    "sla.warned": [("mail", "app.notifications.jobs.warn_of_deadline")],
    "sla.breached": [("mail", "app.notifications.jobs.tell_of_breach")],
    "sla.level_reached": [
        ("default", "app.tickets.level_jobs.follow_level"),
        ("default", "app.escalation.jobs.follow_level"),
        ("mail", "app.notifications.alert_jobs.alert_of_level"),
    ],
    "sla.policy_changed": [("default", "app.sla.jobs.follow_run")],
    "sla.dry_run_started": [("default", "app.sla.jobs.follow_run")],
    "sla.dry_run_resumed": [("default", "app.sla.jobs.follow_run")],
    "sla.level_changed": [("default", "app.sla.jobs.follow_levels")],
    "sla.report_scheduled": [("mail", "app.notifications.sla_jobs.mail_report")],
    "organization.changed": [("default", "app.sla.jobs.follow_organization")],
    "survey.invited": [("mail", "app.notifications.jobs.invite_to_survey")],
    "survey.answered": [
        ("mail", "app.notifications.jobs.alert_low_score"),
        ("default", "app.surveys.jobs.follow_up"),
        ("mail", "app.notifications.alert_jobs.alert_of_score"),
    ],
    "rota.baton_offered": [("mail", "app.notifications.rota_jobs.offer_baton")],
    "rota.swap_asked": [("mail", "app.notifications.rota_jobs.ask_swap")],
    "rota.swap_answered": [("mail", "app.notifications.rota_jobs.answer_swap"), ("default", "app.calls.jobs.follow_rota")],
    "rota.absence_added": [("mail", "app.notifications.rota_jobs.tell_deputy"), ("default", "app.calls.jobs.follow_rota")],
    "rota.override_added": [("mail", "app.notifications.rota_jobs.tell_taker"), ("default", "app.calls.jobs.follow_rota")],
    "knowledge.published": [("index", "app.knowledge.jobs.index_entry"), ("default", "app.knowledge.links.jobs.follow_entry")],
    "knowledge.unpublished": [("index", "app.knowledge.jobs.index_entry"), ("default", "app.knowledge.links.jobs.follow_entry")],
    "knowledge.changed": [("index", "app.knowledge.jobs.index_entry"), ("default", "app.knowledge.links.jobs.follow_entry")],
    "knowledge.translated": [("index", "app.knowledge.jobs.index_import")],
    "knowledge.translation_withdrawn": [("index", "app.knowledge.jobs.index_import")],
    "knowledge.import_confirmed": [("index", "app.knowledge.exchange.jobs.take_in")],
    "knowledge.link_rechecked": [("default", "app.knowledge.links.jobs.recheck")],
    "knowledge.reading_asked": [("mail", "app.notifications.training_jobs.tell_readers")],
    "knowledge.reading_reminded": [("mail", "app.notifications.training_jobs.remind_readers")],
    "knowledge.list_scheduled": [("mail", "app.notifications.learning_jobs.mail_list")],
    "knowledge.restored": [("index", "app.knowledge.jobs.index_entry")],
    "knowledge.review_asked": [("mail", "app.notifications.knowledge_jobs.ask_reviewer")],
    "knowledge.review_answered": [("mail", "app.notifications.knowledge_jobs.answer_writer")],
    "knowledge.plan_overtaken": [("mail", "app.notifications.knowledge_jobs.tell_overtaken")],
    "knowledge.plan_failed": [("mail", "app.notifications.knowledge_jobs.tell_planner")],
    "knowledge.review_reminded": [("mail", "app.notifications.knowledge_jobs.remind_owner")],
    "knowledge.imported": [("index", "app.knowledge.jobs.index_import")],
    "knowledge.import_finished": [("default", "app.knowledge.links.jobs.follow_import")],
    "knowledge.vocabulary_changed": [("index", "app.knowledge.jobs.index_import")],
    "knowledge.vocabulary_imported": [("index", "app.knowledge.jobs.index_import")],
    "rota.shift_changed": [("default", "app.calls.jobs.follow_rota")],
    "rota.override_withdrawn": [("default", "app.calls.jobs.follow_rota")],
    "rota.absence_ended": [("default", "app.calls.jobs.follow_rota")],
    "rota.person_changed": [("default", "app.calls.jobs.follow_rota")],
    "rota.baton_answered": [("default", "app.calls.jobs.follow_rota")],
    "call.booked": [("mail", "app.notifications.call_jobs.tell_of_call")],
    "call.moved": [("mail", "app.notifications.call_jobs.tell_of_call"), ("default", "app.calls.jobs.follow_call")],
    "call.reassigned": [("mail", "app.notifications.call_jobs.tell_of_call"), ("default", "app.calls.jobs.follow_call")],
    "call.changed": [("mail", "app.notifications.call_jobs.tell_of_call")],
    "call.cancelled": [("mail", "app.notifications.call_jobs.tell_of_call"), ("default", "app.calls.jobs.follow_call")],
    "call.held": [("default", "app.calls.jobs.follow_call")],
    "call.missed": [("default", "app.calls.jobs.follow_call")],
    "call.reminded": [("mail", "app.notifications.call_jobs.remind_of_call")],
    "mail.failed": [("mail", "app.notifications.jobs.tell_of_failed_mail"), ("mail", "app.alerts.jobs.follow_mail")],
    "alert.raised": [("mail", "app.alerts.jobs.notify")],
    "alert.climbed": [("mail", "app.alerts.jobs.notify")],
    "alert.resolved": [("mail", "app.alerts.jobs.notify")],
    "alert.route_tested": [("mail", "app.alerts.jobs.notify")],
    "guest.requested": [("mail", "app.notifications.account_jobs.confirm_guest")],
    "account.reset_requested": [("mail", "app.notifications.account_jobs.reset_password")],
    "account.invited": [("mail", "app.notifications.account_jobs.invite_person")],
    "account.elsewhere_invited": [("mail", "app.notifications.account_jobs.tell_invited_elsewhere")],
    "account.changed": [("default", "app.tickets.leaving.follow_account"), ("default", "app.calls.jobs.follow_rota")],
    "account.password_changed": [("mail", "app.notifications.account_jobs.tell_password_changed")],
}

# An event that no listener has dispatched within this time is dispatched by the sweep.
OVERDUE = timedelta(seconds=30)
BATCH = 500


def dispatch_all(event_ids: Sequence[int]) -> int:
    """Queue every reaction of some events, then mark them. Returns how many were queued; a repeat queues none.

    A crash between the two leaves them unmarked, and the sweep queues their reactions again: jobs bear running twice.
    """
    undispatched = (Event.id.in_(event_ids), Event.dispatched_at.is_(None))
    events = db.session.execute(select(Event.id, Event.kind).where(*undispatched).order_by(Event.id)).all()
    wanted = [(*reaction, event.id) for event in events for reaction in REACTIONS.get(event.kind, ())]
    enqueue(wanted)
    marked = update(Event).where(*undispatched).values(dispatched_at=utcnow())
    db.session.execute(marked, execution_options={"synchronize_session": False})
    db.session.commit()
    return len(wanted)


def enqueue(wanted: Iterable[tuple[str, str, int]]) -> None:
    """Put jobs on their queues, each with the event that it takes and with our retries. One trip to Redis for all."""
    with redis().pipeline() as pipe:
        for name, job, event_id in wanted:
            queue(name).enqueue(job, args=(event_id,), retry=retry(), result_ttl=0, failure_ttl=7 * 86400, pipeline=pipe)
        pipe.execute()


def dispatch_overdue() -> int:
    """Dispatch what was committed while Redis was away or a process died. Returns how many events."""
    limit = utcnow() - OVERDUE
    overdue = db.session.scalars(
        select(Event.id).where(Event.dispatched_at.is_(None), Event.at < limit).order_by(Event.id).limit(BATCH)
    ).all()
    dispatch_all(overdue)
    return len(overdue)


def unwired() -> set[str]:
    """Kinds on this page that do not exist; a house test wants none."""
    return set(REACTIONS) - set(KINDS)
