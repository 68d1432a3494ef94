"""Pages of runs: any test by a form made from its schema, and what a run says."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.evidence import actions, fingerprints
from apps.evidence.models import TestRun
from tests.evidence.conftest import COUNTS, DECLARED, OPEN, key_named, ran, suspect_named

pytestmark = pytest.mark.django_db
URL = "/evidence/runs/new/?test="


def text(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def flat(value: Any, prefix: str = "in-") -> dict[str, Any]:
    """Inputs as a browser posts them."""
    found: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, dict) and name == "validation":
            found |= flat(one, f"{prefix}{name}.")
        elif isinstance(one, bool):
            found |= {prefix + name: "on"} if one else {}
        elif isinstance(one, list) and not any(isinstance(x, list | dict) for x in one):
            found[prefix + name] = "\n".join(map(str, one))
        elif isinstance(one, list | dict):
            found[prefix + name] = json.dumps(one)
        elif one is not None:
            found[prefix + name] = one
    return found


def form(people, test_id: str = "green-list", inputs: dict | None = None, **values: Any) -> dict[str, Any]:
    test = fingerprints.TESTS[test_id]
    key_named("wm-2026-a", people.lead)
    posted = {
        "suspect": suspect_named("Lantern 7B", people.analyst).pk,
        "test_version": test.version,
        "n": DECLARED["n"],
        "controls": "\n".join(f"{one['name']}; {one['result']}; no" for one in DECLARED["controls"]),
        "not_blind_because": OPEN,
        **flat(inputs or COUNTS),
    }
    for name in test.assumptions:
        one = DECLARED["assumptions"].get(name, {"status": "unverified"})
        posted |= {f"as-{name}": one["status"], f"why-{name}": one.get("basis", "")}
    return posted | values


def test_running_a_test_by_hand(people, sign_in):
    answer = sign_in(people.analyst).post(f"{URL}green-list", form(people, figures="p_value = 0.001"), follow=True)
    run = TestRun.objects.get()
    page = text(answer)
    assert answer.redirect_chain == [(f"/evidence/runs/{run.ref}/", 302)]
    assert " ".join(run.result["sentence"].split()) in page
    assert "Submitted p_value 0.001" in page
    assert "Plan it before the next look at the suspect. (R2)" in page
    assert "Who scored knew which model is the suspect" in page
    assert run.item.ref in page
    assert run.result["p_text"] in page
    assert "Key service" in page


def test_the_run_by_hand_is_the_run_by_action(people, sign_in):
    sign_in(people.analyst).post(f"{URL}green-list", form(people))
    by_hand, by_action = TestRun.objects.get(), ran(people)
    by_action.refresh_from_db()
    assert by_hand.result == by_action.result
    assert by_hand.declared == by_action.declared
    assert by_hand.withheld == []


@pytest.mark.parametrize("test_id", fingerprints.TESTS)
def test_every_test_of_the_catalogue_has_its_form_and_its_page(people, sign_in, test_id):
    """Its example is computed from the form alone."""
    client, test = sign_in(people.analyst), fingerprints.TESTS[test_id]
    page = text(client.get(f"{URL}{test_id}"))
    for name in test.inputs.__struct_fields__:
        assert f"in-{name}" in page or name in ("assumptions", "validation"), name
    assert test.question in text(client.get(f"/evidence/tests/{test_id}/"))
    answer = client.post(f"{URL}{test_id}", form(people, test_id, dict(test.example)))
    assert answer.status_code == 302, answer.context["form"].errors
    run = TestRun.objects.get()
    assert run.failure == ""
    expected = fingerprints.recompute(test_id, test.example)
    assert (run.result["statistic"], run.result["n"]) == (pytest.approx(expected.statistic), expected.n)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"in-scored": ""}, "in-scored"),
        ({"in-scored": 10**30}, "in-scored"),
        ({"in-green": "many"}, "in-green"),
        ({"controls": "Control 1; much; no"}, "controls"),
        ({"controls": "Control 1; 1; perhaps"}, "controls"),
        ({"controls": "Control 1; 1; no; more"}, "controls"),
        ({"figures": "p_value"}, "figures"),
        ({"source": "EV-1999-0001"}, "source"),
        ({"not_blind_because": ""}, "not_blind_because"),
        ({"suspect": ""}, "suspect"),
        ({"in-gamma": 1}, "__all__"),
        ({"in-validation.detected": 21}, None),
    ],
)
def test_what_cannot_be_is_explained_beside_the_form(people, sign_in, wrong, field):
    answer = sign_in(people.analyst).post(f"{URL}green-list", form(people) | wrong)
    if field is None:  # the test's own check: a failed run, which stays
        assert TestRun.objects.get().outcome == "failed"
        return
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not TestRun.objects.exists()


def test_the_extremes_are_computed(people, sign_in):
    client = sign_in(people.analyst)
    for extreme in ({"scored": 1, "green": 1}, {"green": 0}, {"scored": 10**9, "green": 9 * 10**8}):
        counts = form(people, inputs=COUNTS | extreme, n=(COUNTS | extreme)["scored"])
        assert client.post(f"{URL}green-list", counts, follow=True).status_code == 200
    page = text(client.get("/evidence/runs/"))
    assert "Lantern 7B" in page
    assert "< 10⁻¹²" in page


def test_a_run_uploaded_as_a_file(people, sign_in):
    suspect_named("Lantern 7B", people.analyst)
    key_named("wm-2026-a", people.lead)
    sent = {"test": "green-list", "suspect": "Lantern 7B", "inputs": COUNTS, "not_blind_because": OPEN} | DECLARED
    client = sign_in(people.analyst)
    upload = SimpleUploadedFile("run.json", json.dumps(sent).encode())
    assert client.post("/evidence/runs/new/", {"file": upload}).status_code == 302
    assert TestRun.objects.get().outcome == "supports"
    for wrong in (b"{", b"[]", b"[" * 200_000, json.dumps(sent | {"test": "oracle"}).encode()):
        answer = client.post("/evidence/runs/new/", {"file": SimpleUploadedFile("run.json", wrong)})
        assert answer.status_code == 422


def test_a_failed_run_says_why_and_what_to_do(people, sign_in):
    run = ran(people, inputs=COUNTS | {"green": 50_000})
    page = text(sign_in(people.reviewer).get(f"/evidence/runs/{run.ref}/"))
    assert "`green` is 50000" in page
    assert "this one stays on record" in page


def test_a_run_shows_everything_tested_on_its_suspect(people, sign_in):
    first, failed = ran(people), ran(people, inputs=COUNTS | {"green": 50_000})
    other = ran(people, suspect="Shoal-7")
    page = text(sign_in(people.reviewer).get(f"/evidence/runs/{first.ref}/"))
    assert failed.ref in page
    assert other.ref not in page
    assert re.search(r"2 runs?; one result counts among all of them", re.sub(r"<[^>]+>", "", page))


def test_runs_are_narrowed_by_address(people, sign_in):
    ran(people)
    failed = ran(people, suspect="Shoal-7", inputs=COUNTS | {"green": 50_000})
    client = sign_in(people.reviewer)
    for query in ("outcome=failed", "suspect=shoal"):
        page = text(client.get(f"/evidence/runs/?{query}"))
        assert failed.ref in page
        assert "Lantern 7B" not in page
    assert "No test run here" in text(client.get("/evidence/runs/?kind=planned"))


def test_a_chosen_test_may_bring_its_suspect_along(people, sign_in):
    suspect = actions.register_suspect(name="Lantern 7B", by=people.analyst)
    client = sign_in(people.analyst)
    choice = text(client.get(f"/evidence/runs/new/?suspect={suspect.pk}"))
    assert f"suspect={suspect.pk}" in choice
    assert f'value="{suspect.pk}" selected' in text(client.get(f"{URL}green-list&suspect={suspect.pk}"))
    assert client.get(f"{URL}oracle").status_code == 404
