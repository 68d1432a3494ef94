"""A detector with its key, and alerts as it would send them."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

ALERT: dict[str, Any] = {
    "schema": "casemgr.alert/1",
    "source": "tidegauge",
    "source_ref": "volume/acct_1",
    "detector": {
        "version": "4.1.0",
        "threshold": 3.5,
        "calibration": {"set_id": "benign-2026w17", "n": 300, "false_positives": 7, "as_of": "2026-04-27"},
        "known_false_positives": ["ci-batch"],
    },
    "title": "Account far above its peers",
    "kind": "volume",
    "severity": 2,
    "window": {"start": "2026-05-04T00:00:00Z", "end": "2026-05-05T00:00:00Z"},
    "detected_at": "2026-05-05T01:15:00Z",
    "subject": {"type": "account", "accounts": ["acct_1"]},
    "score": {"value": 5.1, "type": "z"},
}


def alert(**changes: Any) -> dict[str, Any]:
    """A valid alert with some fields changed; a field set to `...` is left out."""
    changed = copy.deepcopy(ALERT) | changes
    return {key: value for key, value in changed.items() if value is not ...}


def alerts(number: int, **changes: Any) -> list[dict[str, Any]]:
    """So many valid alerts, each about an account of its own."""
    return [
        alert(source_ref=f"volume/acct_{n}", subject={"type": "account", "accounts": [f"acct_{n}"]}, **changes)
        for n in range(number)
    ]


def cluster(ref: str, accounts: list[str], **changes: Any) -> dict[str, Any]:
    subject = {"type": "cluster", "cluster_ref": ref, "n_accounts": len(accounts), "accounts": accounts}
    return alert(**{"source_ref": f"cluster/{ref}", "kind": "linkage", "subject": subject} | changes)


@pytest.fixture
def register(people: Any) -> Callable[..., Any]:
    """Make a detector: `register("knotwork", kind="linkage")`."""
    from apps.alerts import actions

    def make(slug: str, **values: Any) -> Any:
        values = {"name": slug.capitalize(), "kind": "volume", "owner": "Abuse research"} | values
        return actions.register_detector(slug=slug, by=people.admin, **values)

    return make


@pytest.fixture
def detector(register: Callable[..., Any]) -> Any:
    return register("tidegauge")


@pytest.fixture
def post(api: Callable[..., Client], detector: Any) -> Callable[..., Any]:
    """Post as the detector: anything that is not bytes is sent as JSON."""
    client = api(detector.service_account)

    def send(body: Any, **options: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        options = {"content_type": "application/json"} | options
        return client.post("/api/v1/alerts", data=data, **options)

    send.client = client  # type: ignore[attr-defined]
    return send


@pytest.fixture
def receive(detector: Any) -> Callable[..., Any]:
    """Take alerts of a detector in, without HTTP; returns the batch."""
    from apps.alerts import intake

    def take(items: Any, of: Any = None, **options: Any) -> Any:
        of = of or detector
        items = items if isinstance(items, list) else [items]
        body = json.dumps([item | {"source": of.slug} for item in items]).encode()
        return intake.take(of, [body], by=of.service_account, **options).batches[0]

    return take
