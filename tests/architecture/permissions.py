"""Every address of casemgr, and who gets through: a table that a lawyer can read.

`right` gets through. `wrong` may see the room and not do this: 403. `stranger` may not see the room: 404, as if there
were nothing. Nobody is a wrong person for what everyone in the room may do, or a stranger to what everyone may see.
An anonymous visitor is asked to sign in, everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import Account
from tests.architecture.world import World

Args = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Route:
    right: str
    wrong: str | None = None
    stranger: str | None = "admin"
    args: Args = field(default=lambda w: [])
    methods: tuple[str, ...] = ("get",)
    data: Callable[[World], dict[str, Any]] = field(default=lambda w: {})  # what makes the posted form whole


def page(args: Args = lambda w: [], right: str = "reviewer", **who: Any) -> Route:
    """Shown to whoever may see the room; the appeal reviewer does casework last of all."""
    return Route(right, args=args, **who)


def question(args: Args = lambda w: [], right: str = "reviewer", **who: Any) -> Route:
    """A page that may ask why one looks before it shows anything."""
    return Route(right, args=args, methods=("get", "post"), **who)


def form(right: str, wrong: str | None, args: Args = lambda w: [], **who: Any) -> Route:
    """A page with a form: neither shown to nor taken from who may not send it."""
    return Route(right, wrong, args=args, methods=("get", "post"), **who)


def act(right: str, wrong: str | None, args: Args = lambda w: [], **who: Any) -> Route:
    """A button."""
    return Route(right, wrong, args=args, methods=("post",), **who)


def case(state: str) -> Args:
    return lambda w: [w.once("case", state).ref]


def group(state: str) -> Args:
    return lambda w: [w.once("group", state).pk]


def notice(state: str) -> Args:
    return lambda w: [w.once("notice", state).pk]


def mailing(state: str) -> Args:
    return lambda w: [w.once("mailing", state).pk]


def appeal(state: str) -> Args:
    return lambda w: [w.once("appeal", state).ref]


def attempt(state: str) -> Args:
    return lambda w: [w.once("attempt", state).pk]


def sor_export(state: str) -> Args:
    return lambda w: [w.once("sor_export", state).ref]


def report(state: str) -> Args:
    return lambda w: [w.once("report", state).pk]


def bundle(state: str) -> Args:
    return lambda w: [w.once("bundle", state).pk]


def item(state: str) -> Args:
    return lambda w: [w.once("kept_item", state).ref]


def proposal(kind: str) -> Args:
    return lambda w: [w.once("proposal", kind).pk]


def fixity(state: str) -> Args:
    return lambda w: [w.once("fixity", state).pk]


def ref(what: str) -> Args:
    return lambda w: [w.once(what).ref]


ROUTES: dict[str, Route] = {
    # --- everyone who is signed in
    "insights:home": page(stranger=None),
    "insights:search": page(stranger=None),
    "staff:me": page(stranger=None),
    "staff:roles": page(stranger=None),
    "api-docs": page(stranger=None),
    "schema": page(stranger=None),
    # --- people
    "staff:people": page(right="auditor", stranger="analyst"),
    "staff:person": page(lambda w: [w.people.lead.pk], right="auditor", stranger="analyst"),
    "staff:invite": form("admin", "auditor", stranger="analyst"),
    "staff:change_roles": form("admin", "auditor", lambda w: [w.people.lead.pk], stranger="analyst"),
    "staff:deactivate": act("admin", "auditor", lambda w: [w.people.lead.pk], stranger="analyst"),
    "staff:reactivate": act("admin", "auditor", lambda w: [w.once("leaver").pk], stranger="analyst"),
    # --- what stays and what goes
    "records:holds": page(right="lead", stranger="analyst"),
    "records:hold": page(lambda w: [w.once("hold").ref], right="lead", stranger="analyst"),
    "records:told": page(stranger=None),
    "records:issue_hold": form("counsel", "lead", stranger="analyst"),
    "records:widen_hold": form("counsel", "lead", lambda w: [w.once("hold").ref], stranger="analyst"),
    "records:tell_custodians": form("counsel", "lead", lambda w: [w.once("hold").ref], stranger="analyst"),
    # Everybody answers for themselves; to others there is no such page.
    "records:acknowledge_hold": form("analyst", None, lambda w: [w.once("hold").custodians.get().pk], stranger="lead"),
    "records:ask_release": form("counsel", "lead", lambda w: [w.once("hold").ref], stranger="analyst"),
    # Counsel asked for it.
    "records:release_hold": form(
        "approver", "counsel", lambda w: [w.once("hold", "release_requested").ref], stranger="analyst"
    ),
    "records:refuse_release": form(
        "approver", "counsel", lambda w: [w.once("hold", "release_requested").ref], stranger="analyst"
    ),
    "records:erasures": page(right="lead", stranger="analyst"),
    "records:erasure": page(lambda w: [w.once("erasure").ref], right="lead", stranger="analyst"),
    "records:certificate": page(lambda w: [w.once("erasure", "carried_out").ref], right="auditor", stranger="analyst"),
    "records:request_erasure": form("counsel", "approver", stranger="analyst"),
    "records:erase_subject": form("approver", "counsel", lambda w: [w.once("erasure").ref], stranger="analyst"),
    "records:refuse_erasure": form("approver", "lead", lambda w: [w.once("erasure").ref], stranger="analyst"),
    "records:withdraw_erasure": form("counsel", "approver", lambda w: [w.once("erasure").ref], stranger="analyst"),
    "records:retention": page(right="auditor", stranger="analyst"),
    "records:run": page(lambda w: [w.once("retention_run").pk], right="auditor", stranger="analyst"),
    "records:confirm_rule": form("admin", "auditor", lambda w: ["jobs"], stranger="analyst"),
    "records:start_run": act("admin", "auditor", lambda w: ["jobs"], stranger="analyst"),
    "records:stop_run": form("admin", "auditor", lambda w: [w.once("retention_run").pk], stranger="analyst"),
    # --- the trail
    "audit:trail": page(right="admin", stranger="analyst"),
    "audit:event": page(lambda w: [w.event.event_uuid], right="auditor", stranger="analyst"),
    "audit:history": page(lambda w: ["staff_user", w.people.lead.pk], right="auditor", stranger="analyst"),
    "audit:open_private": act("auditor", "admin", lambda w: [w.event.event_uuid], stranger="analyst"),
    "audit:readers": page(lambda w: ["accounts_account", w.account.pk], right="lead"),
    "audit:reads": page(right="auditor", stranger="lead"),
    "audit:export_reads": act(
        "auditor", None, stranger="lead", data=lambda w: {"since": "2026-01-01", "until": "2026-12-31"}
    ),
    "audit:verification": page(right="auditor", stranger="analyst"),
    "audit:request_verification": act("auditor", "admin", stranger="analyst"),
    "audit:acknowledge_findings": act("admin", None, lambda w: [w.once("alarm")], stranger="analyst"),
    # --- terms
    "policies:list": page(),
    "policies:in_force": page(),
    "policies:document": page(lambda w: [w.clause[0].document.slug]),
    "policies:compare": page(lambda w: [w.clause[0].document.slug]),
    "policies:version": page(lambda w: [w.clause[0].document.slug, w.clause[0].pk]),
    "policies:clause": page(lambda w: [w.clause[0].document.slug, w.clause[0].pk, w.clause[1].address]),
    "policies:rejected": page(),
    "policies:tags": page(),
    "policies:tagging": page(lambda w: [w.once("tagging").pk]),
    "policies:confirm_tag": act("counsel", "lead", lambda w: [w.once("tagging").pk]),
    "policies:reject_tag": form("counsel", "lead", lambda w: [w.once("tagging").pk]),
    "policies:tag_clause": form(
        "counsel", "lead", lambda w: [w.clause[0].document.slug, w.clause[0].pk, w.clause[1].address]
    ),
    "policies:confirm_effective_date": form("counsel", "lead", lambda w: [w.clause[0].document.slug, w.clause[0].pk]),
    "policies:confirm_succession": act("counsel", "lead", lambda w: w.once("two_clauses")),
    "policies:reject_succession": form("counsel", "lead", lambda w: w.once("two_clauses")),
    # --- accounts
    "accounts:authorisations": page(),
    "accounts:authorisation": page(lambda w: [w.once("authorisation").pk]),
    "accounts:record_authorisation": form("lead", "analyst"),
    # The lead recorded it.
    "accounts:confirm_authorisation": act("approver", "lead", lambda w: [w.once("authorisation").pk]),
    "accounts:refuse_authorisation": form("counsel", "lead", lambda w: [w.once("authorisation").pk]),
    "accounts:revoke_authorisation": form("counsel", "lead", lambda w: [w.once("authorisation", "active").pk]),
    "accounts:list": page(),
    "accounts:account": page(lambda w: [w.account.pk]),
    "accounts:import_records": form("analyst", "reviewer"),
    "accounts:import_result": question(lambda w: [w.imported.pk]),
    "accounts:open_identifiers": question(lambda w: [w.account.pk], right="auditor", wrong="reviewer"),
    # --- rings
    "accounts:rings": page(),
    "accounts:ring": page(lambda w: [w.once("ring").pk]),
    "accounts:ring_members": page(lambda w: [w.once("ring").pk]),
    "accounts:ring_of_account": page(lambda w: [w.once("ring_link").account_id]),
    "accounts:open_shared": page(lambda w: [w.once("ring").pk], right="auditor", wrong="reviewer"),
    "accounts:open_path": page(lambda w: w.once("ring_pair"), right="analyst"),
    "accounts:suspect_ring": form("analyst", "reviewer", lambda w: [w.once("ring").pk]),
    "accounts:explain_ring": form("analyst", "reviewer", lambda w: [w.once("ring").pk]),
    "accounts:reopen_ring": form("analyst", "reviewer", lambda w: [w.once("ring", "suspected").pk]),
    "accounts:cut_link": form("analyst", "reviewer", lambda w: [w.once("ring_link").pk]),
    "accounts:confirm_link": form("analyst", "reviewer", lambda w: [w.once("ring_identifier").pk]),
    "accounts:ties": page(),
    "accounts:undo_tie": form("analyst", "reviewer", lambda w: [w.once("tie").pk]),
    "accounts:linkage_runs": page(),
    "accounts:linkage_run": page(lambda w: [w.once("ring").first_run_id]),
    "accounts:start_linkage": form("analyst", "reviewer"),
    "accounts:stop_linkage": form("analyst", "reviewer", lambda w: [w.once("linkage_run").pk]),
    "accounts:compare_runs": page(),
    # --- alerts
    "alerts:group_rings": page(group("open")),
    "alerts:queue": page(),
    "alerts:take_next": act("analyst", "reviewer"),
    "alerts:group": page(group("open")),
    "alerts:preview": page(group("open")),
    "alerts:group_accounts": page(group("open")),
    "alerts:claim": act("analyst", "reviewer", group("open")),
    "alerts:release": act("analyst", "reviewer", group("claimed")),
    "alerts:dismiss": form("analyst", "reviewer", group("claimed")),
    "alerts:reopen": form("analyst", "reviewer", group("dismissed")),
    "alerts:merge": form("analyst", "reviewer"),
    "alerts:unmerge": form("analyst", "reviewer", group("merged")),
    "alerts:split": form("analyst", "reviewer", group("open")),
    "alerts:snooze": form("analyst", "reviewer", group("claimed")),
    "alerts:wake": act("analyst", "reviewer", group("snoozed")),
    "alerts:suppressions": page(),
    "alerts:suppression": page(lambda w: [w.once("suppression").pk]),
    "alerts:suppress": form("lead", "analyst"),
    "alerts:end_suppression": form("analyst", "reviewer", lambda w: [w.once("suppression").pk]),
    "alerts:of_account": page(lambda w: [w.account.pk]),
    "alerts:alert": page(lambda w: [w.alert.pk]),
    "alerts:open_payload": question(lambda w: [w.alert.pk]),
    # The administrator looks after detectors, so sees what they sent and what of it was refused.
    "alerts:batches": page(right="admin", stranger=None),
    "alerts:batch": page(lambda w: [w.alert.batch_id], right="admin", stranger=None),
    "alerts:rejections": page(right="admin", stranger=None),
    "alerts:rejection": page(lambda w: [w.rejection.pk], right="admin", stranger=None),
    "alerts:download_body": question(lambda w: [w.alert.batch_id], right="admin", stranger=None),
    "alerts:rejection_item": page(lambda w: [w.rejection.pk], right="admin", stranger=None),
    "alerts:send_again": form("analyst", "reviewer", lambda w: [w.rejection.pk], stranger=None),
    "alerts:replay": form("analyst", "reviewer", stranger=None),
    "alerts:replayed": page(lambda w: [w.replay.pk], right="admin", stranger=None),
    "alerts:upload": form("analyst", "admin", lambda w: [w.detector.pk], stranger=None),
    "alerts:detectors": page(right="admin", stranger=None),
    "alerts:detector": page(lambda w: [w.detector.pk], right="admin", stranger=None),
    "alerts:register_detector": form("admin", "lead", stranger=None),
    "alerts:change_detector": form("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:restore_detector": form("lead", "admin", lambda w: [w.once("demoted").pk], stranger=None),
    "alerts:set_webhook": form("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:renew_webhook_secret": form("admin", "lead", lambda w: [w.delivery.webhook.detector_id], stranger=None),
    "alerts:require_signatures": form("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:add_signing_key": form("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:end_signing_key": form("admin", "lead", lambda w: [w.detector.pk, w.signing_key.pk], stranger=None),
    "alerts:deliveries": page(lambda w: [w.detector.pk], right="admin", stranger=None),
    "alerts:delivery": page(lambda w: [w.detector.pk, w.delivery.pk], right="admin", stranger=None),
    "alerts:replay_deliveries": act("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:replay_delivery": act("admin", "lead", lambda w: [w.detector.pk, w.delivery.pk], stranger=None),
    "alerts:issue_key": act("admin", "lead", lambda w: [w.detector.pk], stranger=None),
    "alerts:revoke_key": form("admin", "lead", lambda w: [w.detector.pk, w.key[0].pk], stranger=None),
    # --- evidence
    "evidence:list": page(),
    "evidence:item": question(lambda w: [w.item.ref]),
    "evidence:runs": page(),
    "evidence:run": question(lambda w: [w.run.ref]),
    "evidence:collect": form("analyst", "reviewer"),
    "evidence:run_test": form("analyst", "counsel"),
    "evidence:run_on_accounts": form("analyst", "counsel"),
    "evidence:account_results": page(lambda w: [w.accounts_run.ref]),
    "evidence:tests": page(),
    "evidence:test": page(lambda w: ["green-list"]),
    "evidence:plans": page(),
    "evidence:plan": page(lambda w: [w.once("plan", "draft").ref]),
    "evidence:draft_plan": form("analyst", "counsel"),
    "evidence:change_plan": form("analyst", "counsel", lambda w: [w.once("plan", "draft").ref]),
    "evidence:register_plan": act("analyst", "counsel", lambda w: [w.once("plan", "draft").ref]),
    "evidence:withdraw_plan": form("analyst", "counsel", lambda w: [w.once("plan", "registered").ref]),
    "evidence:trials": page(),
    "evidence:trial": page(lambda w: [w.once("trial", "committed").ref]),
    "evidence:commit_order": form("analyst", "counsel"),
    "evidence:measure_order": form("analyst2", "counsel", lambda w: [w.once("trial", "committed").ref]),
    "evidence:open_order": form("analyst", "counsel", lambda w: [w.once("trial", "measured").ref]),
    "evidence:abandon_order": form("analyst", "counsel", lambda w: [w.once("trial", "committed").ref]),
    "evidence:verify_item": act("analyst", "counsel", lambda w: [w.item.ref]),
    "evidence:export_item": act("counsel", "reviewer", lambda w: [w.item.ref]),
    "evidence:print_sheet": page(lambda w: [w.item.ref]),
    "evidence:derive": form("analyst", "counsel", lambda w: [w.item.ref]),
    "evidence:normalise": act("analyst", "counsel", lambda w: [w.item.ref]),
    "evidence:logs": page(),
    "evidence:log": page(lambda w: [w.profiled_log.ref]),
    "evidence:open_log": act("analyst", "counsel", lambda w: [w.collect_log().ref]),
    "evidence:map_log": form("analyst", "counsel", lambda w: [w.once("query_log").ref]),
    "evidence:give_up_log": form("analyst", "counsel", lambda w: [w.once("query_log").ref]),
    "evidence:figure": page(lambda w: [w.profiled_log.ref, "accounts"]),
    "evidence:ask_again": act("analyst", "counsel", lambda w: [w.profiled_log.ref, "accounts"]),
    "evidence:quarantined": page(),
    "evidence:clear_item": form("counsel", "analyst", item("quarantined")),
    "evidence:seal": form("counsel", "reviewer", lambda w: [w.item.ref]),
    # The analyst collected it, and hands it to counsel.
    "evidence:hand_over": form("analyst", "lead", lambda w: [w.item.ref], data=lambda w: {"to": w.people.counsel.pk}),
    "evidence:accept_item": act("counsel", "lead", proposal("transfer")),
    "evidence:take_over": form("lead", "counsel", lambda w: [w.item.ref]),
    # What the analyst asks for another person does.
    "evidence:propose_unsealing": form("analyst", "reviewer", item("sealed")),
    "evidence:unseal": act("counsel", "analyst", proposal("unseal")),
    "evidence:propose_release": form("analyst", "reviewer", lambda w: [w.item.ref]),
    "evidence:release": act("lead", "analyst", proposal("release")),
    "evidence:propose_disposal": form("analyst", "reviewer", lambda w: [w.item.ref]),
    "evidence:dispose": form(
        "counsel",
        "analyst",
        proposal("dispose"),
        data=lambda w: {"typed": w.once("proposal", "dispose").item.ref},
    ),
    "evidence:refuse": form("counsel", "lead", proposal("transfer")),
    "evidence:withdraw": act("analyst", "analyst2", proposal("dispose")),
    # The administrator puts files back, and sees which, but not what they are.
    "evidence:fixity": page(right="admin", stranger=None),
    "evidence:start_fixity": act("admin", "reviewer", stranger=None),
    "evidence:stop_fixity": act("auditor", "reviewer", fixity("running"), stranger=None),
    "evidence:resume_fixity": act("lead", "counsel", fixity("stopped"), stranger=None),
    # --- the register: the lead answers for models of ours and for keys, analysts for what they test
    "evidence:models": page(),
    "evidence:model": page(lambda w: [w.model.pk]),
    "evidence:register_model": form("lead", "analyst"),
    "evidence:describe_model": form("lead", "analyst", lambda w: [w.model.pk]),
    "evidence:register_version": form("analyst", "counsel", lambda w: [w.model.pk]),
    "evidence:describe_version": form("analyst", "counsel", lambda w: [w.version.pk]),
    "evidence:check_signature": form("analyst", "counsel", lambda w: [w.version.pk]),
    "evidence:check_statement": form("analyst", "counsel", lambda w: [w.version.pk]),
    "evidence:record_attestation": form("analyst", "counsel", lambda w: [w.model.pk]),
    "evidence:suspects": page(),
    "evidence:suspect": page(lambda w: [w.suspect.pk]),
    "evidence:register_suspect": form("analyst", "counsel"),
    "evidence:describe_suspect": form("analyst", "counsel", lambda w: [w.suspect.pk]),
    "evidence:watermarks": page(),
    "evidence:scheme": page(lambda w: [w.scheme.pk]),
    "evidence:descriptor": page(lambda w: [w.scheme.pk]),
    "evidence:register_scheme": form("lead", "analyst"),
    "evidence:register_key": form("lead", "analyst", lambda w: [w.scheme.pk]),
    "evidence:key": page(lambda w: [w.watermark_key.key_id]),
    "evidence:hand_over_key": form("lead", "analyst", lambda w: [w.watermark_key.key_id]),
    "evidence:record_incident": form("lead", "analyst", lambda w: [w.watermark_key.key_id]),
    "evidence:deploy_key": form("lead", "analyst", lambda w: [w.watermark_key.key_id]),
    "evidence:end_deployment": form("lead", "analyst", lambda w: [w.deployment.pk]),
    "evidence:canaries": page(),
    "evidence:canary": page(lambda w: [w.canary.ref]),
    "evidence:canaries_of_account": page(lambda w: [w.account.pk]),
    "evidence:plant_canary": form("analyst", "counsel", lambda w: [w.account.pk]),
    "evidence:retire_canary": form("analyst", "counsel", lambda w: [w.canary.ref]),
    "evidence:open_canary": question(lambda w: [w.canary.ref], right="analyst", wrong="auditor"),
    # --- cases
    "cases:list": page(),
    "cases:open_case": form("analyst", "counsel"),
    "cases:open_case_from_group": form("analyst", "counsel", group("open")),
    "cases:add_group": act(
        "analyst", "counsel", group("open"), data=lambda w: {"case": w.once("case", "investigation").ref}
    ),
    "cases:exhibits_of_item": page(lambda w: [w.item.ref]),
    "cases:of_account": page(lambda w: [w.account.pk]),
    "cases:case": page(case("investigation")),
    "cases:campaign": page(case("investigation")),
    "cases:accounts": page(case("investigation")),
    "cases:evidence": page(case("investigation")),
    "cases:runs": page(case("investigation")),
    "cases:explanations": page(case("investigation")),
    "cases:claims": page(lambda w: [w.once("claim_link").case.ref]),
    "cases:findings": page(case("investigation")),
    "cases:decisions": page(case("investigation")),
    "cases:timeline": page(case("investigation")),
    "cases:trail": page(case("investigation")),
    "cases:start_investigation": form("analyst", "counsel", case("triage")),
    "cases:describe": form("analyst", "counsel", case("investigation")),
    "cases:assign": form("analyst", "counsel", case("investigation")),
    "cases:close_case": form("lead", "analyst", case("investigation")),
    "cases:reopen_case": form("lead", "analyst", case("closed")),
    "cases:add_accounts": form("analyst", "counsel", case("investigation")),
    "cases:exclude_accounts": act("analyst", "counsel", case("investigation")),
    "cases:restore_accounts": act("analyst", "counsel", case("investigation")),
    "cases:freeze_members": form("analyst", "counsel", case("investigation")),
    "cases:member_set": page(lambda w: [w.once("member_set").pk]),
    "cases:set_accounts": page(lambda w: [w.once("member_set").pk]),
    "cases:step": page(lambda w: [w.once("step").pk]),
    "cases:sample": page(lambda w: [w.once("sample").pk]),
    "cases:start_step": act(
        "analyst",
        "counsel",
        lambda w: [w.once("member_set").pk],
        data=lambda w: {"kind": "suspend", "why": "They harvest.", "typed": str(w.once("member_set").count)},
    ),
    "cases:undo_step": act("analyst", "counsel", lambda w: [w.once("step").pk]),
    "cases:draw_sample": act(
        "analyst", "counsel", lambda w: [w.once("member_set").pk], data=lambda w: {"at_most": "50"}
    ),
    "cases:mark_sample": act(
        "analyst",
        "counsel",
        lambda w: [w.once("sample").pk],
        data=lambda w: {
            "account": Account.objects.get(pk=w.once("sample").account_ids[0]).ref,
            "verdict": "right",
        },
    ),
    "cases:campaign_picture": page(lambda w: [w.once("case", "investigation").ref, "activity"]),
    "cases:campaign_node": page(case("investigation")),
    "cases:touching_groups": page(case("investigation")),
    "cases:open_case_from_ring": form("analyst", "counsel", lambda w: [w.once("ring").pk]),
    "cases:add_ring": act("analyst", "counsel", case("investigation"), data=lambda w: {"ring": w.once("ring").ref}),
    "cases:add_exhibit": form("analyst", "counsel", case("investigation")),
    "cases:raise_explanation": act(
        "analyst", "counsel", case("investigation"), data=lambda w: {"hypothesis": "heavy_user"}
    ),
    "cases:assess_explanation": act(
        "analyst",
        "counsel",
        lambda w: [w.once("explanation").pk],
        data=lambda w: {
            f"{w.once('explanation').pk}-status": "refuted",
            f"{w.once('explanation').pk}-conclusion": "Nobody works around the clock.",
        },
    ),
    "cases:rate_exhibit": act(
        "analyst",
        "counsel",
        lambda w: [w.once("weighed").pk],
        data=lambda w: {"rating": "I"},
    ),
    "cases:collect": form("analyst", "counsel", case("investigation")),
    "cases:run_test": form("analyst", "counsel", case("investigation")),
    "cases:allow_wording": form("counsel", "analyst", case("investigation")),
    "cases:invite_party": form("counsel", "analyst", lambda w: [w.once("party").pk]),
    "cases:waive_invitation": form("counsel", "lead", lambda w: [w.once("party").pk]),
    "cases:record_response": form("counsel", "analyst", lambda w: [w.once("invitation").pk]),
    "cases:record_silence": act("counsel", "analyst", lambda w: [w.once("invitation").pk]),
    "cases:record_claim": form("analyst", "counsel", case("investigation")),
    "cases:grade_claim": form("analyst", "counsel", lambda w: [w.once("claim").pk]),
    "cases:link_claims": form("analyst", "counsel", lambda w: [w.once("claim").pk]),
    "cases:unlink_claims": form("analyst", "counsel", lambda w: [w.once("claim_link").pk]),
    "cases:withdraw_claim": form("analyst", "counsel", lambda w: [w.once("claim").pk]),
    "cases:record_quantity": form("analyst", "counsel", case("investigation")),
    "cases:argue_independence": form("analyst", "counsel", case("investigation")),
    "cases:accept_independence": act("lead", "approver", lambda w: [w.once("independence").pk]),
    "cases:refuse_independence": form("lead", "approver", lambda w: [w.once("independence").pk]),
    "cases:add_party": form("analyst", "counsel", case("investigation")),
    "cases:correct_party": form("counsel", "approver", lambda w: [w.once("party").pk]),
    "cases:add_task": form("counsel", "approver", case("investigation")),
    "cases:complete_task": act("counsel", "approver", lambda w: [w.once("task").pk]),
    "cases:open_privileged": question(case("investigation"), right="counsel", wrong="auditor"),
    "cases:add_note": form("reviewer", "auditor", case("investigation")),
    "cases:finding": page(ref("finding")),
    "cases:propose_finding": form("analyst", "counsel", case("investigation")),
    # The analyst proposed it: confirming is for another person with another role.
    "cases:confirm_finding": act("counsel", "analyst", ref("finding")),
    "cases:reject_finding": act("lead", "analyst", ref("finding")),
    "cases:withdraw_finding": act("analyst", "analyst2", ref("finding")),
    "cases:propose_decision": form("counsel", "approver", ref("confirmed")),
    # Counsel proposed it.
    "cases:approve_decision": act("approver", "counsel", ref("decision")),
    "cases:reject_decision": act("lead", "counsel", ref("decision")),
    "counsel:counsel": page(lambda w: [w.once("counsel").case.ref]),
    "counsel:record_counsel": form("counsel", "lead", case("investigation")),
    "counsel:correct_counsel": form("approver", "lead", lambda w: [w.once("counsel").pk]),
    "counsel:end_engagement": form("counsel", "lead", lambda w: [w.once("counsel").pk]),
    "counsel:adopt_theory": form("counsel", "lead", case("investigation")),
    # To whom work product is not shown there is none.
    "counsel:theory": page(lambda w: [w.once("theory").pk], right="approver", stranger="auditor"),
    "counsel:weigh_element": form(
        "counsel", None, lambda w: [w.once("theory").elements.first().pk], stranger="analyst"
    ),
    "counsel:withdraw_theory": form("counsel", None, lambda w: [w.once("theory").pk], stranger="lead"),
    "counsel:add_note": act("approver", None, lambda w: [w.once("theory", "withdrawn").pk], stranger="reviewer"),
    "enforcement:of_case": page(lambda w: [w.once("measure_order").case.ref]),
    "enforcement:order": page(lambda w: [w.once("measure_order").ref]),
    "enforcement:carry_out": act("lead", "counsel", lambda w: [w.once("to_carry_out").ref]),
    "enforcement:roll_back": form("approver", "counsel", lambda w: [w.once("measure_order").decision.ref]),
    "enforcement:send_again": act("lead", "counsel", lambda w: [w.once("failed_order").ref]),
    "enforcement:receiver": page(right="admin", stranger="lead"),
    "enforcement:set_receiver": form("admin", None, stranger="lead"),
    "enforcement:renew_receiver_secret": form("admin", None, lambda w: w.receiver and [], stranger="lead"),
    "cases:release_decision": act("lead", "counsel", ref("held")),
    "cases:refuse_release": act("lead", "counsel", ref("held"), data=lambda w: {"reason": "Too hard"}),
    # --- notices
    "notices:list": page(),
    "notices:of_case": page(case("notice")),
    "notices:templates": page(),
    "notices:wording": page(lambda w: ["suspension"]),
    "notices:template": page(lambda w: [w.once("notice", "draft").template_id]),
    "notices:wording_in": page(lambda w: ["suspension", "en"]),
    "notices:compare_wordings": page(lambda w: ["suspension", "en"]),
    "notices:propose_template": form("counsel", "approver", lambda w: ["suspension", "en"]),
    "notices:try_template": act("counsel", "approver", lambda w: ["suspension", "en"]),
    "notices:trial": page(lambda w: [w.once("tried_wording")], right="counsel"),
    "notices:approve_template": act("approver", "counsel", lambda w: [w.once("proposed_wording").pk]),
    "notices:decline_template": act("approver", "counsel", lambda w: [w.once("proposed_wording").pk]),
    "notices:translate_notice": form("counsel", "approver", notice("draft")),
    "notices:draft_reinstatement": form("counsel", "approver", lambda w: [w.once("appeal", "reversed").notice.pk]),
    "notices:draft_notice": form("counsel", "approver", ref("approved")),
    "notices:notice": page(notice("draft")),
    "notices:preview": page(notice("draft")),
    "notices:pdf": page(notice("issued")),
    "notices:listed_accounts": page(lambda w: [w.once("listing").pk]),
    "notices:redraft_notice": act("counsel", "approver", notice("draft")),
    "notices:approve_notice": act("approver", "counsel", notice("draft")),
    "notices:return_notice": act("approver", "counsel", notice("draft")),
    "notices:discard_notice": act("counsel", "approver", notice("draft")),
    "notices:issue_notice": act("counsel", "lead", notice("approved")),
    "notices:start_mailing": form("counsel", "approver", ref("approved")),
    "notices:mailing": page(mailing("review")),
    "notices:mailing_progress": page(mailing("review")),
    "notices:sampled_letter": page(lambda w: [w.once("mailing", "review").pk, 1]),
    "notices:mark_letter": act(
        "approver", "counsel", lambda w: [w.once("mailing", "review").pk, 1], data=lambda w: {"mark": "right"}
    ),
    "notices:approve_mailing": act("approver", "counsel", mailing("read")),
    "notices:release_mailing": act(
        "counsel",
        "lead",
        mailing("approved"),
        data=lambda w: {"typed": str(w.once("mailing", "approved").count)},
    ),
    "notices:pause_mailing": act("counsel", "lead", mailing("drafting")),
    "notices:resume_mailing": act("counsel", "lead", lambda w: [w.once("paused_mailing").pk]),
    "notices:cancel_mailing": act("counsel", "lead", mailing("review")),
    "notices:retry_mailing": act("counsel", "lead", lambda w: [w.once("stuck_mailing").pk]),
    # --- service
    "service:calendar": page(),
    "service:deadlines_file": page(),
    "service:returns": page(),
    "service:open_return": page(lambda w: [w.once("returned").pk]),
    "service:file_return": act("counsel", "lead", lambda w: [w.once("returned").pk]),
    "service:of_notice": page(notice("issued")),
    "service:email_letter": act("counsel", "lead", notice("issued"), data=lambda w: {"address": "a@example.org"}),
    "service:of_mailing": page(mailing("done")),
    "service:start_dispatch": form("counsel", "lead", mailing("done")),
    "service:retry_dispatch": act("counsel", "lead", lambda w: [w.once("dispatch", "failed").mailing_id]),
    "service:pause_dispatch": act("counsel", "lead", lambda w: [w.once("dispatch").pk]),
    "service:resume_dispatch": act("counsel", "lead", lambda w: [w.once("dispatch", "paused").pk]),
    "service:cancel_dispatch": act("counsel", "lead", lambda w: [w.once("dispatch").pk]),
    "service:record_attempt": act("counsel", "lead", notice("issued")),
    "service:note_answer": act("counsel", "lead", notice("issued"), data=lambda w: {"words": "They deny it."}),
    "service:set_calendar": act("counsel", "lead", lambda w: [w.once("deadlines").pk]),
    "service:note_delivered": act("counsel", "lead", attempt("sent")),
    "service:acknowledge": act("counsel", "lead", attempt("sent")),
    "service:note_bounced": act("counsel", "lead", attempt("sent")),
    "service:note_refused": act("counsel", "lead", attempt("sent")),
    "service:give_up": act("counsel", "lead", attempt("unknown")),
    # --- appeals
    "appeals:list": page(),
    "appeals:appeal": page(appeal("waiting")),
    "appeals:take_appeal": act("reviewer", "counsel", appeal("waiting")),
    "appeals:put_back": act("reviewer", "counsel", appeal("in_review")),
    "appeals:ask_recipient": act("reviewer", "counsel", appeal("in_review"), data=lambda w: {"words": "Which one?"}),
    "appeals:uphold_decision": act("reviewer", "counsel", appeal("in_review"), data=lambda w: {"reasons": "Because."}),
    "appeals:reverse_decision": act("reviewer", "counsel", appeal("in_review"), data=lambda w: {"reasons": "Because."}),
    "appeals:write_answer": act("reviewer", "counsel", appeal("unanswered")),
    # --- the Transparency Database
    "transparency:list": page(right="auditor", stranger="analyst"),
    "transparency:start_export": form("counsel", "approver", stranger="analyst"),
    "transparency:export": page(sor_export("ready"), right="auditor", stranger="analyst"),
    "transparency:progress": page(sor_export("sending"), right="approver", stranger="analyst"),
    "transparency:statements": page(sor_export("ready"), right="auditor", stranger="analyst"),
    "transparency:file": page(lambda w: [w.once("sor_export", "ready").ref, 1], right="auditor", stranger="analyst"),
    "transparency:send_export": act("counsel", "approver", sor_export("ready"), stranger="analyst"),
    "transparency:pause_export": act("counsel", "approver", sor_export("sending"), stranger="analyst"),
    "transparency:resume_export": act("counsel", "approver", sor_export("paused"), stranger="analyst"),
    "transparency:retry_export": act("counsel", "approver", sor_export("failed"), stranger="analyst"),
    "transparency:write_general_text": form("counsel", "approver", ref("approved"), stranger="analyst"),
    # --- disclosures
    "disclosures:list": page(),
    "disclosures:of_case": page(case("decision")),
    "disclosures:compile_report": form("counsel", "approver", case("decision")),
    "disclosures:report": page(report("draft")),
    "disclosures:preview": page(report("draft"), right="auditor"),
    "disclosures:file": page(lambda w: [(r := w.once("report", "released")).pk, r.files[0]["name"]], right="auditor"),
    "disclosures:release_report": act("approver", "counsel", report("draft")),
    "disclosures:return_report": act("approver", "counsel", report("draft")),
    "disclosures:discard_report": act("counsel", "approver", report("draft")),
    "disclosures:bundles": page(),
    "disclosures:compile_bundle": form("counsel", "approver", case("decision")),
    "disclosures:bundle": page(bundle("ready")),
    "disclosures:release_bundle": act("approver", "counsel", bundle("ready")),
    "disclosures:discard_bundle": act("counsel", "auditor", bundle("ready")),
    "disclosures:bundle_file": page(bundle("released"), right="auditor", wrong="reviewer"),
    "disclosures:bundle_receipt": page(bundle("released"), right="auditor", wrong="reviewer"),
}

# Addresses that ask nobody who they are, with why.
OPEN = {
    "healthz": "whoever watches the service asks it, and it says nothing but ok",
    "appeals:letters": "recipients of letters have no account: it asks for the number and the code of a letter",
    "notices:verify": "anybody may ask whether a letter is genuine: it asks for the reference that is printed on it",
}

# Addresses that are signed for one person and work once, tested in tests/core/test_downloads.py.
SIGNED = {"download"}

# Opens one letter once, with the secret of an e-mail, tested in tests/service/test_links.py.
SIGNED |= {"appeals:by_link"}

# For whoever opened a letter with its number and code, tested in tests/appeals/test_letters.py.
SIGNED |= {
    f"appeals:{name}"
    for name in (
        "letter", "letter_file", "answer_file", "copy", "file_appeal", "add_words", "withdraw_appeal", "leave",
    )
}  # fmt: skip

# For whoever has the reference of a letter, tested in tests/notices/test_verify.py.
SIGNED |= {"notices:verify_letter"}

# What detectors do, tested with their keys in tests/alerts/test_api.py.
API = {"alerts:receive", "alerts:verdicts", "alerts:api-alert", "audit:api-verification"}

# Tested with keys and sessions in tests/accounts/test_api.py.
API |= {"accounts:api-records", "accounts:api-import"}

# Tested with keys and sessions in tests/evidence/runs/test_api.py.
API |= {"evidence:api-tests", "evidence:api-runs", "evidence:api-run", "evidence:api-profile"}

# Rings, tested with sessions in tests/accounts/test_rings_pages.py.
API |= {"accounts:api-rings", "accounts:api-ring", "accounts:api-ring_members"}

# Of a case, tested with sessions and keys in tests/cases/test_api.py.
API |= {
    f"cases:api-{name}"
    for name in (
        "case", "evidence", "matrix", "findings", "add_exhibit", "rate_exhibit", "raise_explanation",
        "assess_explanation", "allow_wording", "invite_party", "confirm_finding", "reject_finding",
        "propose_decision", "approve_decision", "reject_decision", "release_decision", "refuse_release",
    )
}  # fmt: skip

# What the receiver of orders posts, tested with its key in tests/enforcement/test_orders.py.
API |= {"enforcement:api-results"}

# What clients made for other systems call with a detector's key, tested in tests/alerts/compat.
API |= {
    f"alerts:thehive-{generation}-{call}"
    for generation in ("v0", "v0-numbered", "v1")
    for call in (
        "alerts", "alert", "many", "observables", "follow", "user",  # answered
        "to-case", "merge-many", "delete-many", "read", "cases",  # decided by people
        "other",  # not offered
    )
}  # fmt: skip
API |= {f"alerts:thehive-{call}" for call in ("v0-search", "v0-numbered-search", "v1-query", "health")}
API |= {f"alerts:iris-{call}" for call in ("ping", "versions", "add", "filter", "alert", "update")}
API |= {f"alerts:iris-{call}" for call in ("to-case", "delete", "cases", "other", "search")}

# Pages of the library that signs people in: about oneself alone, tested in tests/staff/test_sign_in.py.
LIBRARY = ("account_", "mfa_")
