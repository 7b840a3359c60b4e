"""The macros: escaped, labelled, described, and marked where something is wrong."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import pass_context
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.lib import marks
from app.lib.paging import Page
from app.tickets.rules import CUSTOMER_STATUSES, PRIORITIES, STATUSES
from tests.markup import Markup, check_page

HOSTILE = """'"><script>alert(1)</script>&"""
IMPORTS = (
    '{% import "components/ui.html" as ui with context %}'
    '{% import "components/forms.html" as f with context %}'
    '{% import "components/lists.html" as l with context %}'
)


class Sample(FlaskForm):
    """A form with one field of each sort."""

    class Meta:
        csrf = False

    title = StringField("Title?", description="One sentence.", validators=[InputRequired("Say what it is.")])
    body = TextAreaField("Body", validators=[Length(max=20)])
    kind = RadioField("Kind", choices=[SelectChoice("bug", "Bug"), SelectChoice("low", "Low")], validators=[InputRequired("Choose one.")])
    team = SelectField("Team", choices=[SelectChoice("", "Nobody"), SelectChoice("docs", "Docs")])
    place = SelectField("Place", choices=[SelectChoice("a", "A")])
    checks = SelectMultipleField(
        "Checks", choices=[SelectChoice("x", "X"), SelectChoice("y", "Y")], widget=ListWidget(), option_widget=CheckboxInput()
    )
    copy = BooleanField("Copy")
    key = HiddenField()

    def validate_key(self, field: Any) -> None:
        """The form as a whole may be wrong, too."""
        if field.data == "wrong":
            raise ValidationError("That key is spent.")


def draw(app: Flask, source: str, **context: Any) -> str:
    """What a template that uses the macros becomes."""
    with app.test_request_context("/here"):
        return render_template_string(IMPORTS + source, **context)


def sample(app: Flask, validate: bool = False, **data: Any) -> Sample:
    """The form, filled."""
    with app.test_request_context("/here"):
        form = Sample(formdata=None, **data)
        if validate:
            form.validate()
        return form


@pytest.mark.parametrize(
    "source",
    [
        "{{ ui.badge(x, x) }}",
        "{{ ui.tag(x) }}",
        "{{ ui.status(x) }}",
        "{{ ui.priority(x) }}",
        "{{ ui.sla(x, x, 10) }}",
        "{{ ui.callout(x, x, x, role=x, id=x) }}",
        "{% call ui.callout('bad', x) %}{{ x }}{% endcall %}",
        "{{ ui.empty(x, x, x, x) }}",
        "{{ ui.metric(x, x, x, x, {'text': x, 'tone': x}, x, unit=x, meter=5, meter_says=x, spark=x) }}",
        "{{ ui.toast(x, x, x) }}",
        "{{ ui.crumbs([(x, x), (x, None)]) }}",
        "{{ ui.code(x, x) }}",
        "{{ ui.icon(x, x) }}{{ glyph(x, x) }}",
        "{{ ui.avatar(who) }}{{ ui.who(who) }}",
        "{% call f.form(x, id=x, hx=x, data_thing=x) %}{% endcall %}",
        "{{ f.submit(x, x, name=x, value=x, data_thing=x) }}",
        "{{ f.files(x, x, x, errors=[x], accept=x) }}{{ f.once(x) }}",
        "{{ f.field(form.title, help=x, placeholder=x) }}{{ f.field(form.body, draft=x, count=9) }}",
        "{{ f.choices(form.kind, help=x, hints={'bug': x}, asides={'bug': x}) }}",
        "{{ l.search(x, x, x, x) }}{{ l.pick(x, x, [(x, x)], x, x) }}",
        "{{ l.pager(page, x, target=x, says=x, label=x) }}{{ l.tabs([(x, x, x, x)], x, x) }}",
        "{% call l.filters(x, target=x, label=x, clear=x) %}{% endcall %}",
    ],
)
def test_no_macro_lets_hostile_words_become_markup(app: Flask, source: str) -> None:
    form = sample(app, title=HOSTILE, body=HOSTILE)
    form.title.label.text = form.kind.label.text = HOSTILE
    page = Page([], next=HOSTILE, previous=HOSTILE)
    drawn = draw(app, source, x=HOSTILE, form=form, page=page, who=SimpleNamespace(name=HOSTILE, id=1, role=HOSTILE))
    assert "<script" not in drawn
    elements = Markup(drawn).elements
    assert all("alert(1)" not in name for element in elements for name in element.attributes)
    assert not any(element.tag == "script" for element in elements)


def test_every_status_and_priority_has_words_and_a_glyph(app: Flask) -> None:
    for value, words in STATUSES.items():
        assert words in draw(app, "{{ ui.status(v) }}", v=value)
    for value, words in CUSTOMER_STATUSES.items():
        assert words in draw(app, "{{ ui.status(v, customer=true) }}", v=value)
    for value in PRIORITIES:
        assert value.capitalize() in Markup(draw(app, "{{ ui.priority(v) }}", v=value)).words
        assert f"{value.capitalize()} priority" in Markup(draw(app, "{{ ui.priority(v, short=true) }}", v=value)).words


def test_a_field_ties_label_help_and_error_to_its_control(app: Flask) -> None:
    drawn = Markup(draw(app, "{{ f.field(form.title, autocomplete='off', hx_get='/x') }}", form=sample(app, validate=True)))
    control = next(e for e in drawn.elements if e.tag == "input")
    ids = {e.get("id") for e in drawn.elements}
    assert control["aria-invalid"] == "true"
    assert control["aria-describedby"].split() == ["title-error", "title-help"]
    assert {"title-error", "title-help"} <= ids
    assert (control["autocomplete"], control["hx-get"]) == ("off", "/x")
    assert next(e for e in drawn.elements if e.tag == "label")["for"] == "title"
    assert "Say what it is." in drawn.words


def test_a_field_that_is_right_says_nothing_of_errors(app: Flask) -> None:
    drawn = draw(app, "{{ f.field(form.title) }}", form=sample(app, title="Fine"))
    assert "aria-invalid" not in drawn
    assert 'aria-describedby="title-help"' in drawn


def test_only_what_may_stay_empty_is_marked_optional(app: Flask) -> None:
    form = sample(app)
    marked = {name for name in ("title", "body", "kind", "team", "place") if "optional" in draw(app, "{{ f.field(x) }}", x=form[name])}
    assert marked == {"body", "team"}


def test_groups_are_fieldsets_with_a_label_for_each_option(app: Flask) -> None:
    for name in ("kind", "checks"):
        drawn = Markup(draw(app, "{{ f.field(x) }}", x=sample(app)[name]))
        assert [e.tag for e in drawn.elements if e.tag in {"fieldset", "legend"}] == ["fieldset", "legend"]
        assert {e["for"] for e in drawn.elements if e.tag == "label"} == {e["id"] for e in drawn.elements if e.tag == "input"}


def test_the_summary_leads_to_each_field_that_is_wrong(app: Flask) -> None:
    drawn = Markup(draw(app, "{{ f.summary(form) }}", form=sample(app, validate=True, body="x" * 21, team="", place="a", key="wrong")))
    links = {e["href"]: e.text for e in drawn.elements if e.tag == "a"}
    assert {"#title", "#body", "#kind-0"} <= set(links)
    assert links["#title"] == "Title: Say what it is."
    alert = drawn.elements[0]
    assert (alert["role"], alert["tabindex"]) == ("alert", "-1")


def test_a_form_without_errors_has_no_summary(app: Flask) -> None:
    assert not draw(app, "{{ f.summary(form) }}", form=sample(app)).strip()


def test_a_form_that_htmx_sends_has_its_address_twice_and_its_token_once(app: Flask) -> None:
    drawn = Markup(draw(app, '{% call f.form("/x", hx="#y", files=true) %}{% endcall %}'))
    form = drawn.elements[0]
    assert (form["action"], form["hx-post"], form["hx-target"], form["enctype"]) == ("/x", "/x", "#y", "multipart/form-data")
    assert len([e for e in drawn.elements if e.get("name") == "csrf_token"]) == 1


def test_a_draft_is_kept_without_its_files(app: Flask) -> None:
    control = next(
        e for e in Markup(draw(app, "{{ f.field(form.body, draft='/draft') }}", form=sample(app))).elements if e.tag == "textarea"
    )
    assert (control["hx-post"], control["hx-trigger"], control["hx-target"]) == ("/draft", "input changed delay:1500ms", "#body-draft")
    assert control["hx-encoding"] == "application/x-www-form-urlencoded"


def test_pages_have_links_only_where_there_are_pages(app: Flask) -> None:
    assert not draw(app, "{{ l.pager(page, '/q') }}", page=Page([])).strip()
    drawn = Markup(draw(app, "{{ l.pager(page, '/q?a=1', target='#rows') }}", page=Page([], next="n+=", previous=None)))
    (link,) = [e for e in drawn.elements if e.tag == "a"]
    assert (link["href"], link["hx-get"], link["rel"]) == ("/q?a=1&cursor=n%2B%3D", "/q?a=1&cursor=n%2B%3D", "next")
    assert "c:p" in draw(app, "{{ l.pager(page, address) }}", page=Page([], previous="p"), address=lambda cursor: f"c:{cursor}")


def test_a_metric_without_a_value_shows_a_dash(app: Flask) -> None:
    assert "–" in Markup(draw(app, "{{ ui.metric('Rate', None) }}")).words
    assert "0" in Markup(draw(app, "{{ ui.metric('Open', 0) }}")).words
    assert 'width="100%"' in draw(app, "{{ ui.metric('Rate', 1, meter=250) }}")


def test_times_are_in_the_viewers_zone(app: Flask, now: Any) -> None:
    in_tokyo = "{% set utc, tokyo = g.pop('zone'), g.setdefault('zone', 'Asia/Tokyo') %}"
    drawn = draw(app, in_tokyo + "{{ ui.time(at) }}", at=now)
    assert f'datetime="{now.isoformat()}"' in drawn
    assert "Mon 23 Nov, 19:00 JST" in drawn
    assert "3 h ago" in draw(app, "{{ ui.ago(at) }}", at=now - timedelta(hours=3))
    assert "–" in draw(app, "{{ ui.time(None) }}{{ ui.ago(None) }}")


def test_options_are_escaped_and_one_is_chosen_whatever_its_type() -> None:
    drawn = marks.select_options([(0, "No team"), (7, HOSTILE)], "7")
    assert drawn.startswith('<option value="0">No team</option><option value="7" selected>')
    assert "<script" not in drawn and HOSTILE in drawn.unescape()
    assert marks.select_options(iter([("", "Any"), ("b", "B")])).count(" selected") == 1
    assert marks.select_options({"a": "A"}.items(), None) == '<option value="a">A</option>'


def test_what_asks_for_the_context_gets_it(app: Flask) -> None:
    app.jinja_env.globals["asking"] = pass_context(lambda context, more: f"{context['word']} {more}")
    app.jinja_env.globals["plain"] = lambda *given, **named: f"{given} {named}"
    source = "{% block a %}{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}{{ asking(word) }} {{ plain(1, b=2) }} {% call m(word) %}<i>{% endcall %}"
    with app.test_request_context("/"):
        drawn = render_template_string(source + "{% endblock %}", word="<")
    assert drawn == "&lt; &lt; (1,) {&#39;b&#39;: 2} &lt;<i>"


def test_staff_are_hexagons_and_customers_are_circles() -> None:
    assert "avatar--staff" in marks.avatar(SimpleNamespace(name="Mara L", id=1, role="agent"))
    assert "avatar--staff" not in marks.avatar(SimpleNamespace(name="Elena M", id=1, role="customer_admin"))
    assert "Nobody" in marks.who(None)


@given(st.text())
def test_initials_are_two_letters_of_any_name(name: str) -> None:
    assert 1 <= len(marks.initials(name)) <= 6
    assert marks.initials("Ada Lovelace") == "AL"
    assert marks.initials("ada") == "AD"
    assert marks.initials(" ") == "?"


@given(st.dictionaries(st.from_regex(r"[a-z]+(_[a-z]+)*", fullmatch=True), st.text() | st.booleans() | st.none(), max_size=4))
def test_attributes_hold_any_value(values: dict[str, Any]) -> None:
    drawn = Markup(f"<p{marks.attrs(values)}></p>").elements[0]
    kept = {key: value for key, value in values.items() if value is not None and value is not False}
    assert set(drawn.attributes) == {key.replace("_", "-") for key in kept}


@pytest.mark.parametrize("query", ["", "?theme=dark", "?theme=light", "?shell=desk", "?shell=desk&acting=1", "?theme=%22&shell=x"])
def test_the_styleguide_draws_everything_in_both_shells(browse: Any, query: str) -> None:
    answer = browse().get(f"/dev/styleguide{query}")
    check_page(answer.text, "the styleguide")
    assert "Every component in every state" in answer.words
    assert ('data-theme="dark"' in answer.text) is ("theme=dark" in query)
    assert ("are signed in as Mara Lindqvist" in answer.words) is ("acting" in query)
