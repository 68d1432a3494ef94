"""Who may do what: a role is a name, what it is for, and its verbs. Views, API, templates and actions ask it alike.

A verb is `app.function`; `app.view…` are permissions to read. What a verb needs beyond the role (the state of a case,
that proposer and approver differ) is in the room's `rules.py`. There is no superuser.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    title: str
    purpose: str
    verbs: frozenset[str]


READ_CASEWORK = {
    "policies.view",
    "accounts.view",
    "accounts.open_rejections",
    "alerts.view",
    "alerts.open_payload",
    "alerts.open_rejection",
    "alerts.download_body",
    "evidence.view",
    "evidence.open_item",
    "evidence.print_sheet",
    "evidence.view_fixity",
    "cases.view",
    "enforcement.view",
    "notices.view",
    "notices.preview_notice",
    "notices.open_notice",
    "service.view",
    "service.open_return",
    "appeals.view",
    "appeals.open_appeal",
    "counsel.view",
    "disclosures.view",
    "disclosures.preview_report",
    "insights.view",
}

# Who can have an item in their hands: take a copy, hand it over and accept it.
KEEP_EVIDENCE = {
    "evidence.verify_item",
    "evidence.export_item",
    "evidence.break_off",
    "evidence.seal",
    "evidence.hand_over",
    "evidence.accept_item",
    "evidence.propose_unsealing",
    "evidence.propose_release",
    "evidence.propose_disposal",
    "evidence.refuse",
    "evidence.withdraw",
}

# The second of two people.
DECIDE_ON_EVIDENCE = {
    "evidence.clear_item",
    "evidence.unseal",
    "evidence.release",
    "evidence.dispose",
    "evidence.refuse",
}

MEASURE_FILES = {
    "evidence.view_fixity",
    "evidence.start_fixity",
    "evidence.stop_fixity",
    "evidence.resume_fixity",
}

# Statements of reasons for the DSA Transparency Database.
EXPORT_STATEMENTS = {
    "transparency.view",
    "transparency.start_export",
    "transparency.send_export",
    "transparency.pause_export",
    "transparency.resume_export",
    "transparency.retry_export",
    "transparency.write_general_text",
}

# Letters to those they are for, by whatever way, and what came of it.
SERVE_LETTERS = {
    "service.email_letter",
    "service.start_dispatch",
    "service.retry_dispatch",
    "service.pause_dispatch",
    "service.resume_dispatch",
    "service.cancel_dispatch",
    "service.record_attempt",
    "service.note_delivered",
    "service.acknowledge",
    "service.note_bounced",
    "service.note_refused",
    "service.give_up",
    "service.file_return",
    "service.note_answer",
    "service.set_calendar",
    "evidence.receive",  # what proves it
}

# Who acts as a lawyer in a case, and what our own think of it: work product, which nobody else reads.
ADVISE = {
    "counsel.view_privileged",
    "counsel.open_theory",
    "counsel.record_counsel",
    "counsel.correct_counsel",
    "counsel.end_engagement",
    "counsel.adopt_theory",
    "counsel.weigh_element",
    "counsel.withdraw_theory",
    "counsel.add_note",
}

# Which accounts belong together: looked for by a program, judged by people.
JUDGE_RINGS = {
    "accounts.start_linkage",
    "accounts.stop_linkage",
    "accounts.suspect_ring",
    "accounts.explain_ring",
    "accounts.reopen_ring",
    "accounts.cut_link",
    "accounts.confirm_link",
    "accounts.undo_tie",
    "accounts.open_shared",
    "accounts.open_path",
}

# What tests take their names from: models, ours and others', and what was planted in answers.
REGISTER = {
    "evidence.register_version",
    "evidence.describe_version",
    "evidence.record_attestation",
    "evidence.check_signature",
    "evidence.check_statement",
    "evidence.register_suspect",
    "evidence.describe_suspect",
    "evidence.plant_canary",
    "evidence.retire_canary",
    "evidence.open_canary",
}

# Who answers for the models and for the keys that their output is marked with.
ANSWER_FOR_MODELS = {
    "evidence.register_model",
    "evidence.describe_model",
    "evidence.register_scheme",
    "evidence.register_key",
    "evidence.hand_over_key",
    "evidence.record_incident",
    "evidence.deploy_key",
    "evidence.end_deployment",
}

INVESTIGATE = (
    READ_CASEWORK
    | KEEP_EVIDENCE
    | REGISTER
    | JUDGE_RINGS
    | {
        "accounts.view_identifiers",
        "accounts.open_identifiers",
        "accounts.find_sharing",
        "accounts.import_records",
        "accounts.start_import",
        "alerts.claim",
        "alerts.take_next",
        "alerts.release",
        "alerts.dismiss",
        "alerts.reopen",
        "alerts.escalate",
        "alerts.merge",
        "alerts.unmerge",
        "alerts.split",
        "alerts.snooze",
        "alerts.wake",
        "alerts.end_suppression",  # showing more is everybody's; hiding is the lead's
        "alerts.upload",
        "alerts.send_again",
        "alerts.replay",
        "evidence.collect",
        "evidence.derive",
        "evidence.normalise",
        "evidence.open_log",
        "evidence.map_log",
        "evidence.give_up_log",
        "evidence.ask_again",
        "evidence.run_test",
        "evidence.run_on_accounts",
        "evidence.draft_plan",
        "evidence.change_plan",
        "evidence.register_plan",
        "evidence.withdraw_plan",
        "evidence.commit_order",
        "evidence.measure_order",
        "evidence.open_order",
        "evidence.abandon_order",
        "cases.open_case",
        "cases.open_case_from_group",
        "cases.open_case_from_ring",
        "cases.start_investigation",
        "cases.describe",
        "cases.assign",
        "cases.add_group",
        "cases.add_accounts",
        "cases.look_up_identifier",
        "cases.exclude_accounts",
        "cases.restore_accounts",
        "cases.add_ring",
        "cases.freeze_members",
        "cases.draw_sample",
        "cases.mark_sample",
        "cases.start_step",
        "cases.undo_step",
        "cases.add_party",
        "cases.correct_party",
        "cases.add_exhibit",
        "cases.argue_independence",
        "cases.record_claim",
        "cases.grade_claim",
        "cases.link_claims",
        "cases.unlink_claims",
        "cases.withdraw_claim",
        "cases.record_quantity",
        "cases.raise_explanation",
        "cases.assess_explanation",
        "cases.rate_exhibit",
        "cases.add_task",
        "cases.complete_task",
        "cases.add_note",
        "cases.propose_finding",
        "cases.withdraw_finding",
        "cases.propose_decision",
    }
)

# What the terms mean: said by lawyers, and by no program.
READ_TERMS = {
    "policies.confirm_effective_date",
    "policies.confirm_tag",
    "policies.reject_tag",
    "policies.tag_clause",
    "policies.confirm_succession",
    "policies.reject_succession",
}

ROLES: dict[str, Role] = {
    "analyst": Role("Analyst", "triages alerts, investigates, proposes findings", frozenset(INVESTIGATE)),
    "lead": Role(
        "Lead",
        "confirms findings, decides with legal, runs the desk",
        frozenset(
            INVESTIGATE
            | ANSWER_FOR_MODELS
            | DECIDE_ON_EVIDENCE
            | MEASURE_FILES
            | {
                "accounts.record_authorisation",
                "evidence.take_over",
                "alerts.suppress",
                "alerts.view_detectors",
                "alerts.restore_detector",
                "cases.accept_independence",
                "cases.refuse_independence",
                "cases.invite_party",
                "cases.record_response",
                "cases.record_silence",
                "cases.confirm_finding",
                "cases.reject_finding",
                "cases.approve_decision",
                "cases.reject_decision",
                "cases.hold_decision",
                "cases.release_decision",
                "cases.refuse_release",
                "cases.override_decision",
                "enforcement.carry_out",
                "enforcement.roll_back",
                "enforcement.send_again",
                "cases.close_case",
                "cases.reopen_case",
                "alerts.correct_verdict",  # with these two
                "records.view",
                "audit.view_readers",
            }
        ),
    ),
    "legal_counsel": Role(
        "Legal counsel",
        "checks findings against the terms, proposes decisions, drafts notices and reports",
        frozenset(
            READ_CASEWORK
            | (KEEP_EVIDENCE - {"evidence.verify_item"})
            | DECIDE_ON_EVIDENCE
            | READ_TERMS
            | SERVE_LETTERS
            | ADVISE
            | EXPORT_STATEMENTS
            | {
                "policies.import_terms",
                "accounts.record_authorisation",
                "accounts.confirm_authorisation",
                "accounts.refuse_authorisation",
                "accounts.revoke_authorisation",
                "cases.correct_party",
                "cases.invite_party",
                "cases.waive_invitation",
                "cases.record_response",
                "cases.record_silence",
                "cases.allow_wording",
                "cases.add_note",
                "cases.add_task",
                "cases.complete_task",
                "cases.view_privileged",
                "cases.open_privileged",
                "audit.view_readers",
                "cases.accept_independence",
                "cases.refuse_independence",
                "cases.confirm_finding",
                "cases.reject_finding",
                "cases.propose_decision",
                "notices.propose_template",
                "notices.draft_notice",
                "notices.draft_reinstatement",
                "notices.redraft_notice",
                "notices.translate_notice",
                "notices.discard_notice",
                "notices.issue_notice",
                "notices.start_mailing",
                "notices.release_mailing",
                "notices.pause_mailing",
                "notices.resume_mailing",
                "notices.cancel_mailing",
                "notices.retry_mailing",
                "disclosures.compile_report",
                "disclosures.discard_report",
                "disclosures.open_report",
                "records.view",
                "records.view_retention",
                "records.issue_hold",
                "records.widen_hold",
                "records.tell_custodians",
                "records.ask_release",
                "records.request_erasure",
                "records.withdraw_erasure",
                "disclosures.compile_bundle",
                "disclosures.discard_bundle",
                "disclosures.open_bundle",
            }
        ),
    ),
    "legal_approver": Role(
        "Legal approver",
        "approves decisions and notices, releases reports",
        frozenset(
            READ_CASEWORK
            | READ_TERMS
            | SERVE_LETTERS
            | ADVISE
            | {
                "accounts.confirm_authorisation",
                "accounts.refuse_authorisation",
                "accounts.revoke_authorisation",
                "cases.add_note",
                "cases.waive_invitation",
                "cases.allow_wording",
                "cases.view_privileged",
                "cases.open_privileged",
                "audit.view_readers",
                "cases.approve_decision",
                "cases.reject_decision",
                "notices.approve_template",
                "notices.decline_template",
                "cases.hold_decision",
                "cases.release_decision",
                "cases.refuse_release",
                "cases.override_decision",
                "enforcement.carry_out",
                "enforcement.roll_back",
                "enforcement.send_again",
                "notices.approve_notice",
                "notices.return_notice",
                "notices.issue_notice",
                "notices.mark_letter",
                "notices.approve_mailing",
                "notices.release_mailing",
                "notices.pause_mailing",
                "notices.resume_mailing",
                "notices.cancel_mailing",
                "transparency.view",
                "disclosures.release_report",
                "disclosures.return_report",
                "disclosures.open_report",
                "records.view",
                "records.view_retention",
                "records.issue_hold",
                "records.widen_hold",
                "records.tell_custodians",
                "records.ask_release",
                "records.release_hold",
                "records.refuse_release",
                "records.erase_subject",
                "records.refuse_erasure",
                "disclosures.release_bundle",
                "disclosures.discard_bundle",
                "disclosures.open_bundle",
            }
        ),
    ),
    "appeal_reviewer": Role(
        "Appeal reviewer",
        "reviews what others decided, and decides nothing else",
        frozenset(
            READ_CASEWORK
            | {
                "cases.add_note",
                "cases.clear_account",
                "enforcement.let_off",
                "appeals.take_appeal",
                "appeals.put_back",
                "appeals.ask_recipient",
                "appeals.uphold_decision",
                "appeals.reverse_decision",
                "appeals.write_answer",
                "notices.draft_answer",
            }
        ),
    ),
    "auditor": Role(
        "Auditor",
        "reads everything, changes nothing, verifies the trail",
        frozenset(
            READ_CASEWORK
            | {"records.view", "records.view_retention"}
            | {"accounts.view_identifiers", "accounts.open_identifiers", "accounts.find_sharing"}
            | {"accounts.open_shared", "accounts.open_path"}
            | {"alerts.view_detectors"}
            | MEASURE_FILES
            | {"disclosures.open_report", "disclosures.open_bundle", "staff.view", "transparency.view"}
            | {"audit.view", "audit.request_verification", "audit.verify_trail", "audit.acknowledge_findings"}
            | {"audit.view_readers", "audit.view_reads", "audit.export_reads", "audit.open_private"}
        ),
    ),
    "admin": Role(
        "Administrator",
        "looks after people, detectors and their keys; sees no casework",
        frozenset(
            MEASURE_FILES
            | {
                "insights.view",
                "staff.view",
                "staff.invite",
                "staff.change_roles",
                "staff.deactivate",
                "staff.reactivate",
                "staff.create_service_account",
                "staff.issue_api_key",
                "staff.revoke_api_key",
                "alerts.view_detectors",
                "alerts.open_rejection",
                "alerts.download_body",
                "alerts.register_detector",
                "alerts.change_detector",
                "enforcement.view_receiver",
                "enforcement.set_receiver",
                "enforcement.renew_receiver_secret",
                "alerts.set_webhook",
                "alerts.renew_webhook_secret",
                "alerts.replay_deliveries",
                "alerts.replay_delivery",
                "alerts.add_signing_key",
                "alerts.end_signing_key",
                "alerts.require_signatures",
                "alerts.send_again",
                "alerts.replay",
                "audit.view",
                "records.view_retention",
                "records.confirm_rule",
                "records.start_run",
                "records.stop_run",
                "audit.acknowledge_findings",
            }
        ),
    ),
    "detector": Role(
        "Detector",
        "posts alerts and test runs, and reads what became of them",
        frozenset({"alerts.receive", "evidence.run_test", "evidence.run_on_accounts"}),
    ),
    "account_system": Role(
        "Account system",
        "a program of the provider's that sends account records, and reads what became of them",
        frozenset({"accounts.import_records", "accounts.start_import"}),
    ),
    "enforcement_system": Role(
        "Enforcement system",
        "a program of the provider's that carries measures out, and says what became of each account",
        frozenset({"enforcement.record_results"}),
    ),
    "monitor": Role(
        "Monitor",
        "a program that asks for verifications of the trail and reads their verdicts",
        frozenset({"audit.request_verification"}),
    ),
    "recipient": Role(
        "Recipient of a letter",
        "holds a letter and its code, and has no account here: reads that letter and appeals",
        frozenset(
            {
                "appeals.open_letter",
                "appeals.file_appeal",
                "appeals.add_words",
                "appeals.withdraw_appeal",
                "service.open_by_link",
                "service.open_by_code",
                "service.note_answer",  # with an appeal
                "evidence.receive",  # with an appeal
            }
        ),
    ),
    "system": Role(
        "casemgr",
        "works in the background, on behalf of whoever asked for the work",
        frozenset(
            {
                "staff.sign_in_failed",
                "staff.bootstrap",
                "policies.import_terms",
                "accounts.record_seen",
                "accounts.carry_on_import",
                "accounts.start_linkage",
                "accounts.keep_found",
                "accounts.write_rings",
                "alerts.demote_detector",
                "alerts.rank_again",
                "alerts.tell_late",
                "alerts.send_again",
                "evidence.quarantine",
                "evidence.remove_file",
                "evidence.start_fixity",
                "evidence.measure_files",
                "cases.carry_on_step",
                "evidence.read_log",
                "evidence.assemble_log",
                "evidence.profile_log",
                "evidence.fail_log",
                "evidence.compute_again",
                "transparency.collect_part",
                "transparency.write_part",
                "transparency.end_export",
                "transparency.begin_sending",
                "transparency.begin_asking",
                "transparency.note_taken",
                "transparency.set_apart",
                "transparency.put_off",
                "transparency.stop_sending",
                "transparency.lose_track",
                "transparency.give_up",
                "enforcement.carry_out",
                "enforcement.roll_back",
                "enforcement.record_answer",
                "enforcement.give_up",
                "notices.render_notice",
                "notices.carry_on_mailing",
                "notices.draft_part",
                "notices.number_part",
                "notices.render_part",
                "notices.withdraw_part",
                "notices.leave_out",
                "service.carry_on_dispatch",
                "service.withdraw_part",
                "service.begin_sending",
                "service.note_sent",
                "service.put_off",
                "service.lose_track",
                "service.give_up",
                "service.note_delivered",
                "service.note_bounced",
                "service.acknowledge",
                "service.take_return",
                "service.set_deadlines",
                "service.settle_deadlines",
                "disclosures.render_report",
                "records.start_run",
                "records.carry_on",
                "records.reapply_erasure",
                "records.drop_spare_keys",
                "disclosures.copy_exhibit",
                "disclosures.number_bundle",
                "disclosures.assemble_bundle",
                "disclosures.fail_bundle",
                "evidence.export_item",  # into a bundle
                "audit.request_verification",
                "audit.verify_trail",
                "audit.export_trail",
            }
        ),
    ),
}

# Everyone who signs in may do these, to themselves.
OWN = frozenset(
    {
        "staff.sign_in",
        "staff.sign_out",
        "staff.change_password",
        "staff.change_second_factor",
        "records.acknowledge_hold",
    }
)


def grants(roles: list[str] | tuple[str, ...], verb: str) -> bool:
    """Whether one of the roles has the verb. Unknown roles grant nothing."""
    return any(verb in ROLES[role].verbs for role in roles if role in ROLES)


def verbs_by_room(roles: Iterable[Role]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The verbs that the roles have between them, as (room, [(verb, in words)]), reading before doing."""
    verbs = {verb for role in roles for verb in role.verbs}
    rooms: dict[str, list[tuple[str, str]]] = {}
    for verb in sorted(verbs, key=lambda verb: (verb.partition(".")[0], ".view" not in verb, verb)):
        room, _, name = verb.partition(".")
        rooms.setdefault(room, []).append((verb, name.replace("_", " ")))
    return list(rooms.items())
