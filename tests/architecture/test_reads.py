"""The table of reads.py, opened for real: what counts leaves one event, and nothing else leaves any."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.action import verbs
from apps.audit.models import Event
from apps.audit.reads.table import READS
from tests.architecture.permissions import ROUTES, SIGNED
from tests.architecture.reads import COUNTED, COUNTED_BY_QUESTION, COUNTED_OF_RECIPIENTS, NOT_COUNTED
from tests.architecture.test_permissions import ANSWERS
from tests.architecture.world import World


def reads() -> list[str]:
    return list(Event.objects.filter(action__in=sorted(READS)).order_by("id").values_list("action", flat=True))


def test_every_address_that_shows_something_takes_a_position():
    shows = {name for name, route in ROUTES.items() if "get" in route.methods}
    known = set(COUNTED) | set(COUNTED_BY_QUESTION) | set(NOT_COUNTED)
    assert shows - known == set(), "add it to reads.py"
    assert known - set(ROUTES) == set(), "there is no such address any more"
    assert not (set(COUNTED) | set(COUNTED_BY_QUESTION)) & set(NOT_COUNTED)
    assert set(NOT_COUNTED) <= shows
    assert all(NOT_COUNTED.values())


def test_every_read_is_a_verb_that_some_address_does():
    assert set(READS) <= set(verbs())
    counted = [*COUNTED.values(), *COUNTED_BY_QUESTION.values(), *COUNTED_OF_RECIPIENTS.values()]
    assert set(READS) == set(counted)
    assert set(COUNTED_OF_RECIPIENTS) <= SIGNED


def prepare(name: str, world: World) -> None:
    """What there has to be to be read."""
    if name == "cases:open_privileged":
        from apps.cases import actions

        actions.add_note(
            world.once("case", "investigation"), body="Wait.", is_privileged=True, by=world.people.approver
        )
    if name == "accounts:import_result":
        import io

        from apps.accounts import actions

        bad = io.BytesIO(b"account_ref,kind,value\n,email,ada@elm.example\n")
        world.imported = actions.import_records(
            kind="identifiers", filename="a.csv", stream=bad, by=world.people.analyst
        )


@pytest.mark.parametrize("name", COUNTED)
def test_what_counts_is_recorded_once(name, world):
    prepare(name, world)
    route, verb = ROUTES[name], COUNTED[name]
    address, data = reverse(name, args=route.args(world)), ANSWERS | route.data(world)
    client = Client()
    client.force_login(getattr(world.people, route.right))
    if "get" not in route.methods:  # a form, with a reason each time
        assert client.post(address, data).status_code == 200
        assert reads() == [verb]
        return
    assert client.head(address).status_code == 200
    assert reads() == [], "HEAD shows nothing"
    client.get(address)
    if "post" in route.methods and reads() == []:  # it asks why
        assert client.post(address, {"reason": "Because"}).status_code == 302
    for _ in range(2):
        assert client.get(address).status_code == 200
    assert reads() == [verb]


def test_nothing_else_is_recorded(world):
    """In one house: each address as whom it is for."""
    clients: dict[str, Client] = {}
    for name in NOT_COUNTED:
        route = ROUTES[name]
        address = reverse(name, args=route.args(world))
        if route.right not in clients:
            clients[route.right] = Client()
            clients[route.right].force_login(getattr(world.people, route.right))
        before = Event.objects.count()
        assert clients[route.right].get(address).status_code in (200, 302), name
        assert Event.objects.count() == before, f"{name} writes when it is opened"
