"""The API does what its schema says, whoever asks and whatever is sent: requests from the schema, valid and not."""

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.alerts.conftest import ALERT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CALLERS = ("detector", "person", "nobody")
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


@pytest.fixture
def sessions(people: Any, sign_in: Callable[..., Client]) -> dict[str, requests.Session]:
    """A detector with its key, a person who is signed in, and nobody in particular."""
    from apps.alerts import actions
    from apps.staff.actions import issue_api_key

    detector = actions.register_detector(
        slug=ALERT["source"], name="Tidegauge", kind="volume", owner="Abuse research", by=people.admin
    )
    found = {name: requests.Session() for name in CALLERS}
    found["detector"].headers["Authorization"] = f"Bearer {issue_api_key(detector.service_account, by=people.admin)[1]}"
    for name, cookie in sign_in(people.lead).cookies.items():
        found["person"].cookies[name] = cookie.value
    for session in found.values():
        session.trust_env = False
    return found


@pytest.fixture
def known(live_site: str, sessions: dict[str, requests.Session]) -> str:
    """The id of an alert that is there: generated ones never are."""
    answer = sessions["detector"].post(f"{live_site}/api/v1/alerts", json=ALERT)
    return answer.json()["items"][0]["id"]


@pytest.fixture
def schema(live_site: str, sessions: dict[str, requests.Session]) -> Any:
    answer = sessions["detector"].get(
        f"{live_site}/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}
    )
    return schemathesis.openapi.from_dict(answer.json())


def ask(
    site: str, schema: Any, sessions: dict[str, requests.Session], known: str, *, seed: int, examples: int
) -> Counter[int]:
    """So many requests of each operation by each caller, valid ones and others; returns the statuses of the answers."""
    statuses: Counter[int] = Counter()

    def ask_one(operation: Any, mode: Any, caller: str) -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(max_examples=examples, database=None, deadline=None, phases=[hypothesis.Phase.generate])
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode), is_known=strategies.booleans())
        def answers(case: Any, is_known: bool) -> None:
            if is_known and "id" in case.path_parameters:
                case.path_parameters["id"] = known
            answer = case.call(base_url=site, session=sessions[caller])
            case.validate_response(answer, checks=CHECKS)
            assert caller != "nobody" or answer.status_code >= 400
            statuses[answer.status_code] += 1

        answers()

    for operation in schema.get_all_operations():
        for mode in MODES:
            for caller in CALLERS:
                ask_one(operation.ok(), mode, caller)
    return statuses


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_api_keeps_to_its_schema(live_site: str, schema: Any, sessions: Any, known: str) -> None:
    statuses = ask(live_site, schema, sessions, known, seed=20260605, examples=3)
    assert {200, 401, 404} <= statuses.keys()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_api_keeps_to_its_schema_for_long(live_site: str, schema: Any, sessions: Any, known: str) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    print(ask(live_site, schema, sessions, known, seed=seed, examples=500))
