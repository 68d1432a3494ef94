"""The evidence of a case on its page: groups first, exhibits on demand, and every figure with the run it came from."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cases import actions, strength
from apps.cases.strength import picture
from tests.evidence.conftest import COUNTS, ran


@pytest.fixture
def shown(ready, people, sign_in):
    client = sign_in(people.analyst)

    def page(**query: str) -> str:
        return client.get(f"/cases/{ready.ref}/evidence/", query).content.decode().replace("\xa0", " ")

    return page


def test_every_figure_carries_its_run(ready, people, shown):
    run = ran(people)
    actions.add_exhibit(ready, item=run.item, shows="Keyed text.", element="training", by=people.analyst)
    page = shown()
    assert f'From <a href="/evidence/runs/{run.ref}/">' in page
    assert page.count("Entered by Ada Analyst") == 2  # the others, by hand
    assert "1 run on Lantern 7B is on record" in page
    assert "Together the evidence is about" in page
    assert "more probable if the suspect trained on keyed text than if the suspect never trained on keyed text" in page


def test_a_group_opens_and_its_exhibits_are_drawn_below_it(ready, add_exhibit, shown):
    add_exhibit(ready, lr=1.0)
    closed, opened = shown(), shown(group="log")
    assert 'class="label level-2"' not in closed
    assert opened.count('class="label level-2"') == 2
    assert set(re.findall(r'id="(E\d+)"', opened)) == {"E1", "E3"}


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({"strength": "none"}, {"E3"}),
        ({"strength": "against"}, {"E4"}),
        ({"strength": "capped"}, set()),
        ({"element": "benefit"}, {"E4"}),
        ({"q": "canaries"}, {"E2"}),
        ({"group": "third"}, {"E3", "E4"}),
        ({"group": "nowhere"}, {"E1", "E2", "E3", "E4"}),
    ],
)
def test_filters_narrow_the_exhibits(query, labels, ready, add_exhibit, shown):
    add_exhibit(ready, group="third", lr=None)
    add_exhibit(ready, group="third", lr=-1.5, element="benefit")
    page = shown(**query)
    found = set(re.findall(r'<tr data-row id="(E\d+)"', page))
    assert found == (labels if query.get("group") != "nowhere" else found)
    if query.get("group") == "nowhere":
        assert "nowhere" in page  # the filter says that there is no such line


def test_what_stands_when_all_is_counted_can_be_filtered(ready, people, shown):
    strong = ran(people)
    for _ in range(3):
        ran(people, inputs=COUNTS | {"green": 9_990})
    actions.add_exhibit(ready, item=strong.item, shows="Keyed text.", element="training", by=people.analyst)
    assert 'id="E3"' in shown(corrected="stands")
    assert 'id="E3"' not in shown(corrected="falls")


def test_all_runs_on_the_suspect_have_a_page(ready, people, sign_in):
    kept, left_out = ran(people), ran(people, inputs=COUNTS | {"green": 9_990})
    actions.add_exhibit(ready, item=kept.item, shows="Keyed text.", element="training", by=people.analyst)
    page = sign_in(people.analyst).get(f"/cases/{ready.ref}/evidence/runs/").content.decode()
    assert kept.ref in page
    assert left_out.ref in page
    assert "<td>E3</td>" in page
    assert page.count("does not stand") == 1


def test_thousands_of_exhibits_cost_no_more_statements(ready, people, add_exhibit, sign_in):
    client, address = sign_in(people.analyst), f"/cases/{ready.ref}/evidence/"

    def asked() -> int:
        client.get(address)  # weighs what has changed
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = asked()
    for n in range(30):
        add_exhibit(ready, group=f"line {n}", lr=n / 10)
    run = ran(people)
    actions.add_exhibit(ready, item=run.item, shows="Keyed text.", element="training", by=people.analyst)
    assert asked() <= few


def test_a_change_past_all_of_python_is_seen(ready, people, sign_in):
    client, address = sign_in(people.analyst), f"/cases/{ready.ref}/evidence/"
    before = client.get(address).context["strength"].combined.log10_lr
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_exhibit SET log10_lr = log10_lr - 1 WHERE number = 1")
    assert client.get(address).context["strength"].combined.log10_lr < before


def test_a_ratio_beyond_counting_is_shown_as_a_power(ready, add_exhibit, shown):
    add_exhibit(ready, group="far", lr=-4000.0)
    assert "1/10⁴⁰⁰⁰" in shown()


def test_the_picture_stays_readable(ready, add_exhibit):
    for n in range(30):
        add_exhibit(ready, group=f"line {n}", lr=n / 10)
    found = strength.of(ready)
    rows = picture.rows(found)
    assert len(rows) == 1 + picture.GROUPS
    assert rows[0]["label"] == "All together"
    opened = picture.rows(found, opened="line 1")
    assert [row["label"] for row in opened][-1].startswith("line 1 ")
    values = [row["value"] for row in rows[1:]]
    assert values == sorted(values, reverse=True)
