"""THE CLOCK PAGE: periodic job → how often."""

from app.ops.ticker import Every

SCHEDULE: dict[str, Every] = {
    "sweep-clocks": Every(60, "app.sla.jobs.sweep"),
    "watch-unattended": Every(300, "app.tickets.unattended.watch"),
    "extend-rota-holidays": Every(86400, "app.rota.jobs.extend_holidays"),
    "extend-holidays": Every(86400, "app.sla.jobs.extend_holidays"),
    "pick-up-sla-runs": Every(60, "app.sla.run_jobs.pick_up"),
    "forget-sla-runs": Every(86400, "app.sla.run_jobs.forget"),
    "mail-sla-reports": Every(1800, "app.sla.report_jobs.mail_reports"),
    "make-statements": Every(3600, "app.sla.report_jobs.make_statements"),
    "dispatch-overdue-events": Every(60, "app.reactions.dispatch_overdue"),
    "sweep-unresolved": Every(60, "app.escalation.jobs.sweep"),
    "close-resolved": Every(3600, "app.tickets.jobs.close_resolved"),
    "sweep-uploads": Every(3600, "app.tickets.jobs.sweep_uploads"),
    "sweep-pending": Every(3600, "app.tickets.jobs.sweep_pending"),
    "index-knowledge": Every(300, "app.knowledge.jobs.catch_up", "index"),
    "count-readers": Every(60, "app.knowledge.jobs.note_reading", "index"),
    "watch-figures": Every(60, "app.analytics.alarm_jobs.watch"),
    "climb-alerts": Every(60, "app.alerts.jobs.climb"),
    "sweep-alert-messages": Every(60, "app.alerts.jobs.sweep_deliveries", "mail"),
    "remind-of-calls": Every(60, "app.calls.jobs.remind"),
    "watch-calls": Every(300, "app.calls.jobs.watch"),
    "forget-call-cells": Every(86400, "app.calls.jobs.forget_cells"),
    "sweep-mail": Every(60, "app.mail.jobs.sweep_mail", "mail"),
    "sweep-counted-events": Every(86400, "app.analytics.jobs.sweep_counted"),
    "make-forecasts": Every(3600, "app.analytics.forecast_jobs.make_forecasts"),
    "judge-forecasts": Every(900, "app.analytics.forecast_jobs.judge_forecasts"),
    "follow-figures": Every(60, "app.analytics.jobs.follow"),
}
