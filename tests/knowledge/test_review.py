"""A second pair of eyes before a text reaches its readers."""

from datetime import timedelta
from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import FaqText
from app.knowledge.models import Faq
from app.knowledge.writing import approvals, plans, publishing, queries, reviewing, rules, versions
from app.knowledge.writing.models import Revision
from app.knowledge.writing.versions import Seen
from app.lib.database import writing
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.mail.models import OutboundMail
from tests.knowledge.shared import kinds
from tests.processes import in_processes


def text(answer, question="Zebras?", audience="public"):
    return FaqText(question, answer, "cli", (), audience)


@pytest.fixture
def written(faq, people, now):
    """A public question that an agent works on beside the live text."""
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Better."), actor=people.agent, now=now)
    return entry


def ask(entry, people, now, reviewer=None, note=""):
    return reviewing.ask(entry, reviewer, note, actor=people.agent, now=now)


def answer(entry, review, actor, now, **said):
    reviewing.answer(entry, review, said.pop("comment", ""), **{"approve": True, **said}, actor=actor, now=now)


def test_nobody_is_asked_any_more_for_what_is_archived(faq, people, now):
    entry = faq("Zebras?", publish=False)
    review = ask(entry, people, now)
    actions.archive(entry, actor=people.agent, now=now)
    assert review.state == "closed"
    assert queries.work(entry, people.lead).state == "archived"
    with pytest.raises(WrongState, match="archived"):
        ask(entry, people, now)
    actions.unarchive(entry, actor=people.agent, now=now)
    assert ask(entry, people, now).state == "asked"


@pytest.mark.parametrize("approve", [True, False])
def test_what_was_judged_and_is_archived_waits_for_nobody(faq, people, now, approve):
    entry = faq("Zebras?", publish=False)
    review = ask(entry, people, now)
    answer(entry, review, people.admin, now, approve=approve, comment="Because.")
    actions.archive(entry, actor=people.agent, now=now)
    assert queries.work(entry, people.lead).state == "archived"
    with pytest.raises(WrongState, match="archived"):
        plans.plan(entry, "publish", now.replace(tzinfo=None) + timedelta(days=1), actor=people.lead, now=now)


@pytest.mark.parametrize(
    ("role", "audiences", "reviewed", "needed"),
    [
        ("agent", {"public"}, ["public"], True),
        ("agent", {"staff", "public"}, ["public"], True),
        ("agent", {"staff"}, ["public"], False),
        ("agent", {"public"}, [], False),
        ("agent", {"customers"}, ["public", "customers"], True),
        ("lead", {"public"}, ["public"], False),
        ("admin", {"public"}, ["public"], False),
    ],
)
def test_who_needs_another_persons_word(role, audiences, reviewed, needed):
    assert rules.needs_approval(role, audiences, reviewed) is needed


@pytest.mark.parametrize(
    ("role", "person", "reviewer", "writer", "may"),
    [
        ("agent", 1, 1, 2, True),
        ("agent", 1, None, 2, False),
        ("agent", 1, 3, 2, False),
        ("lead", 1, 3, 2, True),
        ("lead", 1, None, 1, False),
        ("customer", 1, 1, 2, False),
    ],
)
def test_who_may_answer(role, person, reviewer, writer, may):
    assert rules.may_answer(role, person, reviewer, writer) is may


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (("published", False, None, False, False), "published"),
        (("published", False, "approved", True, False), "published"),
        (("published", True, None, False, False), "revision"),
        (("published", True, "asked", False, False), "in_review"),
        (("published", True, "returned", True, False), "returned"),
        (("published", True, "approved", False, False), "revision"),
        (("withdrawn", True, None, False, False), "withdrawn"),
        (("draft", False, "approved", True, True), "scheduled"),
        (("draft", False, "withdrawn", True, False), "draft"),
        (("withdrawn", False, "approved", True, False), "approved"),
    ],
)
def test_the_state_of_a_text(given, state):
    status, beside, review, is_current, is_planned = given
    found = rules.state_of(status, has_revision=beside, review=review, is_current=is_current, is_planned=is_planned)
    assert found == state


def test_an_agents_text_reaches_readers_once_somebody_else_approves(written, people, now):
    review = ask(written, people, now, note="Is the flag right?")
    answer(written, review, people.lead, now)
    publishing.publish(written, actor=people.agent, now=now)
    assert written.answer == "Better."
    assert kinds() == ["published", "drafted", "review_asked", "review_answered", "changed"]


def test_an_approval_is_of_one_text_and_not_of_the_next(written, people, now):
    answer(written, ask(written, people, now), people.lead, now)
    publishing.write(written, text("Slipped in."), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        publishing.publish(written, actor=people.agent, now=now)
    assert queries.work(written, people.agent).state == "revision"
    assert written.answer == "Live."


def test_a_draft_of_an_agent_is_approved_and_published_in_one_step(people, now):
    entry = actions.save_faq(None, text("New."), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        publishing.publish(entry, actor=people.agent, now=now)
    answer(entry, ask(entry, people, now), people.lead, now, publish=True)
    assert entry.status == "published"
    assert kinds() == ["changed", "review_asked", "review_answered", "published"]


def test_a_colleague_who_was_asked_may_approve_and_then_the_writer_publishes(written, people, now):
    review = ask(written, people, now, people.agent2)
    answer(written, review, people.agent2, now)
    publishing.publish(written, actor=people.agent, now=now)
    assert written.answer == "Better."


def test_nobody_approves_of_their_own_text(written, people, now):
    review = ask(written, people, now)
    with pytest.raises(NotAllowed):
        answer(written, review, people.agent, now)
    publishing.write(written, text("Best."), then="draft", actor=people.lead, now=now)
    with pytest.raises(NotAllowed):
        answer(written, review, people.lead, now)
    answer(written, review, people.admin, now)


def test_a_reviewer_answers_for_the_text_that_they_saw(written, people, now):
    review, seen = ask(written, people, now), Seen.now(written, versions.revision_of(written))
    publishing.write(written, text("Newer."), actor=people.agent, now=now)
    with pytest.raises(Stale):
        answer(written, review, people.lead, now, seen=seen)
    answer(written, review, people.lead, now, seen=Seen.now(written, versions.revision_of(written)))
    assert approvals.last_review(written).number == 3


def test_sending_back_needs_a_comment_and_keeps_it(written, people, now):
    review = ask(written, people, now)
    with pytest.raises(Invalid):
        answer(written, review, people.lead, now, approve=False, comment="  ")
    answer(written, review, people.lead, now, approve=False, comment="Which version?")
    assert (review.state, review.comment) == ("returned", "Which version?")
    with pytest.raises(WrongState):
        answer(written, review, people.lead, now)
    with pytest.raises(NotAllowed):
        publishing.publish(written, actor=people.agent, now=now)


def test_asking_again_is_harmless_and_asking_another_takes_its_place(written, people, now):
    first = ask(written, people, now, people.agent2)
    assert ask(written, people, now, people.agent2) is first
    assert ask(written, people, now, None).reviewer_id is None
    assert kinds().count("review_asked") == 2
    assert len(queries.open_reviews()) == 1


def test_a_question_is_taken_back_by_who_asked_or_a_lead(written, people, now):
    review = ask(written, people, now)
    with pytest.raises(NotAllowed):
        reviewing.withdraw(written, review, actor=people.agent2, now=now)
    for _ in range(2):
        reviewing.withdraw(written, review, actor=people.agent, now=now)
    assert kinds().count("review_withdrawn") == 1
    assert queries.open_reviews() == []


def test_what_cannot_be_asked(faq, people, now):
    entry = faq("Zebras?")
    with pytest.raises(WrongState):
        reviewing.ask(entry, None, "", actor=people.agent, now=now)
    publishing.write(entry, text("Other."), then="draft", actor=people.lead, now=now)
    for reviewer in (people.lead, people.user):
        with pytest.raises(Invalid):
            reviewing.ask(entry, reviewer, "", actor=people.lead, now=now)
    with pytest.raises(NotAllowed):
        reviewing.ask(entry, None, "", actor=people.user, now=now)


def test_publishing_closes_the_open_review(written, people, now):
    review = ask(written, people, now)
    publishing.publish(written, actor=people.lead, now=now)
    db.session.refresh(review)
    assert (review.state, review.answered_by_id) == ("closed", people.lead.id)


def test_a_text_that_was_given_up_is_not_what_is_reviewed(written, people, now):
    publishing.discard(written, actor=people.agent, now=now)
    actions.unpublish(written, actor=people.lead, now=now)
    review = ask(written, people, now)
    assert (review.number, queries.work(written, people.lead).newest.number) == (1, 1)
    answer(written, review, people.admin, now)
    publishing.publish(written, actor=people.agent, now=now)
    assert (written.status, written.answer) == ("published", "Live.")


@pytest.mark.engines("sqlite", "postgresql")
def test_of_two_answers_at_once_one_counts(app, engine, faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Better."), actor=people.agent, now=now)
    review_id = ask(entry, people, now).id
    db.session.commit()

    def work():
        with writing():
            found = db.session.get(Faq, entry.id)
            try:
                answer(found, queries.review_of(found, review_id), people.lead, now)
            except WrongState:
                db.session.rollback()
            db.session.commit()

    assert in_processes(app, 3, work) == [0, 0, 0]
    assert kinds().count("review_answered") == 1


def test_reviewers_and_writers_are_told_by_mail(written, people, now, drain):
    review = ask(written, people, now, note="Is the flag right?")
    db.session.commit()
    drain()
    mails = db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).all()
    assert [(mail.recipient, mail.subject) for mail in mails] == [
        (people.lead.email, "Review: Zebras?"),
        (people.admin.email, "Review: Zebras?"),
    ]
    assert "Is the flag right?" in mails[0].text
    answer(written, review, people.lead, now, approve=False, comment="Say which version.")
    db.session.commit()
    drain()
    last = db.session.scalars(select(OutboundMail).order_by(OutboundMail.id.desc())).first()
    assert (last.recipient, last.subject) == (people.agent.email, "Sent back: Zebras?")
    assert "Say which version." in last.text


def test_a_review_through_the_pages(browse, people):
    writer, reviewer = browse(people.agent), browse(people.lead)
    writer.get("/desk/knowledge/faq/new")
    sent = {"question": "Zebras?", "answer": "New.", "category": "cli", "audience": "public", "then": "draft"}
    writer.post("/desk/knowledge/faq", sent, to=r("saved=1"))
    entry = db.session.scalar(select(Faq).where(Faq.external_id == "zebras"))
    where = f"/desk/knowledge/faq/{entry.id}"
    page = writer.get(where)
    assert not page.markup.all("form", action=f"{where}/publication")
    writer.post(f"{where}/reviews", {"reviewer_id": str(people.lead.id), "note": "All right?"}, to=where)
    assert "In review" in writer.get("/desk/knowledge?status=in_review").words
    page = reviewer.get("/desk/knowledge/reviews")
    assert "Zebras?" in page.markup.by_id("reviews-1").parent.text
    form = reviewer.get(where).markup.fields(None)
    review = approvals.last_review(entry).id
    wrong = reviewer.post(f"{where}/reviews/{review}/answer", {"answer": "return", "version": form["version"]}, status=422)
    assert "Say what should be different" in wrong.words
    reviewer.get(where)
    reviewer.post(f"{where}/reviews/{review}/answer", {"answer": "publish", "version": form["version"], "comment": "Fine."}, to=where)
    browse(None).get("/help/faq/zebras")
    assert "Fine." in writer.get(f"{where}/versions").words


def test_who_asked_finds_what_was_sent_back_or_approved_until_they_go_on_with_it(browse, written, people, now):
    review = ask(written, people, now)
    answer(written, review, people.lead, now, approve=False, comment="Say why.")
    db.session.commit()
    agent = browse(people.agent)
    page = agent.get("/desk/knowledge/reviews")
    assert ("Zebras?" in page.words, "Sent back" in page.words, "Say why." in page.words) == (True, True, True)
    assert "Zebras?" not in browse(people.lead).get("/desk/knowledge/reviews").words
    publishing.write(written, text("Better, because."), actor=people.agent, now=now)
    db.session.commit()
    assert "Zebras?" not in agent.get("/desk/knowledge/reviews").words
    answer(written, ask(written, people, now), people.lead, now)
    db.session.commit()
    assert "Approved" in agent.get("/desk/knowledge/reviews").words
    publishing.publish(written, actor=people.agent, now=now)
    db.session.commit()
    assert "Zebras?" not in agent.get("/desk/knowledge/reviews").words


def test_what_is_asked_wrongly_is_told(browse, written, people):
    db.session.commit()
    browser = browse(people.agent)
    where = f"/desk/knowledge/faq/{written.id}"
    browser.get(where)
    browser.post(f"{where}/reviews", {"reviewer_id": "99999"}, status=422)
    browser.get(where)
    browser.post(f"{where}/reviews", {"reviewer_id": "", "note": "x" * 3000}, status=422)
    browser.get(where)
    browser.post(f"{where}/reviews/99999/answer", {"answer": "approve"}, status=404)


def test_giving_up_a_draft_closes_its_review(browse, written, people, now):
    review = ask(written, people, now)
    db.session.commit()
    browser = browse(people.agent)
    where = f"/desk/knowledge/faq/{written.id}"
    browser.get(where)
    browser.post(f"{where}/revision/removal", to=where)
    assert db.session.get(Revision, ("faq", written.id)) is None
    db.session.refresh(review)
    assert review.state == "closed"
