"""`@action`: permitted, atomic and recorded, or it does not happen."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.audit import ledger, private
from apps.audit.action import Forbidden, NothingRecorded, action, verbs
from apps.audit.middleware import RequestFacts, current
from apps.audit.models import Event, Manifest, PrivateValue
from apps.audit.principals import System
from apps.cases.models import Case
from apps.core.workflow import IllegalTransition
from apps.staff import actions
from apps.staff.models import ServiceAccount, User
from tests.audit.planting import acting, plant


class Anybody(System):
    """May everything: what is tested here is what the decorator does with it."""

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return True


@pytest.fixture
def verb():
    """Make a function an action of this test; the verb is gone afterwards."""
    from apps.audit import action as module

    before = dict(module._actions)

    def make(function):
        function.__module__ = "apps.audit.actions"
        return action(function)

    yield make
    module._actions.clear()
    module._actions.update(before)


def bodies(verb: str) -> list[dict]:
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(action=verb).order_by("id")]


def test_an_action_is_a_verb_and_an_event(people):
    actions.change_roles(people.analyst, roles=["lead"], by=people.admin, reason="moves to the desk")
    (body,) = bodies("staff.change_roles")
    event = Event.objects.get(action="staff.change_roles")
    assert body["actor"] == event.actor == people.admin.actor
    assert body["object"] == ["staff_user", str(people.analyst.pk)]
    assert body["changes"] == {"roles": [["analyst"], ["lead"]]}
    assert body["reason"] == event.reason == "moves to the desk"
    assert len(bytes.fromhex(body["nonce"])) == 32
    assert body["event"] == str(event.event_uuid)


def test_who_may_not_is_refused_before_anything_happens(people):
    _ = people.analyst, people.lead
    count = Event.objects.count()
    with pytest.raises(Forbidden, match="Ada Analyst may not change roles here") as refusal:
        actions.change_roles(people.lead, roles=["analyst"], by=people.analyst)
    assert isinstance(refusal.value, PermissionDenied)
    assert refusal.value.verb == "staff.change_roles"
    assert User.objects.get(pk=people.lead.pk).roles == ["lead"]
    assert Event.objects.count() == count


def test_an_action_that_records_nothing_does_not_happen(people, verb):
    @verb
    def forget(user, *, by):
        """Change something and say nothing."""

    with pytest.raises(NothingRecorded, match=r"audit\.forget wrote nothing"):
        forget(people.analyst, by=Anybody())


def test_what_fails_half_way_leaves_nothing(people, verb):
    @verb
    def stumble(user, *, by):
        """Change, and then fail."""
        ledger.change(user, is_active=False)
        raise ValidationError("no")

    with pytest.raises(ValidationError):
        stumble(people.analyst, by=Anybody())
    assert User.objects.get(pk=people.analyst.pk).is_active
    assert not Event.objects.filter(action="audit.stumble").exists()


@pytest.mark.parametrize(
    "function", [lambda user: None, lambda user, by: None, lambda user, by=None: None, lambda by: None]
)
def test_the_principal_is_a_keyword_that_cannot_be_left_out(verb, function):
    with pytest.raises(TypeError, match="keyword-only `by`"):
        verb(function)


def test_two_actions_cannot_have_one_verb(verb):
    def twice(*, by): ...

    verb(twice)
    with pytest.raises(TypeError, match=r"two actions are called audit\.twice"):
        verb(twice)


def test_acts_nest_and_each_verb_counts_for_its_own(people, verb):
    @verb
    def outer(user, *, by):
        """Ask another action to do the work."""
        actions.change_roles(user, roles=["lead"], by=people.admin)

    outer(people.analyst, by=Anybody())
    (event,) = Event.objects.filter(action__in=["audit.outer", "staff.change_roles"])
    assert event.action == "staff.change_roles"


def test_the_object_is_read_again_under_a_lock(people):
    stale = User.objects.get(pk=people.analyst.pk)
    actions.deactivate(people.analyst, by=people.admin)
    with pytest.raises(Forbidden):
        actions.deactivate(stale, by=people.admin)
    assert stale.is_active is False


def test_what_was_locked_is_not_remembered_past_the_next_writing_of_it(people, verb):
    @verb
    def rename(user, *, name, by):
        """Give a name; some are refused after they were written."""
        ledger.change(user, name=name)
        if name == "Refused":
            raise ValidationError("not this one")

    @verb
    def rename_thrice(user, *, by):
        """By another action, by one that fails, and oneself, twice."""
        rename(user, name="First", by=by)
        with pytest.raises(ValidationError, match="not this one"):
            rename(User.objects.get(pk=user.pk), name="Refused", by=by)
        ledger.change(user, name="Second")
        ledger.change(user, name="Third")

    ada = people.analyst.name
    rename_thrice(people.analyst, by=Anybody())
    digests = [body["row"]["sha256"] for body in [*bodies("audit.rename"), *bodies("audit.rename_thrice")]]
    assert [before for before, _ in digests[1:]] == [after for _, after in digests[:-1]]
    assert User.objects.get(pk=people.analyst.pk).name == "Third" != ada


def test_the_ledger_writes_in_acts_alone(people):
    with pytest.raises(ledger.NoAction):
        ledger.note(people.analyst, seen=True)
    with pytest.raises(ledger.NoAction):
        ledger.create(ServiceAccount, slug="x", name="x", roles=["detector"])


def test_verbs_are_known():
    assert {"staff.invite", "audit.verify_trail"} <= set(verbs())
    assert verbs()["staff.invite"].verb == "staff.invite"


def test_an_illegal_change_of_state_is_refused(people, db):
    _ = people.admin
    case = plant(0)[Case]
    with (
        pytest.raises(IllegalTransition, match=r"cases\.close_case cannot take a case from triage to notice"),
        acting("cases.close_case"),
    ):
        ledger.change(case, state="notice")
    assert Case.objects.get(pk=case.pk).state == "triage"


def test_a_constraint_says_it_in_words(people):
    actions.create_service_account(slug="one", name="One", roles=["detector"], by=people.admin)
    with pytest.raises(ValidationError, match="There is a service account of this name"):
        actions.create_service_account(slug="one", name="Two", roles=["detector"], by=people.admin)


def test_private_columns_are_commitments_in_the_event(people):
    event = Event.objects.get(action="staff.invite", object_id=people.analyst.pk)
    assert people.analyst.email.encode() not in bytes(event.body)
    assert people.analyst.name.encode() not in bytes(event.body)
    commitment = json.loads(bytes(event.body))["changes"]["email"][1]["commitment"]
    value = PrivateValue.objects.get(event_uuid=event.event_uuid, field="email.new")
    assert private.commitment(bytes(value.nonce), "email", people.analyst.email) == commitment
    assert private.reveal(event.event_uuid, "email", "new") == people.analyst.email
    assert people.analyst.email.encode() not in bytes(value.ciphertext)


def test_the_address_of_a_request_is_a_commitment(people):
    token = current.set(RequestFacts(request_id="r", source_ip="203.0.113.7", session="s"))
    try:
        actions.sign_out(people.analyst, by=people.analyst)
    finally:
        current.reset(token)
    event = Event.objects.get(action="staff.sign_out")
    assert b"203.0.113.7" not in bytes(event.body)
    assert private.reveal(event.event_uuid, "source_ip", "new") == "203.0.113.7"


def test_events_of_a_case_are_numbered_without_holes(people):
    _ = people.admin
    case = plant(0)[Case]
    numbers = Event.objects.filter(case_id=case.pk).order_by("id").values_list("case_seq", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert len(numbers) > 5


def test_a_batch_lists_its_rows(people):
    _ = people.admin
    rows = [
        {"slug": f"d{n}", "name": f"d{n}", "roles": ["detector"], "is_active": True, "created_at": "2026-03-18T00:00Z"}
        for n in range(12_000)
    ]
    with acting("audit.bulk"), ledger.batch(why="many") as batch:
        assert batch.insert(ServiceAccount, rows) == 12_000
    (body,) = bodies("audit.bulk")
    assert [part["rows"] for part in body["batch"]] == [5000, 5000, 2000]
    assert body["details"] == {"why": "many"}
    assert sum(len(manifest.rows) for manifest in Manifest.objects.all()) == 12_000 * 48


def test_a_batch_refuses_tables_with_private_columns(people):
    with pytest.raises(TypeError, match="User has private columns"), acting(), ledger.batch() as batch:
        batch.insert(User, [{"email": "x@northlight.example", "name": "x", "roles": ["analyst"], "password": "x"}])


def test_a_row_is_not_changed_while_a_batch_that_wrote_its_table_is_open(people):
    account = actions.create_service_account(slug="one", name="One", roles=["detector"], by=people.admin)
    with acting(), ledger.batch() as batch:
        batch.run(ServiceAccount, "UPDATE staff_serviceaccount SET name = 'Two'")
        with pytest.raises(RuntimeError, match="end the batch"):
            ledger.change(account, name="Three")
