"""The vocabulary of pages: marks that speak, fragments that hold together, charts that can be read unseen."""

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ui import charts, formats, navigation


def draw(source: str, **context) -> str:
    """The source rendered as part of a page."""
    context.setdefault("request", request_for(SimpleNamespace(is_authenticated=False)))
    return Template("{% load ui %}" + source).render(Context(context))


def request_for(user, path: str = "/queue/", **query):
    request = RequestFactory().get(path, query)
    request.user = user
    return request


def person(*verbs: str):
    return SimpleNamespace(is_authenticated=True, has_perm=lambda verb, obj=None: verb in verbs)


# --- marks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (541233, "541_233"),
        (-1234, "−1_234"),
        (0.58, "0.58"),
        (12.346, "12.35"),
        (1234.56, "1_234.6"),
        (2.0, "2"),
        (0.0000123, "1.23 × 10⁻⁵"),
        ("16000000", "16_000_000"),
        (-0.58, "−0.58"),
        (np.float64(0.25), "0.25"),
        (np.int64(1000), "1_000"),
        (float("-inf"), "−unlimited"),
    ],
)
def test_numbers_read_as_people_write_them(value, text):
    assert formats.number(value) == text.replace("_", formats.GAP)


@pytest.mark.parametrize("value", [True, None, "", "many", [1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="not a number"):
        formats.number(value)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_a_number_loses_nothing_but_its_gaps(value: int):
    assert int(formats.number(value).replace(formats.GAP, "").replace(formats.MINUS, "-")) == value


@given(st.floats(min_value=1e-300, max_value=1e15))
def test_something_is_never_shown_as_nothing(value: float):
    assert formats.number(value).strip("0.") != ""


def test_what_is_missing_is_said():
    assert "not known" in draw("{% number nothing %}")
    assert "not set" in draw("{% when nothing %}")
    assert draw("{% number 0 %}") == '<span class="number">0</span>'


def test_quantities_carry_unit_qualifier_and_bounds():
    html = draw('{% quantity 16000000 "exchanges" "over" %} {% quantity pair "accounts" %}', pair=(0.2, 1.8))
    text = re.sub("<[^>]+>", "", html)
    assert text == "over 16\xa0000\xa0000 exchanges 0.2 to 1.8 accounts"
    counts = draw('{% quantity 1 "accounts" %}, {% quantity 0 "accounts" %}')
    assert re.sub("<[^>]+>", "", counts) == "1 account, 0 accounts"


def test_time_is_absolute_with_the_relative_one_beside_it_and_the_other_way_round():
    moment = datetime.now(UTC) - timedelta(hours=3, minutes=5)
    absolute = moment.strftime("%Y-%m-%d %H:%M UTC")
    assert f'title="3 hours ago">{absolute}</time>' in draw("{% when moment %}", moment=moment)
    assert f'title="{absolute}">3 h ago</time>' in draw("{% ago moment %}", moment=moment)
    assert draw("{% when day %}", day=date(2026, 1, 15)).count("2026-01-15") == 2


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(days=1), "1 d ago"),
        (timedelta(days=-400), "in 1 y"),
    ],
)
def test_relative_time(length: timedelta, text: str):
    now = datetime(2026, 3, 18, 9, 42, tzinfo=UTC)
    assert formats.relative(now - length, now) == text


def test_severity_is_a_word_and_a_glyph_not_only_a_colour():
    html = draw("{% severity 3 %}")
    assert "high" in html
    assert html.count('class="on"') == 3
    assert "94" in draw("{% severity 4 94 %}")
    assert "severity critical" in draw("{% severity 4 94 %}")
    with pytest.raises(ValueError, match="from 0 to 4"):
        draw("{% severity 5 %}")


def test_a_state_without_a_look_is_still_readable():
    assert "tone-dim" in draw('{% state_badge "half_baked" %}')
    assert "half baked" in draw('{% state_badge "half_baked" %}')
    assert "tone-ok" in draw('{% state_badge "in_force" "In force" %}')


def test_an_unknown_icon_says_what_to_do():
    with pytest.raises(LookupError, match=r"icons\.txt"):
        draw('{% icon "unicorn" %}')


def test_a_hash_is_short_and_whole():
    html = draw("{% sha digest %}", digest=bytes(range(32)))
    assert f'title="{bytes(range(32)).hex()}"' in html
    assert ">0001020304…<" in html
    assert "no hash" in draw("{% sha nothing %}")


@pytest.mark.parametrize(
    "source",
    [
        "{% badge evil %}",
        "{% state_badge evil evil %}",
        "{% ref evil %}",
        "{% sha evil %}",
        "{% copy evil evil %}",
        '{% icon "lock" evil %}',
        "{% quantity 1 evil evil %}",
        "{% sparkline numbers evil %}",
        "{% bars numbers labels evil evil %}",
        "{% strength_chart rows title=evil %}",
        "{% empty evil evil evil evil %}",
        "{% checklist items %}",
        "{% stepper steps evil %}",
        "{% tabs tabs evil %}",
    ],
)
def test_what_outsiders_write_stays_text(source: str):
    evil = "\"><script>alert('1')</script>"
    html = draw(
        source,
        evil=evil,
        numbers=[1, 2],
        labels=[evil, evil],
        rows=[{"label": evil, "value": 1.0, "note": evil}],
        items=[{"state": "ok", "text": evil, "detail": evil, "url": evil, "action": evil}],
        steps=[evil],
        tabs=[{"label": evil, "url": evil}],
    )
    assert "script&gt;" in html
    assert "<script" not in html


# --- fragments -------------------------------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    reason = forms.CharField(help_text="One sentence.")
    scope = forms.ChoiceField(choices=[("all", "All accounts"), ("one", "One")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="I am sure")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


class Ids(HTMLParser):
    """Every id of a fragment, and every id that something points to."""

    def __init__(self, html: str):
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"for", "aria-describedby", "aria-labelledby"}:
                self.targets |= set(value.split())


def test_errors_stand_beside_their_field_and_are_tied_to_it():
    html = draw("{% fields form %}", form=ReasonForm({"token": "t"}))
    found = Ids(html)
    assert {"id_reason_helptext", "id_reason_error", "id_scope_error", "id_sure_error"} <= set(found.ids)
    assert found.targets <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert {"id_reason_helptext", "id_reason_error", "id_scope_error", "id_sure_error"} <= found.targets
    assert html.count("This field is required.") == 3
    assert 'type="hidden" name="token" value="t"' in html
    assert "<legend>Scope" in html


def test_errors_of_the_whole_form_come_first():
    form = ReasonForm({})
    form.add_error(None, "Another person holds this group.")
    html = draw("{% fields form %}", form=form)
    assert html.index("Another person holds") < html.index("id_reason")


class FilterForm(forms.Form):
    severity = forms.ChoiceField(choices=[("", "any"), ("2", "medium or more")], required=False)
    detector = forms.MultipleChoiceField(choices=[("a", "Volume"), ("b", "Synchrony")], required=False)
    words = forms.CharField(required=False)
    contract = forms.BooleanField(required=False)


def test_each_filter_can_be_taken_away_and_the_list_begins_anew():
    request = RequestFactory().get("/queue/?severity=2&detector=a&detector=b&after=xyz&view=mine")
    html = draw("{% filter_chips form %}", form=FilterForm(request.GET), request=request)
    assert "Detector: Volume, Synchrony" in html
    assert "Words" not in html
    assert "Contract" not in html
    links = re.findall(r'<a [^>]*href="([^"]*)"', html)
    assert links == ["?detector=a&amp;detector=b&amp;view=mine", "?severity=2&amp;view=mine"]
    assert draw("{% filter_chips form %}", form=FilterForm(), request=request).strip() == ""


def test_the_pager_keeps_the_filters_and_says_what_is_hidden():
    page = SimpleNamespace(older="abc", newer="", shown=50, total=1200, hidden=2)
    html = draw("{% pager page %}", page=page, request=RequestFactory().get("/queue/?severity=2&before=q"))
    assert 'href="?severity=2&amp;after=abc"' in html
    assert "newer" not in html
    assert "2</span> hidden by access rules" in html


def test_tabs_know_where_one_is():
    items = [{"label": "Unclaimed", "url": "/queue/"}, {"label": "Mine", "url": "/queue/?view=mine", "count": 0}]
    html = draw("{% tabs items %}", items=items, request=RequestFactory().get("/queue/?view=mine"))
    assert re.search(r'href="/queue/\?view=mine" aria-current="page"', html)


def test_the_stepper_tells_done_from_now():
    html = draw(
        '{% stepper steps "finding" %}', steps=[("triage", "Triage"), ("finding", "Finding"), ("closed", "Closed")]
    )
    assert html.count('class="done"') == 1
    assert html.count('aria-current="step"') == 1


def test_the_checklist_begins_with_what_is_missing():
    items = [{"state": "ok", "text": "Clause"}, {"state": "stop", "text": "Exhibit", "url": "/x/", "action": "Add one"}]
    html = draw("{% checklist items %}", items=items)
    assert html.index("Exhibit") < html.index("Clause")
    assert 'aria-label="Missing"' in html
    assert "Add one" in html


def test_a_button_asks_the_same_question_as_its_action():
    source = '{% has_perm "cases.assign" case as may %}{{ may }}'
    assert draw(source, case=object(), request=request_for(person("cases.assign"))) == "True"
    assert draw(source, case=object(), request=request_for(person())) == "False"
    assert draw(source, case=object(), request=request_for(AnonymousUser())) == "False"


def test_the_rail_shows_only_what_one_may_see(monkeypatch):
    pages = {"alerts:queue": "/queue/", "audit:trail": "/trail/"}
    monkeypatch.setattr(navigation, "url_if_any", lambda name: pages.get(name, ""))
    analyst = navigation.places(person("alerts.view"), "/queue/abc/", {"alerts:queue": 37})
    assert [(p.entry.label, p.current, p.count, p.divided) for p in analyst] == [("Queue", True, 37, False)]
    pages |= {"alerts:detectors": "/detectors/", "alerts:rejections": "/rejections/"}
    rejected = navigation.places(person("alerts.view"), "/rejections/abc/", {})
    assert [(p.entry.label, p.current) for p in rejected] == [("Queue", False), ("Detectors", True)]
    assert [p.entry.label for p in navigation.places(person("alerts.view_detectors"), "/", {})] == ["Detectors"]
    del pages["alerts:detectors"]
    auditor = navigation.places(person("alerts.view", "audit.view"), "/trail/", {})
    assert [(p.entry.label, p.current, p.divided) for p in auditor] == [("Queue", False, False), ("Trail", True, True)]


# --- charts ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=60))
def test_columns_stay_in_their_frame_and_nothing_vanishes(values):
    boxes = charts.columns(values, 344, 72)
    for value, box in zip(values, boxes, strict=True):
        assert box.x >= 0
        assert box.x + box.width <= 344.2
        assert box.y >= 0
        assert box.y + box.height <= 72.2
        assert box.height >= 1 or value == 0


row = st.fixed_dictionaries(
    {"label": st.text(max_size=60), "value": st.none() | st.floats(-6, 9)},
    optional={
        "cap": st.none() | st.floats(0, 6),
        "computed": st.none() | st.floats(-9, 40),
        "note": st.text(max_size=30),
    },
)


@given(st.lists(row, min_size=1, max_size=12))
def test_no_bar_claims_more_than_its_cap(rows):
    chart = charts.strength(rows)
    for given_row, bar in zip(rows, chart.bars, strict=True):
        value, cap = given_row["value"], given_row.get("cap")
        assert chart.left - 0.2 <= bar.bar.x
        assert bar.bar.x + bar.bar.width <= chart.width
        assert (bar.cap_x is not None) == (value is not None and cap is not None and value >= cap)
        assert (bar.kind == "none") == (not (value if cap is None or value is None else min(value, cap)))


def test_the_strength_chart_can_be_read_without_seeing_it():
    rows = [
        {"label": "E2 Synchrony", "value": 2.9, "cap": 2.3, "word": "moderately strong support", "computed": 9.0},
        {"label": "E5 Watermark", "value": -0.3, "note": "power 0.31", "level": 1, "href": "/runs/5"},
    ]
    html = draw("{% strength_chart rows %}", rows=rows)
    description = re.search(r"<desc>(.*?)</desc>", html)[1]
    assert "E2 Synchrony: 2.3, moderately strong support, capped by its validation." in description
    assert "E5 Watermark: −0.3, power 0.31." in description
    assert html.count('<a href="/runs/5">') == 2  # in the picture, and in the list that a phone shows instead
    assert html.count('class="beyond"') == 1


def test_charts_of_nothing_are_no_error():
    assert draw("{% sparkline none %}", none=[]) == ""
    assert "<svg" in draw('{% bars none none "Calls" %}', none=[])


def test_our_select_is_djangos():
    choices = [("", "any"), ("some", [("a", "A & <b>"), ("c", "C")]), ("7", "seven"), (8, "eight")]
    widget = forms.Select(choices=choices, attrs={"required": True, "data-note": 'say "so"', "hidden": False})
    ours, theirs = (
        re.sub(r"\s*\n\s*", "\n", widget.render("one", "7", renderer=renderer)).strip()
        for renderer in (TemplatesSetting(), DjangoTemplates())
    )
    assert ours == theirs
