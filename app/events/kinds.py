"""Every kind of event (noun, dot, past tense) and the exact facts that it carries. `record()` refuses any other.

A ticket event that changes the status or the priority says so in `status` or `priority` (the new value), and those
that do not leave the fact at None: the SLA clock replays a ticket from these facts alone.
"""

KINDS: dict[str, frozenset[str]] = {
    kind: frozenset(facts.split())
    for kind, facts in {
        # tickets
        "ticket.opened": "ref subject kind status priority source",
        "ticket.triaged": "decisions priority",
        "ticket.replied": "message_id by_staff is_automatic status",
        "ticket.noted": "message_id",
        "ticket.status_changed": "old status",
        "ticket.priority_changed": "old priority reason",
        "ticket.priority_confirmed": "accepted proposed priority",
        "ticket.assigned": "old_id old_name assignee_id assignee_name",
        "ticket.moved": "old_team team",
        "ticket.categorised": "old category",
        "ticket.tagged": "added removed",
        "ticket.follower_added": "email name",
        "ticket.follower_removed": "email name",
        "ticket.resolved": "outcome status round by_staff",
        "ticket.reopened": "status reason",
        "ticket.closed": "status",
        "ticket.linked": "label url",
        "ticket.unlinked": "label url",
        "ticket.escalated": "old_tier tier trigger reason team response_minutes",
        "ticket.deescalated": "old_tier tier reason",
        "ticket.escalation_proposed": "tier trigger reason",
        "ticket.escalation_declined": "tier trigger reason",
        # service levels
        "sla.warned": "clock_id metric due_at ref assignee_id",
        "sla.breached": "clock_id metric due_at ref assignee_id",
        "sla.policy_changed": "policy summary policies organizations run_id",
        "sla.terms_set": "policy calendar reason",
        "sla.level_reached": "clock_id level_id level metric due_at ref assignee_id severity actions",
        "sla.level_changed": "level_id level changes",
        "sla.promise_moved": "clock_id metric old new reason",
        "sla.report_due": "user_id week",
        "sla.subscribed": "user_id",
        "sla.unsubscribed": "user_id",
        "sla.statement_made": "ref month version seal",
        # guests
        "guest.requested": "pending_id",
        "guest.confirmed": "ref",
        # people
        "account.signed_in": "session_id ip",
        "account.signed_out": "session_id",
        "account.sign_in_failed": "email_hash ip",
        "account.reset_requested": "email",
        "account.password_changed": "how",
        "account.invited": "user_id email",
        "account.invitation_accepted": "user_id",
        "account.session_revoked": "session_id",
        "account.sessions_revoked": "count",
        "account.profile_changed": "fields",
        "account.changed": "user_id changes",
        "account.impersonation_started": "user_id name",
        "account.impersonation_ended": "user_id name",
        "organization.created": "name plan",
        "organization.changed": "changes",
        "token.created": "user_id name scopes",
        "token.revoked": "user_id name",
        # rota
        "rota.shift_changed": "shift_id name team changes",
        "rota.cover_changed": "team needs",
        "rota.override_added": "override_id user_id name team start end",
        "rota.override_withdrawn": "override_id user_id name team start end",
        "rota.absence_added": "absence_id user_id name start end deputy",
        "rota.absence_ended": "absence_id user_id name end",
        "rota.handed_back": "absence_id user_id",
        "rota.swap_asked": "swap_id asker_id other_id team start end",
        "rota.swap_answered": "swap_id asker_id other_id team state",
        "rota.person_changed": "user_id changes",
        "rota.feed_made": "user_id",
        "rota.feed_revoked": "user_id",
        "rota.baton_offered": "baton_id from_id to_id team",
        "rota.baton_answered": "baton_id from_id to_id team state",
        # triage, macros
        "triage.rule_changed": "rule changes",
        "escalation.matrix_changed": "subject changes",
        "macro.created": "macro_id title",
        "macro.changed": "macro_id changes",
        # knowledge
        "knowledge.published": "kind entry_id title",
        "knowledge.unpublished": "kind entry_id title",
        "knowledge.changed": "kind entry_id title",
        "knowledge.imported": "source added changed",
        "knowledge.miss_dismissed": "query",
        "knowledge.voted": "kind entry_id helpful",
        "knowledge.deflected": "query kind entry_id",
        # surveys
        "survey.invited": "survey_id",
        "survey.answered": "survey_id overall_satisfaction low",
        # announcements
        "announcement.published": "announcement_id title",
        "announcement.withdrawn": "announcement_id title",
        # mail
        "mail.failed": "mail_id recipient_id reason",
        "mail.resent": "mail_id",
        # alerts
        "alert.raised": "alert_id key severity source title why",
        "alert.climbed": "alert_id rung who people",
        "alert.acknowledged": "alert_id title how",
        "alert.silenced": "silence_id scope until reason",
        "alert.silence_ended": "silence_id scope",
        "alert.resolved": "alert_id title how",
        "alert.delivery_failed": "alert_id delivery_id channel reason instead",
        "alert.route_changed": "route_id name changes",
        "alert.route_tested": "route_id name channels",
    }.items()
}
