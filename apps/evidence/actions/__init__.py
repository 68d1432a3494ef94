"""What is done with evidence. Every touch measures the file's hash again and leaves a custody event."""

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
from apps.evidence.actions.runs import Submission, run_test
from apps.evidence.actions.trials import abandon_order, commit_order, measure_order, open_order

__all__ = [
    "Submission",
    "abandon_order",
    "accept_item",
    "break_off",
    "change_plan",
    "clear_item",
    "collect",
    "commit_order",
    "derive",
    "dispose",
    "draft_plan",
    "export_item",
    "hand_over",
    "measure_files",
    "measure_order",
    "normalise",
    "open_item",
    "open_order",
    "print_sheet",
    "propose_disposal",
    "propose_release",
    "propose_unsealing",
    "quarantine",
    "refuse",
    "register_plan",
    "release",
    "remove_file",
    "resume_fixity",
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
