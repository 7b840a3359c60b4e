"""THE CLOCK PAGE: periodic job → how often."""

from app.ops.ticker import Every

SCHEDULE: dict[str, Every] = {
    "dispatch-overdue-events": Every(60, "app.reactions.dispatch_overdue"),
    "sweep-mail": Every(60, "app.mail.jobs.sweep_mail", "mail"),
    "sweep-counted-events": Every(86400, "app.analytics.jobs.sweep_counted"),
    "follow-figures": Every(60, "app.analytics.jobs.follow"),
}
