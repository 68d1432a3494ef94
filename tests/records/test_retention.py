"""Retention does what a person confirmed, part by part, and leaves what is held."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import AlertGroup, Rejection
from apps.audit.models import Event, PrivateValue
from apps.core import jobs
from apps.core.models import Job
from apps.records import actions, tasks
from apps.records.actions import retention
from apps.records.models import RetentionRun
from apps.records.schedule import RULES, Rule
from tests.alerts.conftest import alert
from tests.architecture.world import WORKER
from tests.audit.findings import sentences
from tests.records.conftest import hold, release, verified

LONG_AGO = datetime.now(UTC) - timedelta(days=500)


@pytest.fixture
def rejections(world, monkeypatch) -> list[Rejection]:
    """Two items that were not taken, and are due; beside the first an alert was taken, whose group can be held."""
    world.receive({"title": "not an alert"}, alert(source_ref="volume/x"))
    world.receive({"title": "not an alert either"})
    monkeypatch.setattr(Rule, "before", lambda rule: timezone.now() + timedelta(minutes=1))
    return list(Rejection.objects.order_by("received_at"))


def run_through(rule: str, people) -> RetentionRun:
    run = actions.start_run(rule=rule, by=people.admin)
    while RetentionRun.objects.get(pk=run.pk).state == "running":
        actions.carry_on(run, by=WORKER)
    run.refresh_from_db()
    return run


def test_nothing_runs_before_a_person_confirmed_it(world, rejections):
    with pytest.raises(ValidationError, match="Nobody has confirmed"):
        actions.start_run(rule="rejected-items", by=world.people.admin)
    tasks.retain()
    assert not RetentionRun.objects.exists()
    confirmed = actions.confirm_rule(rule="rejected-items", by=world.people.admin)
    assert (confirmed.due, confirmed.held) == (2, 0)
    tasks.retain()
    assert RetentionRun.objects.get().rule == "rejected-items"


def test_a_rule_that_was_changed_is_confirmed_anew(world, rejections, monkeypatch):
    actions.confirm_rule(rule="rejected-items", by=world.people.admin)
    monkeypatch.setitem(RULES, "rejected-items", replace(RULES["rejected-items"], days=10))
    with pytest.raises(ValidationError, match="Nobody has confirmed"):
        actions.start_run(rule="rejected-items", by=world.people.admin)


def test_what_is_held_is_left_and_goes_when_it_is_not(committed_db, world, rejections):
    held, free = rejections
    found = hold(world, AlertGroup.objects.get())
    actions.confirm_rule(rule="rejected-items", by=world.people.admin)
    run = run_through("rejected-items", world.people)
    assert (run.state, run.due, run.held, run.gone) == ("done", 1, 1, 1)
    held.refresh_from_db()
    free.refresh_from_db()
    assert bytes(held.raw)
    assert not bytes(free.raw)
    release(found, world)
    assert run_through("rejected-items", world.people).gone == 1
    assert sentences(verified()) == []


def test_a_run_goes_part_by_part_and_can_be_stopped(world, rejections, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 1)
    actions.confirm_rule(rule="rejected-items", by=world.people.admin)
    run = actions.start_run(rule="rejected-items", by=world.people.admin)
    assert actions.carry_on(run, by=WORKER) == 1
    actions.stop_run(run, reason="Counsel calls", by=world.people.admin)
    jobs.work_off()
    run.refresh_from_db()
    assert (run.state, run.gone) == ("stopped", 1)
    assert not Job.objects.filter(state="failed").exists()
    assert run_through("rejected-items", world.people).gone == 1  # what was left


def test_a_run_survives_its_worker(committed_db, world, rejections, monkeypatch):
    """Each part is a job of its own: a worker that dies leaves the run where it was, and the next one carries on."""
    monkeypatch.setattr(retention, "STEP", 1)
    actions.confirm_rule(rule="rejected-items", by=world.people.admin)
    run = actions.start_run(rule="rejected-items", by=world.people.admin)
    while jobs.work_off():
        pass
    run.refresh_from_db()
    assert (run.state, run.gone) == ("done", 2)


def test_old_addresses_are_erased_and_the_trail_still_verifies(committed_db, world, sign_in):
    with time_machine.travel(LONG_AGO, tick=True):
        item = world.item
        sign_in(world.people.analyst).post(reverse("evidence:verify_item", args=[item.ref]))
    sign_in(world.people.analyst).post(reverse("evidence:verify_item", args=[item.ref]))
    assert PrivateValue.objects.filter(field="source_ip.new").count() == 2
    actions.confirm_rule(rule="addresses", by=world.people.admin)
    assert run_through("addresses", world.people).gone == 1
    young = PrivateValue.objects.filter(field="source_ip.new").values_list("event_uuid", flat=True)
    assert Event.objects.filter(event_uuid__in=young, occurred_at__gt=LONG_AGO + timedelta(days=1)).count() == 1
    assert sentences(verified()) == []


def test_addresses_of_a_held_item_stay(committed_db, world, sign_in):
    with time_machine.travel(LONG_AGO, tick=True):
        sign_in(world.people.analyst).get(reverse("evidence:item", args=[world.item.ref]))
        sign_in(world.people.analyst).post(reverse("evidence:verify_item", args=[world.collect().ref]))
    hold(world, world.item)
    actions.confirm_rule(rule="addresses", by=world.people.admin)
    run = run_through("addresses", world.people)
    assert (run.gone, run.held) == (1, PrivateValue.objects.filter(field="source_ip.new").count())
    assert run.held


def test_finished_jobs_are_dropped(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_job"
            " (kind, key, actor, state, attempts, due_at, created_at, finished_at, last_error, waits_for)"
            " VALUES ('k', 'old', 'x', 'done', 1, now(), now(), now() - interval '100 days', '', ''),"
            " ('k', 'new', 'x', 'done', 1, now(), now(), now(), '', '')"
        )
    actions.confirm_rule(rule="jobs", by=world.people.admin)
    run_through("jobs", world.people)
    assert list(Job.objects.filter(kind="k").values_list("key", flat=True)) == ["new"]


@pytest.mark.parametrize("slug", RULES)
def test_a_rule_says_whole_what_it_does_and_its_queries_run(slug, world):
    rule = RULES[slug]
    assert rule.terms.endswith(".")
    hold(world, world.case())
    assert rule.counts(rule.before()) == (0, 0)
    assert rule.next(rule.before(), 10) == []
