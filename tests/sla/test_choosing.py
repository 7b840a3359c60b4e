"""Every organization can be given a policy, a calendar, a report and a statement, however many come before it by name."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.sla import choosing
from app.sla.models import Policy
from tests import factories

FORMS = ("/desk/sla", "/admin/sla/policies/new", "/admin/sla/organization-calendars", "/desk/sla/statements")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Acme comes first, so Globex is beyond what is offered."""
    monkeypatch.setattr(choosing, "MOST", 1)


@pytest.mark.parametrize("path", FORMS)
def test_the_page_of_an_organization_leads_to_forms_that_have_it_chosen(people, browse, path):
    factories.ticket(people.stranger)
    admin = browse(people.admin)
    page = admin.get(f"/admin/organizations/{people.globex.id}")
    link = f"{path}?organization={people.globex.id}"
    assert f'href="{link}"' in page.text
    assert f'<option selected value="{people.globex.id}">Globex Energy</option>' in admin.get(link).text
    assert "Globex Energy</option>" not in admin.get(path).text


def test_a_policy_of_its_own_is_made_once_and_found_from_there(people, browse):
    admin, path = browse(people.admin), f"/admin/sla/policies/new?organization={people.globex.id}"
    page = admin.get(path).markup
    form = page.fields(page.one("form", action="/admin/sla/policies/new"))
    admin.post("/admin/sla/policies/new", form, to="/admin/sla")
    made = db.session.scalars(select(Policy).where(Policy.organization_id == people.globex.id)).one()
    admin.get(path, to=f"/admin/sla/policies/{made.id}")
    admin.get("/admin/sla/policies/new?organization=99999999999999")
