"""What is done with evidence. Every touch measures the file's hash again and leaves a custody event."""

from apps.evidence.actions.accounts import run_on_accounts
from apps.evidence.actions.authenticity import check_signature, check_statement
from apps.evidence.actions.canaries import open_canary, plant_canary, retire_canary
from apps.evidence.actions.custody import (
    break_off,
    clear_item,
    export_item,
    open_item,
    print_sheet,
    seal,
    take_over,
    verify_item,
)
from apps.evidence.actions.fixity import measure_files, resume_fixity, start_fixity, stop_fixity
from apps.evidence.actions.items import collect, derive, normalise, quarantine
from apps.evidence.actions.plans import change_plan, draft_plan, register_plan, withdraw_plan
from apps.evidence.actions.proposals import (
    accept_item,
    dispose,
    hand_over,
    propose_disposal,
    propose_release,
    propose_unsealing,
    refuse,
    release,
    remove_file,
    unseal,
    withdraw,
)
from apps.evidence.actions.registry import (
    describe_model,
    describe_suspect,
    describe_version,
    record_attestation,
    register_model,
    register_suspect,
    register_version,
)
from apps.evidence.actions.runs import Submission, run_test
from apps.evidence.actions.trials import abandon_order, commit_order, measure_order, open_order
from apps.evidence.actions.watermarks import (
    deploy_key,
    end_deployment,
    hand_over_key,
    record_incident,
    register_key,
    register_scheme,
)

__all__ = [
    "Submission",
    "abandon_order",
    "accept_item",
    "break_off",
    "change_plan",
    "check_signature",
    "check_statement",
    "clear_item",
    "collect",
    "commit_order",
    "deploy_key",
    "derive",
    "describe_model",
    "describe_suspect",
    "describe_version",
    "dispose",
    "draft_plan",
    "end_deployment",
    "export_item",
    "hand_over",
    "hand_over_key",
    "measure_files",
    "measure_order",
    "normalise",
    "open_canary",
    "open_item",
    "open_order",
    "plant_canary",
    "print_sheet",
    "propose_disposal",
    "propose_release",
    "propose_unsealing",
    "quarantine",
    "record_attestation",
    "record_incident",
    "refuse",
    "register_key",
    "register_model",
    "register_plan",
    "register_scheme",
    "register_suspect",
    "register_version",
    "release",
    "remove_file",
    "resume_fixity",
    "retire_canary",
    "run_on_accounts",
    "run_test",
    "seal",
    "start_fixity",
    "stop_fixity",
    "take_over",
    "unseal",
    "verify_item",
    "withdraw",
    "withdraw_plan",
]
