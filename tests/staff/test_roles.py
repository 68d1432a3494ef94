"""The whole access model is data: what the roles grant, and that nothing goes around them."""

import pytest
from django.apps import apps
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audit import ledger
from apps.audit.models import Event
from apps.audit.principals import System
from apps.audit.reads.table import READS
from apps.staff import actions
from apps.staff.models import PEOPLE_ROLES, User
from apps.staff.roles import OWN, ROLES, grants
from tests.conftest import PASSWORD

# Who may do the steps that bind the provider. A lawyer reads this table first.
BINDING = {
    "cases.confirm_finding": {"lead", "legal_counsel"},
    "cases.approve_decision": {"lead", "legal_approver"},
    "notices.approve_notice": {"legal_approver"},
    "notices.issue_notice": {"legal_counsel", "legal_approver"},
    "disclosures.release_report": {"legal_approver"},
    "audit.verify_trail": {"auditor", "system"},
    "staff.invite": {"admin"},
    "staff.change_roles": {"admin"},
    "alerts.receive": {"detector"},
    "notices.render_notice": {"system"},
    "evidence.unseal": {"lead", "legal_counsel"},
    "evidence.release": {"lead", "legal_counsel"},
    "evidence.dispose": {"lead", "legal_counsel"},
    "evidence.remove_file": {"system"},
}


@pytest.mark.parametrize("verb", BINDING)
def test_the_steps_that_bind(verb):
    assert {slug for slug, role in ROLES.items() if verb in role.verbs} == BINDING[verb]


def test_the_administrator_sees_no_casework():
    rooms = {verb.partition(".")[0] for verb in ROLES["admin"].verbs}
    assert rooms == {"insights", "staff", "alerts", "audit", "enforcement", "evidence", "records"}
    assert "enforcement.view" not in ROLES["admin"].verbs
    assert not grants(["admin"], "alerts.view")
    assert not grants(["admin"], "evidence.view")  # whether files are whole, not what they are
    assert not grants(["admin"], "records.view")  # what is kept for how long, not whom a hold or an erasure is about


def test_the_auditor_changes_nothing():
    changing = {verb for verb in ROLES["auditor"].verbs if ".view" not in verb and ".open_" not in verb}
    # Asks for the trail to be verified and for files to be measured, and takes custody sheets.
    measuring = {"evidence.start_fixity", "evidence.stop_fixity", "evidence.resume_fixity"}
    assert {verb.partition(".")[0] for verb in changing - measuring - READS.keys()} == {"audit"}


def test_nobody_may_do_everything():
    everything = frozenset().union(*(role.verbs for role in ROLES.values()))
    for slug in PEOPLE_ROLES:
        assert ROLES[slug].verbs < everything


def test_unknown_roles_grant_nothing():
    assert not grants(["superuser", "root", ""], "staff.view")


def test_there_is_no_superuser_and_no_back_door(people):
    assert not issubclass(User, PermissionsMixin)
    assert not hasattr(people.admin, "is_superuser")
    assert not hasattr(people.admin, "is_staff")
    assert not apps.is_installed("django.contrib.admin")
    assert not people.admin.has_perm("cases.view")


def test_every_role_has_a_title_and_a_purpose():
    for role in ROLES.values():
        assert role.title
        assert role.purpose


def test_what_one_may_do_to_oneself_one_may_not_do_to_others(people):
    for verb in OWN - {"records.acknowledge_hold"}:  # for oneself, but of a hold: tests/records
        assert people.analyst.has_perm(verb, people.analyst)
        assert not people.admin.has_perm(verb, people.analyst)


# --- people ----------------------------------------------------------------------------------------------------------


def test_bootstrap_makes_one_administrator_and_never_another(db):
    actions.bootstrap(email="first@northlight.example", name="First", password=PASSWORD, by=System())
    with pytest.raises(ValidationError, match="people already"):
        actions.bootstrap(email="second@northlight.example", name="Second", password=PASSWORD, by=System())


def test_an_address_belongs_to_one_person_whatever_its_case(people):
    people.analyst  # noqa: B018 - makes her
    with pytest.raises(ValidationError, match="Somebody has this e-mail address"), transaction.atomic():
        actions.invite(
            email="ANALYST@northlight.example", name="Other", roles=["analyst"], password=PASSWORD, by=people.admin
        )


@pytest.mark.parametrize("role", ["superuser", "detector", "system"])
def test_the_database_knows_the_roles_of_people(people, role):
    with pytest.raises(ValidationError, match=r"not one of those in roles\.py"), transaction.atomic():
        actions.change_roles(people.analyst, roles=[role], by=people.admin)


def test_a_service_account_has_no_role_of_a_person(people):
    with pytest.raises(ValidationError), transaction.atomic():
        actions.create_service_account(slug="bot", name="Bot", roles=["analyst"], by=people.admin)


def test_nobody_changes_their_own_access(people):
    for verb in ("staff.change_roles", "staff.deactivate", "staff.reactivate"):
        assert not people.admin.has_perm(verb, people.admin)


def test_a_change_of_roles_is_in_the_trail_with_its_reason_but_names_nobody(people):
    actions.change_roles(people.analyst, roles=["lead"], by=people.admin, reason="Promoted in March")
    event = Event.objects.latest("id")
    assert (event.action, event.actor, event.reason) == ("staff.change_roles", people.admin.actor, "Promoted in March")
    invited = Event.objects.filter(action="staff.invite", object_id=people.analyst.pk).get()
    for private in (people.analyst.email, people.analyst.name, people.analyst.password):
        assert private.encode() not in bytes(invited.body)


def test_a_person_can_change_through_the_ledger_only(people):
    from apps.audit.fence import WriteOutsideLedger

    people.analyst.roles = ["admin"]
    with pytest.raises(WriteOutsideLedger):
        people.analyst.save()
    with pytest.raises(ledger.NoAction):
        ledger.change(people.analyst, roles=["admin"])
