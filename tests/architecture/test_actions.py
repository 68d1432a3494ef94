"""A verb is at once a function, a permission, a line of the trail and, mostly, an address."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator

import pytest
import rules
from django.apps import apps
from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver

import apps as rooms
from apps.audit.action import verbs
from apps.staff.roles import OWN, ROLES

ROOMS = sorted(module.name for module in pkgutil.iter_modules(rooms.__path__))


def action_modules() -> Iterator[str]:
    for room in ROOMS:
        package = settings.BASE_DIR / "apps" / room
        if (package / "actions.py").is_file():
            yield f"apps.{room}.actions"
        elif (package / "actions").is_dir():
            for path in sorted((package / "actions").glob("*.py")):
                name = f"apps.{room}.actions"
                yield name if path.stem == "__init__" else f"{name}.{path.stem}"


def public_functions() -> Iterator[tuple[str, Callable]]:
    for name in action_modules():
        module = importlib.import_module(name)
        for attribute, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == name and not attribute.startswith("_"):
                yield f"{name.split('.')[1]}.{attribute}", function


PUBLIC = dict(public_functions())
VERBS = sorted(verb for verb, function in verbs().items() if function.__module__.startswith("apps."))

# Functions of actions that are no verbs, with why they are there.
NO_VERBS = {
    "cases.enter": "a step that verbs of several files share",
    "disclosures.files_of": "makes a report's files, and writes nothing",
    "evidence.derivative": "what items that are made from others have in common",
    "evidence.take_in": "a step that verbs of several files share",
    "evidence.record": "a step that verbs of several files share",
    "evidence.write": "a step that verbs of several files share",
    "notices.check_fit": "asks whether letter and decision go together, and writes nothing",
    "notices.draft": "a step that verbs of several files share",
    "notices.keep_file": "a step that verbs of several files share",
    "notices.new_code": "makes a code, and writes nothing",
    "notices.template_for": "a step that verbs of several files share",
    "service.prepare": "a step that verbs of several files share",
    "service.wait_for_turn": "puts a job back, and writes nothing",
}

# Verbs that people do not do in the browser, with where they are done instead.
WITHOUT_PAGE = {
    "accounts.find_sharing": "by filtering the accounts by an identifier",
    "accounts.keep_found": "by the worker",
    "accounts.write_rings": "by the worker",
    "accounts.open_rejections": "by opening the result of an import",
    "accounts.carry_on_import": "by the worker, part by part",
    "accounts.start_import": "by importing a large file",
    "accounts.record_seen": "by intake",
    "alerts.demote_detector": "by the worker, after a verdict",
    "alerts.rank_again": "by the worker, after a demotion or a calibration",
    "alerts.correct_verdict": "when a case ends as ordinary use, or is opened again",
    "alerts.tell_late": "by the worker",
    "alerts.open_rejection": "by opening what was rejected",
    "alerts.escalate": "by opening a case from the group or adding it to one",
    "appeals.open_appeal": "by opening the appeal's page",
    "appeals.open_letter": "by the recipient, with the number and the code of the letter",
    "audit.export_trail": "by `manage.py export_trail`",
    "audit.verify_trail": "by the worker and `manage.py verify_trail`",
    "cases.carry_on_step": "by the worker",
    "cases.clear_account": "by reversing a decision on an appeal",
    "cases.hold_decision": "by approving a decision of high impact",
    "cases.override_decision": "by approving or releasing the decision that takes its place",
    "cases.look_up_identifier": "by picking accounts for a case",
    "counsel.open_theory": "by opening the theory's page",
    "disclosures.open_report": "by opening a report's file",
    "disclosures.preview_report": "by opening the report's page",
    "disclosures.render_report": "by the worker",
    "disclosures.copy_exhibit": "by the worker",
    "disclosures.number_bundle": "by the worker",
    "disclosures.assemble_bundle": "by the worker",
    "disclosures.fail_bundle": "by the worker",
    "disclosures.open_bundle": "by taking the bundle or its receipt",
    "enforcement.let_off": "by reversing a decision on an appeal",
    "enforcement.record_results": "by the receiver, over REST",
    "enforcement.record_answer": "by the worker, when a message was delivered",
    "enforcement.give_up": "by the worker, when a message could not be delivered",
    "evidence.break_off": "by a download that does not end",
    "evidence.measure_files": "by the worker",
    "evidence.read_log": "by the worker, once its columns are confirmed",
    "evidence.assemble_log": "by the worker, when all is read",
    "evidence.profile_log": "by the worker, when all is sorted",
    "evidence.fail_log": "by the worker, when the file is damaged",
    "evidence.compute_again": "by the worker, when a person asked again",
    "evidence.receive": "by the recipient of a letter, with an appeal",
    "evidence.quarantine": "by collecting what something speaks against",
    "evidence.remove_file": "by the worker, after a disposal",
    "evidence.open_item": "by opening the item's page",
    "notices.preview_notice": "by opening the letter's page",
    "notices.draft_answer": "by deciding an appeal",
    "notices.carry_on_mailing": "by the worker",
    "notices.draft_part": "by the worker",
    "notices.leave_out": "by the worker, with the part of the letter",
    "notices.number_part": "by the worker",
    "notices.open_notice": "by opening the letter's file",
    "notices.render_notice": "by the worker",
    "notices.render_part": "by the worker",
    "notices.withdraw_part": "by the worker",
    "policies.import_terms": "by `manage.py import_terms`",
    "records.carry_on": "by the worker",
    "records.drop_spare_keys": "by `manage.py reapply_erasures`",
    "records.reapply_erasure": "by `manage.py reapply_erasures`",
    "service.begin_sending": "by the worker",
    "service.carry_on_dispatch": "by the worker",
    "service.withdraw_part": "by the worker",
    "service.lose_track": "by the worker",
    "service.note_sent": "by the worker",
    "service.open_by_code": "by the recipient, with the number and the code of the letter",
    "service.open_by_link": "by the recipient, with the link of an e-mail",
    "service.put_off": "by the worker",
    "service.set_deadlines": "by the worker",
    "service.settle_deadlines": "by the worker",
    "service.take_return": "by the worker and `manage.py read_returns`",
    "transparency.begin_asking": "by the worker",
    "transparency.begin_sending": "by the worker",
    "transparency.collect_part": "by the worker",
    "transparency.end_export": "by the worker",
    "transparency.give_up": "by the worker",
    "transparency.lose_track": "by the worker",
    "transparency.note_taken": "by the worker",
    "transparency.put_off": "by the worker",
    "transparency.set_apart": "by the worker",
    "transparency.stop_sending": "by the worker",
    "transparency.write_part": "by the worker",
    "staff.bootstrap": "at set-up",
    "staff.change_password": "by the sign-in library",
    "staff.change_second_factor": "by the sign-in library",
    "staff.create_service_account": "with its detector",
    "staff.issue_api_key": "on the detector's page, alerts:issue_key",
    "staff.revoke_api_key": "on the detector's page, alerts:revoke_key",
    "staff.sign_in": "by the sign-in library",
    "staff.sign_in_failed": "by the sign-in library",
    "staff.sign_out": "by the sign-in library",
}


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - set(NO_VERBS)))
def test_a_public_function_of_actions_is_an_action(name):
    assert getattr(PUBLIC[name], "verb", None) == name


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_public_function_of_its_room(verb):
    assert verb in PUBLIC


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_a_rule(verb):
    """In the room's rules.py. The trail's own are with the people's: audit knows no people."""
    room = verb.partition(".")[0].replace("audit", "staff")
    assert rules.perm_exists(verb)
    assert f'rules.add_perm("{verb}"' in (settings.BASE_DIR / "apps" / room / "rules.py").read_text()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_what_it_does(verb):
    assert (inspect.getdoc(verbs()[verb]) or "").strip()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_its_sentence_in_the_trail(verb):
    found = [f for f in (f"audit/verbs/{verb}.html", f"audit/verbs/{verb}.txt") if _is_template(f)]
    assert len(found) == 1


def _is_template(name: str) -> bool:
    return (settings.BASE_DIR / "templates" / name).is_file() and get_template(name) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_a_role_grants_it(verb):
    assert verb in OWN or any(verb in role.verbs for role in ROLES.values())


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_people_do_has_an_address_of_its_name(verb):
    room, _, name = verb.partition(".")
    names = {
        f"{resolver.namespace}:{pattern.name}"
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", None)
        for pattern in resolver.url_patterns
    }
    assert (f"{room}:{name}" in names) != (verb in WITHOUT_PAGE)


def test_nothing_is_listed_that_is_not_there():
    assert set(WITHOUT_PAGE) <= set(VERBS)
    assert set(NO_VERBS) <= set(PUBLIC)


@pytest.mark.parametrize("slug", ROLES)
def test_a_role_grants_only_what_has_a_rule(slug):
    assert [verb for verb in sorted(ROLES[slug].verbs) if not rules.perm_exists(verb)] == []


def test_no_sentence_is_left_of_a_verb_that_is_gone():
    kept = {path.stem for path in (settings.BASE_DIR / "templates" / "audit" / "verbs").iterdir()}
    assert kept - set(VERBS) == set()


def test_views_and_api_write_only_through_actions():
    """They neither open the ledger nor save rows: a rule in a view holds for the browser only."""
    forbidden = re.compile(r"ledger\.|\.save\(|\.objects\.create\(|bulk_create|\.delete\(\)|fence\.")
    for config in apps.get_app_configs():
        if not config.name.startswith("apps."):
            continue
        room = settings.BASE_DIR / "apps" / config.label
        for path in [*room.glob("views*.py"), *room.glob("views/*.py"), *room.glob("api*.py"), *room.glob("api/*.py")]:
            lines = [line for line in path.read_text().splitlines() if forbidden.search(line)]
            assert lines == [], path


def test_only_audit_opens_the_fence():
    for path in (settings.BASE_DIR / "apps").rglob("*.py"):
        if "apps/audit/" not in path.as_posix():
            assert "fence.gate" not in path.read_text(), path
