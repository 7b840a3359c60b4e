"""What happens by the clock to what staff have to read."""

from app.extensions import db
from app.knowledge.training import actions, queries
from app.lib.clock import utcnow
from app.lib.database import writing


def remind() -> int:
    """Each hour: whoever has not read what is due within days hears of it, once a week. Returns how many articles were told of."""
    with writing():
        now = utcnow()
        due = [(article, duty) for article, duty in queries.all_duties() if duty.is_reminder_due(now)]
        waiting = [
            (article, duty) for article, duty in due if any(p.state != "read" for p in queries.completion(article, duty, now.date()))
        ]
        told = sum(actions.remind(article.id, article.title, duty.due_on, now=now) for article, duty in waiting)
        db.session.commit()
    return told
