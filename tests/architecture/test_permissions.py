"""The table of permissions.py, asked for real: every address, by everyone whom it names."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from tests.architecture.permissions import API, LIBRARY, OPEN, ROUTES, SIGNED

# Enough for every short form to be taken by whom it is for.
ANSWERS = {"reason": "Because", "purpose": "Expert", "dismissal": "benign", "note": "Because", "element": "harvesting"}


def names(patterns=None, prefix: str = "") -> Iterator[str]:
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        elif pattern.name:
            yield f"{prefix}{pattern.name}"


@pytest.fixture
def ask() -> Callable[..., int]:
    """Each question begins with the cookies that its person got by signing in, once a test."""
    signed_in: dict[Any, SimpleCookie] = {}

    def asked(person, method: str, address: str, data: dict | None = None) -> int:
        client = Client(raise_request_exception=True)
        if person is not None and person not in signed_in:
            client.force_login(person)
            signed_in[person] = client.cookies
        client.cookies = deepcopy(signed_in.get(person, client.cookies))
        with transaction.atomic():
            answer = client.post(address, data) if method == "post" else client.get(address)
            status = answer.status_code
            if status == 302 and answer["Location"].startswith("/sign-in/login/"):
                status = 401
            transaction.set_rollback(True)
        return status

    return asked


def test_every_address_is_in_the_table():
    ours = {name for name in names() if not name.startswith(LIBRARY)}
    assert ours - set(ROUTES) - set(OPEN) - API - SIGNED == set(), "add it to permissions.py"
    assert (set(ROUTES) | set(OPEN) | API | SIGNED) - ours == set(), "there is no such address any more"


@pytest.mark.parametrize("name", ROUTES)
def test_an_address_lets_through_whom_the_table_says(name, world, ask):
    route = ROUTES[name]
    address = reverse(name, args=route.args(world))
    data = ANSWERS | route.data(world)
    for method in route.methods:
        found = {"anonymous": ask(None, method, address)}
        for kind in ("stranger", "wrong"):
            if who := getattr(route, kind):
                # With nothing filled in: the person is asked for before the form is read, or this would be 422.
                found[kind] = ask(getattr(world.people, who), method, address)
                assert ask(getattr(world.people, who), method, address, data) == found[kind], f"{method} by {who}"
        expected = {"anonymous": 401, "stranger": 404, "wrong": 403}
        if address.startswith("/api/"):
            assert found.pop("anonymous") in (401, 403)
        assert found == {kind: expected[kind] for kind in found}, method
        status = ask(getattr(world.people, route.right), method, address, data)
        assert status in (200, 204, 302, 303, 422), f"{method} by {route.right}: {status}"
    if route.methods == ("post",):
        assert ask(getattr(world.people, route.right), "get", address) == 405  # opening the address does nothing


@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_open(name, world, ask):
    assert ask(None, "get", reverse(name)) == 200


def test_a_form_from_another_site_is_refused(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people.analyst)
    assert client.post(reverse("evidence:collect")).status_code == 403
