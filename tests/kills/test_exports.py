"""Workers die in the middle of an export to the Transparency Database: all of a part is there or nothing, each letter
has one puid, and no file is taken twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.models import Event
from apps.transparency import actions, sending
from apps.transparency.actions import exports
from apps.transparency.models import Batch, Export, Statement
from tests import paper as on
from tests.kills import workers
from tests.kills.test_campaigns import own_places, trail_verifies  # noqa: F401 - fixtures
from tests.notices.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    decide,
    finding,
    propose,
    ready,
    suspended,
    terms,
)
from tests.transparency.conftest import arrange, content, database, mail, states  # noqa: F401 - fixture

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PART", 2)
    monkeypatch.setattr(exports.writing, "AT_MOST", 2)
    on.as_html(monkeypatch)


@pytest.fixture
def started(suspended: Any, people: Any) -> Iterator[Export]:  # noqa: F811
    mail(suspended, people)
    today = timezone.now().date()
    return actions.start_export(first_day=today, last_day=today, by=people.counsel)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.soak)])
def test_every_letter_has_one_statement_in_one_file(started, step):
    assert workers.die_everywhere(step) >= 10
    started.refresh_from_db()
    assert (started.state, states(started)) == ("ready", {"batched": 5})
    assert [file.count for file in started.batches.order_by("number")] == [2, 2, 1]
    made = [one["puid"] for file in started.batches.order_by("number") for one in content(file)]
    assert made == list(Statement.objects.order_by("id").values_list("puid", flat=True))
    parts = Event.objects.filter(action="transparency.collect_part", tables__contains="transparency_statement")
    assert parts.count() == 3
    assert trail_verifies()


def test_no_file_is_taken_twice(started, database, people):  # noqa: F811
    assert workers.work()
    started.refresh_from_db()
    actions.send_export(started, by=people.counsel)
    deaths = (
        workers.before(sending.outbound, "post"),  # it is on record that it is sent, and it was not
        workers.after(sending.outbound, "post"),  # it was taken, and nobody heard it
        workers.before(sending, "_record"),
    )
    for death in deaths:
        assert not workers.work(death, sending.send_due)
    assert database.taken
    for _ in range(3):  # what died is lost track of, asked after, and sent where it is not there
        for file in started.batches.filter(state__in=Batch.DUE):
            arrange(file, due_at=timezone.now())
        assert workers.work(task=sending.send_due)
    started.refresh_from_db()
    assert (started.state, states(started)) == ("sent", {"sent": 5})
    asked = [puid for request in database.requests for puid in request]
    assert sorted(asked) == sorted(database.taken)
    assert trail_verifies()
