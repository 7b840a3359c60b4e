"""A second pair of eyes before what an entry is in another language reaches its readers."""

from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge.actions import FaqText
from app.knowledge.translations import actions, queries, reviewing
from app.knowledge.writing import approvals, publishing
from app.knowledge.writing import queries as work
from app.knowledge.writing import reviewing as questions
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.mail.models import OutboundMail
from tests.knowledge.shared import events, in_german, kinds


@pytest.fixture
def entry(faq):
    """A question that the public reads."""
    return faq("Do zebras swim?", "A little.")


@pytest.fixture
def translate(entry, people, now):
    """`translate("words", actor)` saves a German answer."""

    return lambda answer, actor=people.agent, **over: in_german(entry, answer, actor=actor, now=now, **over)


@pytest.fixture
def beside(translate, people):
    """A published answer in German that an agent works on."""
    translate("Ein wenig.", people.lead, publish=True)
    return translate("Recht gut.")


def ask(entry, there, people, now, reviewer=None):
    return reviewing.ask(entry, there, reviewer, "Is it right?", actor=people.agent, now=now)


def answer(entry, there, review, actor, now, **said):
    said = {"approve": True, "seen": there.version, **said}
    reviewing.answer(entry, there, review, said.pop("comment", ""), **said, actor=actor, now=now)


def test_an_agents_translation_reaches_readers_once_somebody_else_approves(entry, translate, people, now):
    there = translate("Ein wenig.")
    with pytest.raises(NotAllowed):
        actions.publish(entry, there, seen=there.version, actor=people.agent, now=now)
    answer(entry, there, ask(entry, there, people, now), people.lead, now)
    for _ in range(2):
        actions.publish(entry, there, seen=there.version, actor=people.agent, now=now)
    assert queries.versions_of(entry)[1].locale == "de"
    assert kinds()[1:] == ["translated", "review_asked", "review_answered", "translated"]
    assert [event.facts["locale"] for event in events("review_asked")] == ["de"]


def test_what_is_beside_a_published_translation_takes_its_place_once_approved(entry, beside, people, now):
    answer(entry, beside, ask(entry, beside, people, now), people.lead, now, publish=True)
    assert (beside.status, beside.body, beside.beside) == ("published", "Recht gut.", None)
    with pytest.raises(WrongState):
        ask(entry, beside, people, now)


def test_an_approval_is_of_one_translation_and_not_of_the_next_nor_of_the_original(entry, beside, translate, people, now):
    answer(entry, beside, ask(entry, beside, people, now), people.lead, now)
    translate("Eingeschmuggelt.")
    with pytest.raises(NotAllowed):
        actions.publish(entry, beside, seen=beside.version, actor=people.agent, now=now)
    publishing.write(entry, FaqText(entry.question, "Slipped in.", "cli"), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        publishing.publish(entry, actor=people.agent, now=now)
    assert (beside.body, entry.answer) == ("Ein wenig.", "A little.")


def test_nobody_approves_of_their_own_translation_nor_of_one_that_they_have_not_seen(entry, beside, translate, people, now):
    review, seen = ask(entry, beside, people, now, people.agent2), beside.version
    for actor in (people.agent, people.user):
        with pytest.raises(NotAllowed):
            answer(entry, beside, review, actor, now)
    translate("Sehr gut.", people.lead, publish=False)
    with pytest.raises(NotAllowed):
        answer(entry, beside, review, people.lead, now)
    with pytest.raises(Stale):
        answer(entry, beside, review, people.agent2, now, seen=seen)
    answer(entry, beside, review, people.agent2, now)
    assert approvals.last_review(entry, "de").state == "approved"


def test_sending_a_translation_back_needs_a_comment(entry, beside, people, now):
    review = ask(entry, beside, people, now)
    with pytest.raises(Invalid):
        answer(entry, beside, review, people.lead, now, approve=False)
    answer(entry, beside, review, people.lead, now, approve=False, comment="Which zebras?")
    with pytest.raises(WrongState):
        answer(entry, beside, review, people.lead, now)
    with pytest.raises(NotAllowed):
        actions.publish(entry, beside, seen=beside.version, actor=people.agent, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_each_language_and_the_original_are_asked_about_by_themselves(engine, entry, beside, people, now):
    publishing.write(entry, FaqText(entry.question, "Better.", "cli"), actor=people.agent, now=now)
    own = questions.ask(entry, None, "", actor=people.agent, now=now)
    abroad = ask(entry, beside, people, now)
    assert ask(entry, beside, people, now) is abroad
    assert [review.locale for review, _ in work.open_reviews()] == ["en", "de"]
    publishing.publish(entry, actor=people.lead, now=now)
    db.session.refresh(own)
    assert (own.state, approvals.last_review(entry, "de").state) == ("closed", "asked")


@pytest.mark.parametrize("done", ["publish", "discard", "save"])
def test_a_review_that_nobody_has_to_answer_any_more_is_closed(entry, beside, translate, people, now, done):
    review = ask(entry, beside, people, now)
    if done == "save":
        translate("Am besten.", people.lead, publish=True)
    else:
        getattr(actions, done)(entry, beside, seen=beside.version, actor=people.lead, now=now)
    db.session.refresh(review)
    assert review.state == "closed"


def test_a_question_about_a_translation_is_taken_back(entry, beside, people, now):
    review = ask(entry, beside, people, now)
    for _ in range(2):
        questions.withdraw(entry, review, actor=people.agent, now=now)
    assert [event.facts["locale"] for event in events("review_withdrawn")] == ["de"]


def test_reviewers_and_translators_are_told_by_mail_with_the_language(entry, beside, people, now, drain):
    review = ask(entry, beside, people, now)
    db.session.commit()
    drain()
    answer(entry, beside, review, people.lead, now, approve=False, comment="Which zebras?")
    db.session.commit()
    drain()
    mails = db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).all()
    assert [mail.subject for mail in mails][-2:] == ["Review: Do zebras swim? (Deutsch)", "Sent back: Do zebras swim? (Deutsch)"]
    assert f"/desk/knowledge/faq/{entry.id}/translations/de" in mails[-1].text


def test_a_translation_is_reviewed_through_the_pages(browse, entry, people):
    db.session.commit()
    writer, lead = browse(people.agent), browse(people.lead)
    where = f"/desk/knowledge/faq/{entry.id}/translations/de"
    form = {**writer.get(where).markup.fields(), "title": "Schwimmen sie?", "body": "Ein wenig.", "then": "draft"}
    writer.post(where, form, to=r("saved=1"))
    page = writer.get(where)
    assert not page.markup.all("form", action=f"{where}/publication")
    writer.post(f"{where}/reviews", {"reviewer_id": "99999"}, status=422)
    writer.get(where)
    writer.post(f"{where}/reviews", {"reviewer_id": str(people.lead.id), "note": "Right?"}, to=where)
    assert "in review" in writer.get("/desk/knowledge/translations?q=zebras").words
    assert f'href="{where}"' in lead.get("/desk/knowledge/reviews").text
    review = approvals.last_review(entry, "de").id
    asked = lead.get(where).markup.fields(None)["version"]
    assert (
        "Say what should be different"
        in lead.post(f"{where}/reviews/{review}/answer", {"answer": "return", "version": asked}, status=422).words
    )
    lead.get(where)
    lead.post(f"{where}/reviews/{review}/answer", {"answer": "approve", "version": "99"}, status=409)
    lead.get(where)
    lead.post(f"{where}/reviews/{review}/answer", {"answer": "approve", "version": asked}, to=where)
    assert "Approved" in writer.get("/desk/knowledge/reviews").words
    assert "Right?" in writer.get(where).words
    page = writer.get(where).markup
    (button,) = page.all("form", action=f"{where}/publication")
    writer.post(button["action"], page.fields(button), to=where)
    assert "Ein wenig." in browse(None).get(f"/help/faq/{entry.external_id}?lang=de").words
    assert "Schwimmen" not in writer.get("/desk/knowledge/reviews").words and "swim" not in writer.get("/desk/knowledge/reviews").words


def test_a_review_of_another_language_is_not_found(browse, entry, beside, people, now):
    review = ask(entry, beside, people, now)
    db.session.commit()
    lead, where = browse(people.lead), f"/desk/knowledge/faq/{entry.id}"
    lead.get(f"{where}/translations/de")
    said = {"answer": "approve", "version": str(beside.version)}
    lead.post(f"{where}/reviews/{review.id}/answer", said, status=404)
    lead.post(f"{where}/translations/fr/reviews/{review.id}/answer", said, status=404)
    lead.post(f"{where}/translations/de/reviews/{review.id}/withdrawal", to=f"{where}/translations/de")
