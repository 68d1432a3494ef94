import re

import pytest
from django.test import Client

from apps.audit.models import Event
from apps.staff.models import User
from tests.conftest import email

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_list_shows_who_may_sign_in(people, sign_in):
    people.all()
    client = sign_in(people.admin)
    page = text(client.get("/people/"))
    assert "Ada Analyst" in page
    assert "Legal approver" in page
    assert "Ada Analyst" not in text(client.get("/people/?role=lead"))
    assert "Ada Analyst" in text(client.get("/people/?q=ADA"))
    assert "Nobody matches" in text(client.get("/people/?access=no"))


def test_an_invitation_shows_a_password_once_that_works(people, sign_in):
    client = sign_in(people.admin)
    answer = client.post("/people/invite/", {"name": "New", "email": "new@northlight.example", "roles": ["analyst"]})
    password = answer.context["password"]
    assert password in text(answer)
    assert "no-store" in answer["Cache-Control"]

    newcomer = Client()
    newcomer.post("/sign-in/login/", {"login": "new@northlight.example", "password": password})
    assert newcomer.get("/people/me/").status_code == 200
    person = User.objects.get(email="new@northlight.example")
    assert password not in text(client.get(f"/people/{person.pk}/"))


def test_an_address_that_is_taken_is_explained(people, sign_in):
    people.analyst  # noqa: B018 - makes her
    answer = sign_in(people.admin).post(
        "/people/invite/", {"name": "New", "email": email("analyst").upper(), "roles": ["analyst"]}
    )
    assert answer.status_code == 422
    assert "Somebody has this e-mail address" in text(answer)


def test_an_invitation_names_a_role(people, sign_in):
    answer = sign_in(people.admin).post("/people/invite/", {"name": "New", "email": "n@northlight.example"})
    assert answer.status_code == 422
    answer = sign_in(people.admin).post(
        "/people/invite/", {"name": "New", "email": "n@northlight.example", "roles": ["system"]}
    )
    assert answer.status_code == 422
    assert not User.objects.filter(name="New").exists()


def test_roles_access_and_back(people, sign_in):
    client, person = sign_in(people.admin), people.analyst
    client.post(f"/people/{person.pk}/roles/", {"roles": ["lead", "analyst"], "reason": "Stands in for Lea"})
    person.refresh_from_db()
    assert person.roles == ["analyst", "lead"]

    client.post(f"/people/{person.pk}/deactivate/", {"reason": "Left"})
    person.refresh_from_db()
    assert not person.is_active
    page = text(client.get(f"/people/{person.pk}/"))
    assert "Access ended" in page
    assert "Give access again" in page

    client.post(f"/people/{person.pk}/reactivate/", {"reason": "Came back"})
    person.refresh_from_db()
    assert person.is_active
    reasons = list(
        Event.objects.filter(object_id=person.pk).exclude(reason="").order_by("id").values_list("reason", flat=True)
    )
    assert reasons == ["Stands in for Lea", "Left", "Came back"]


@pytest.mark.parametrize("step", ["roles", "deactivate"])
def test_a_change_of_access_says_why(people, sign_in, step):
    answer = sign_in(people.admin).post(f"/people/{people.analyst.pk}/{step}/", {"roles": ["lead"]})
    assert answer.status_code == 422
    people.analyst.refresh_from_db()
    assert (people.analyst.roles, people.analyst.is_active) == (["analyst"], True)


def test_nobody_changes_their_own_access(people, sign_in):
    client, me = sign_in(people.admin), people.admin
    page = text(client.get(f"/people/{me.pk}/"))
    assert "Change roles" not in page
    assert "End the access" not in page
    assert client.post(f"/people/{me.pk}/deactivate/", {"reason": "x"}).status_code == 403
    assert client.post(f"/people/{me.pk}/roles/", {"roles": ["lead"], "reason": "x"}).status_code == 403


def test_who_may_look_sees_no_buttons(people, sign_in):
    client = sign_in(people.auditor)
    assert "Invite a person" not in text(client.get("/people/"))
    assert "Change roles" not in text(client.get(f"/people/{people.analyst.pk}/"))
    assert client.get("/people/invite/").status_code == 403
    for step in ("roles", "deactivate"):
        data = {"roles": ["lead"], "reason": "x"}
        assert client.post(f"/people/{people.analyst.pk}/{step}/", data).status_code == 403


def test_a_stranger_finds_nothing(people, sign_in):
    client = sign_in(people.analyst)
    assert client.get("/people/").status_code == 404
    assert client.get(f"/people/{people.lead.pk}/").status_code == 404
    assert client.get("/people/invite/").status_code == 404
    assert client.post(f"/people/{people.lead.pk}/deactivate/", {"reason": "x"}).status_code == 404


def test_everyone_reads_what_roles_may_do(people, sign_in):
    page = text(sign_in(people.analyst).get("/people/roles/"))
    assert "triages alerts, investigates, proposes findings" in page
    assert "confirm finding" in page


def test_my_account_shows_my_sign_ins_and_to_nobody_else_from_where(people, sign_in):
    mine = Client(REMOTE_ADDR="203.0.113.9")
    mine.force_login(people.analyst)
    mine.post("/sign-in/logout/")
    from tests.conftest import PASSWORD

    mine.post("/sign-in/login/", {"login": email("analyst"), "password": PASSWORD})
    assert "203.0.113.9" in text(mine.get("/people/me/"))
    assert "203.0.113.9" not in text(sign_in(people.admin).get(f"/people/{people.analyst.pk}/"))
