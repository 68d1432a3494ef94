"""Every step of every workflow is taken here through its action, and no other verb is possible from a state.

A step that is added to a `workflow.py` fails until it is written down below.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.alerts import actions as alerts
from apps.appeals import actions as appeals
from apps.appeals import queries as queries_of_appeals
from apps.appeals.recipients import Recipient
from apps.audit.models import Event
from apps.cases import actions as cases
from apps.core.models import Job
from apps.core.workflow import Workflow, workflows
from apps.disclosures import actions as disclosures
from apps.evidence import actions as evidence
from apps.notices import actions as notices
from apps.policies import actions as policies
from apps.records import actions as records
from apps.service import actions as service
from apps.transparency import actions as transparency
from tests.accounts.ringed import work
from tests.architecture.world import WORKER, World

Do = Callable[[World, Any], Any]


def _open_from_group(w: World, _: Any) -> Any:
    return cases.open_case_from_group(w.group(), title="From the queue", reason="Seen", by=w.people.analyst)


def _propose(w: World, case: Any) -> Any:
    w.ground(case)
    return w.propose(case)


def _carry_on(w: World, step: Any) -> None:
    """Part by part, until it ended."""
    before = step.state
    while step.state == before:
        cases.carry_on_step(step, by=WORKER)


def _close(w: World, case: Any) -> None:
    closure = "acted" if case.decisions.filter(state="approved").exists() else "unsubstantiated"
    cases.close_case(case, closure=closure, note="Nothing more to do.", by=w.people.lead)


def _asked(w: World, appeal: Any) -> None:
    appeals.ask_recipient(appeal, words="Which one?", by=w.people.reviewer)


def _said(appeal: Any) -> None:
    appeals.add_words(appeal, words="And more.", by=Recipient(appeal.notice))


def _opened(open_it: Callable, w: World, attempt: Any) -> None:
    """By the link that a mail server once got; a letter that was handed over has none."""
    if not attempt.secret_sha256:
        w.give_link(attempt)
    open_it(attempt, by=Recipient(attempt.notice))


def _decided(decide: Callable, w: World, appeal: Any) -> None:
    decide(appeal, reasons="Because of the key.", by=w.people.reviewer)


def _answered(w: World, appeal: Any) -> None:
    answer = queries_of_appeals.answer_to(appeal)
    notices.discard_notice(answer, reason="Another wording", by=w.people.counsel)
    appeals.write_answer(appeal, by=w.people.reviewer)


def _finding(case: Any) -> Any:
    return case.findings.get()


def _override(w: World, decision: Any) -> None:
    cases.approve_decision(w.decide(decision.finding, action="warn", overrides=decision), by=w.people.approver)


def _tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


def _wake(w: World, group: Any) -> None:
    alerts.snooze(group, until=_tomorrow(), by=w.people.analyst)
    alerts.wake(group, by=w.people.analyst)


def _split(w: World, group: Any) -> Any:
    """Off a group of two alerts: the new group, where there was none."""
    whole = group or w.splittable()
    if group:
        alerts.merge(w.group(), into=group, by=w.people.analyst)
    part = alerts.split(whole, alerts=[whole.alerts.first().pk], by=w.people.analyst)
    return None if group else part


def _two(propose: Callable, action: Callable, **words: str) -> Do:
    """To an item: the analyst asks, counsel does it."""

    def both(w: World, item: Any) -> None:
        action(propose(item, reason="For the court", by=w.people.analyst, **words), by=w.people.counsel)

    return both


def _release(w: World, mailing: Any) -> None:
    """From the drafts of all letters until they may get numbers."""
    if mailing.state == "drafting":
        notices.carry_on_mailing(mailing, by=WORKER)
        mailing.refresh_from_db()
    if mailing.state == "review":
        _approve(w, mailing)
    if mailing.state == "approved":
        notices.release_mailing(mailing, typed=str(mailing.count), by=w.people.counsel)


def _approve(w: World, mailing: Any) -> None:
    for sampled in mailing.sample.filter(mark=""):
        notices.mark_letter(sampled, mark="right", by=w.people.approver)
    notices.approve_mailing(mailing, by=w.people.approver)


def _number_all(w: World, part: Any) -> None:
    _release(w, part.mailing)
    notices.number_part(part, by=WORKER)


def _finish(w: World, mailing: Any) -> None:
    """Deal with its one part, and go on to the next state."""
    part = mailing.pieces.get()
    if mailing.state == "drafting":
        notices.draft_part(part, by=WORKER)
    elif mailing.state == "issuing":
        notices.number_part(part, by=WORKER)
        notices.render_part(part, by=WORKER)
    else:
        notices.withdraw_part(part, by=WORKER)
    notices.carry_on_mailing(mailing, by=WORKER)


def _send(w: World, export: Any) -> None:
    settings.TRANSPARENCY_URL, settings.TRANSPARENCY_TOKEN = "https://dsa.example.org", "token"
    transparency.send_export(export, by=w.people.counsel)


def _go_on(w: World, export: Any) -> None:
    transparency.pause_export(export, by=w.people.counsel)
    transparency.resume_export(export, by=w.people.counsel)


def _retry(w: World, export: Any) -> None:
    """A part was given up, or where all was written its file."""
    if export.batches.exists():
        w.give_up_file(export)
    else:
        Job.objects.filter(key__startswith=export.pk).update(state=Job.State.FAILED, finished_at=timezone.now())
    transparency.retry_export(export, by=w.people.counsel)


def _resume(w: World, mailing: Any) -> None:
    notices.pause_mailing(mailing, by=w.people.counsel)
    notices.resume_mailing(mailing, by=w.people.counsel)


# How each verb is done to what stands in the old state; those from nothing return the new thing.
def _resume_dispatch(w: World, dispatch: Any) -> None:
    service.pause_dispatch(dispatch, by=w.people.counsel)
    service.resume_dispatch(dispatch, by=w.people.counsel)


def _handed_over(w: World) -> Any:
    dispatch = w.dispatch()
    service.carry_on_dispatch(dispatch, by=WORKER)
    return dispatch.attempts.first()


DO: dict[str, dict[str, Do]] = {
    "alerts.AlertGroup": {
        "alerts.receive": lambda w, _: w.group(),
        "alerts.claim": lambda w, group: alerts.claim(group, by=w.people.analyst),
        "alerts.release": lambda w, group: alerts.release(group, by=w.people.analyst),
        "alerts.dismiss": lambda w, group: alerts.dismiss(group, dismissal="benign", by=w.people.analyst),
        "alerts.snooze": lambda w, group: alerts.snooze(group, until=_tomorrow(), by=w.people.analyst),
        "alerts.wake": _wake,
        "alerts.merge": lambda w, group: alerts.merge(group, into=w.group(), by=w.people.analyst) and None,
        "alerts.unmerge": lambda w, group: alerts.unmerge(group, by=w.people.analyst),
        "alerts.split": _split,
        "alerts.reopen": lambda w, group: alerts.reopen(group, reason="More came", by=w.people.analyst),
        "alerts.escalate": lambda w, group: alerts.escalate(group, reason="Seen", by=w.people.analyst),
    },
    "evidence.Item": {
        "evidence.collect": lambda w, _: w.collect("log.csv"),
        "evidence.quarantine": lambda w, _: w.kept_item("quarantined"),
        "evidence.run_test": lambda w, _: w.run.item,
        "evidence.run_on_accounts": lambda w, _: w.accounts_run.item,
        "evidence.measure_order": lambda w, _: w.trial("measured").item,
        "evidence.open_order": lambda w, _: w.opened().item,
        "evidence.assemble_log": lambda w, _: w.profiled_log.normalised,
        "evidence.profile_log": lambda w, _: w.profiled_log.profile,
        "evidence.derive": lambda w, item: evidence.derive(
            item or w.collect(),
            derived="redacted",
            title="Without names",
            filename="log.txt",
            chunks=b"log",
            tool="sed",
            version="4.9",
            by=w.people.analyst,
        ),
        "evidence.normalise": lambda w, item: evidence.normalise(item or w.collect("log.csv"), by=w.people.analyst),
        "evidence.clear_item": lambda w, item: evidence.clear_item(item, reason="Seen", by=w.people.lead),
        "evidence.seal": lambda w, item: evidence.seal(item, reason="For the court", by=w.people.analyst),
        "evidence.unseal": _two(evidence.propose_unsealing, evidence.unseal),
        "evidence.release": _two(evidence.propose_release, evidence.release, recipient="The court"),
        "evidence.dispose": _two(evidence.propose_disposal, evidence.dispose),
    },
    "evidence.Proposal": {
        "evidence.hand_over": lambda w, _: w.proposal("transfer"),
        "evidence.propose_unsealing": lambda w, _: w.proposal("unseal"),
        "evidence.propose_release": lambda w, _: w.proposal("release"),
        "evidence.propose_disposal": lambda w, _: w.proposal("dispose"),
        "evidence.accept_item": lambda w, asked: evidence.accept_item(asked, by=w.people.counsel),
        "evidence.unseal": lambda w, asked: evidence.unseal(asked, by=w.people.counsel),
        "evidence.release": lambda w, asked: evidence.release(asked, by=w.people.counsel),
        "evidence.dispose": lambda w, asked: evidence.dispose(asked, by=w.people.counsel),
        "evidence.refuse": lambda w, asked: evidence.refuse(asked, reason="Not now", by=w.people.counsel),
        "evidence.withdraw": lambda w, asked: evidence.withdraw(asked, by=w.people.analyst),
    },
    "evidence.TestPlan": {
        "evidence.draft_plan": lambda w, _: w.plan(),
        "evidence.change_plan": lambda w, plan: evidence.change_plan(plan, effect=0.1, by=w.people.analyst),
        "evidence.register_plan": lambda w, plan: evidence.register_plan(plan, by=w.people.analyst),
        "evidence.withdraw_plan": lambda w, plan: evidence.withdraw_plan(plan, reason="Over", by=w.people.analyst),
    },
    "evidence.BlindTrial": {
        "evidence.commit_order": lambda w, _: w.trial(),
        "evidence.measure_order": lambda w, trial: w.score(trial),
        "evidence.open_order": lambda w, trial: (
            evidence.open_order(trial, order=w.order, secret=w.secret, by=w.people.analyst) and None
        ),
        "evidence.abandon_order": lambda w, trial: evidence.abandon_order(trial, reason="Lost", by=w.people.analyst),
    },
    "evidence.FixityRun": {
        "evidence.start_fixity": lambda w, _: w.fixity("running"),
        "evidence.measure_files": lambda w, run: evidence.measure_files(run, by=WORKER),
        "evidence.stop_fixity": lambda w, run: evidence.stop_fixity(run, by=w.people.lead),
        "evidence.resume_fixity": lambda w, run: evidence.resume_fixity(run, by=w.people.lead),
    },
    "evidence.QueryLog": {
        "evidence.open_log": lambda w, _: w.query_log(),
        "evidence.map_log": lambda w, log: evidence.map_log(
            log, columns=log.columns, time_form="iso", by=w.people.analyst
        ),
        "evidence.read_log": lambda w, log: evidence.read_log(log, by=WORKER),
        "evidence.assemble_log": lambda w, log: evidence.assemble_log(log, by=WORKER),
        "evidence.profile_log": lambda w, log: evidence.profile_log(log, by=WORKER),
        "evidence.fail_log": lambda w, log: evidence.fail_log(log, problem="Damaged", by=WORKER),
        "evidence.give_up_log": lambda w, log: evidence.give_up_log(log, reason="Wrong file", by=w.people.analyst),
    },
    "cases.BulkStep": {
        "cases.start_step": lambda w, _: w.step("running"),
        "cases.carry_on_step": _carry_on,
        "cases.undo_step": lambda w, step: cases.undo_step(step, by=w.people.analyst),
    },
    "cases.Case": {
        "cases.open_case": lambda w, _: w.case(),
        "cases.open_case_from_group": _open_from_group,
        "cases.open_case_from_ring": lambda w, _: cases.open_case_from_ring(
            w.ring(), title="A ring", severity=3, by=w.people.analyst
        ),
        "cases.start_investigation": lambda w, case: w.investigate(case),
        "cases.propose_finding": _propose,
        "cases.confirm_finding": lambda w, case: cases.confirm_finding(_finding(case), by=w.people.lead),
        "cases.reject_finding": lambda w, case: cases.reject_finding(_finding(case), reason="Thin", by=w.people.lead),
        "cases.withdraw_finding": lambda w, case: cases.withdraw_finding(
            _finding(case), reason="Wrong", by=w.people.analyst
        ),
        "cases.approve_decision": lambda w, case: cases.approve_decision(
            w.decide(_finding(case)), by=w.people.approver
        ),
        "cases.release_decision": lambda w, case: cases.release_decision(w.held_on(_finding(case)), by=w.people.lead),
        "cases.close_case": _close,
        "cases.reopen_case": lambda w, case: cases.reopen_case(case, reason="News", by=w.people.lead),
    },
    "cases.Finding": {
        "cases.propose_finding": lambda w, _: w.finding(),
        "cases.confirm_finding": lambda w, finding: cases.confirm_finding(finding, by=w.people.lead),
        "cases.reject_finding": lambda w, finding: cases.reject_finding(finding, reason="Thin", by=w.people.counsel),
        "cases.withdraw_finding": lambda w, finding: cases.withdraw_finding(
            finding, reason="Wrong", by=w.people.analyst
        ),
    },
    "cases.Decision": {
        "cases.propose_decision": lambda w, _: w.decision(),
        "cases.approve_decision": lambda w, decision: cases.approve_decision(decision, by=w.people.approver),
        "cases.reject_decision": lambda w, decision: cases.reject_decision(
            decision, reason="Too hard", by=w.people.approver
        ),
        "cases.hold_decision": lambda w, decision: cases.hold_decision(decision, why="Much", by=w.people.approver),
        "cases.release_decision": lambda w, decision: cases.release_decision(decision, by=w.people.lead),
        "cases.refuse_release": lambda w, decision: cases.refuse_release(decision, reason="Too hard", by=w.people.lead),
        "cases.override_decision": _override,
    },
    "policies.Tagging": {
        "policies.import_terms": lambda w, _: w.tagging(),
        "policies.confirm_tag": lambda w, tag: policies.confirm_tag(tag, by=w.people.counsel),
        "policies.reject_tag": lambda w, tag: policies.reject_tag(tag, reason="Of others", by=w.people.counsel),
        "policies.tag_clause": lambda w, _: policies.tag_clause(
            w.clause[0].document,
            clause=w.clause[1],
            conduct="region",
            polarity="prohibits",
            note="By its heading",
            by=w.people.counsel,
        ),
    },
    "policies.Succession": {
        "policies.confirm_succession": lambda w, _: w.decide_succession("confirm_succession"),
        "policies.reject_succession": lambda w, _: w.decide_succession("reject_succession", reason="Another matter"),
    },
    "accounts.Authorisation": {
        "accounts.record_authorisation": lambda w, _: w.authorisation(),
        "accounts.confirm_authorisation": lambda w, one: accounts.confirm_authorisation(one, by=w.people.counsel),
        "accounts.refuse_authorisation": lambda w, one: accounts.refuse_authorisation(
            one, reason="Not signed", by=w.people.counsel
        ),
        "accounts.revoke_authorisation": lambda w, one: accounts.revoke_authorisation(
            one, revoked_from=timezone.now().date(), reason="It ended", by=w.people.counsel
        ),
    },
    "accounts.LinkageRun": {
        "accounts.start_linkage": lambda w, _: w.linkage_run(),
        "accounts.write_rings": lambda w, _: work(),
        "accounts.stop_linkage": lambda w, run: accounts.stop_linkage(run, reason="By mistake", by=w.people.analyst),
    },
    "accounts.Ring": {
        "accounts.write_rings": lambda w, ring: w.cut_up(ring) if ring else w.ring(),
        "accounts.suspect_ring": lambda w, ring: accounts.suspect_ring(ring, why="Seen", by=w.people.analyst),
        "accounts.explain_ring": lambda w, ring: accounts.explain_ring(ring, why="A school", by=w.people.analyst),
        "accounts.reopen_ring": lambda w, ring: accounts.reopen_ring(ring, why="Too soon", by=w.people.analyst),
    },
    "cases.Independence": {
        "cases.argue_independence": lambda w, _: w.independence(),
        "cases.accept_independence": lambda w, said: cases.accept_independence(said, by=w.people.lead),
        "cases.refuse_independence": lambda w, said: cases.refuse_independence(
            said, reason="One log", by=w.people.lead
        ),
    },
    "cases.Invitation": {
        "cases.invite_party": lambda w, _: w.invitation(),
        "cases.waive_invitation": lambda w, _: w.invitation("not_invited"),
        "cases.record_response": lambda w, asked: cases.record_response(
            asked, response="No.", responded_on=timezone.now().date(), by=w.people.counsel
        ),
        "cases.record_silence": lambda w, asked: cases.record_silence(asked, by=w.people.counsel),
    },
    "appeals.Appeal": {
        "appeals.file_appeal": lambda w, _: w.appeal(),
        "appeals.take_appeal": lambda w, appeal: appeals.take_appeal(appeal, by=w.people.reviewer),
        "appeals.put_back": lambda w, appeal: appeals.put_back(appeal, reason="I know them", by=w.people.reviewer),
        "appeals.ask_recipient": lambda w, appeal: _asked(w, appeal),
        "appeals.add_words": lambda w, appeal: _said(appeal),
        "appeals.withdraw_appeal": lambda w, appeal: appeals.withdraw_appeal(appeal, by=Recipient(appeal.notice)),
        "appeals.uphold_decision": lambda w, appeal: _decided(appeals.uphold_decision, w, appeal),
        "appeals.reverse_decision": lambda w, appeal: _decided(appeals.reverse_decision, w, appeal),
        "appeals.write_answer": lambda w, appeal: _answered(w, appeal),
    },
    "notices.NoticeTemplate": {
        "notices.propose_template": lambda w, _: w.proposed_wording(),
        "notices.draft_notice": lambda w, _: w.draft().template,
        "notices.draft_answer": lambda w, _: queries_of_appeals.answer_to(w.appeal("upheld")).template,
        "notices.draft_reinstatement": lambda w, _: w.given_back().template,
        "notices.start_mailing": lambda w, _: w.mailing("drafting").pieces.get().template,
        "notices.approve_template": lambda w, wording: notices.approve_template(wording, by=w.people.approver),
        "notices.decline_template": lambda w, wording: notices.decline_template(
            wording, reason="Too long", by=w.people.approver
        ),
    },
    "notices.Notice": {
        "notices.draft_answer": lambda w, _: queries_of_appeals.answer_to(w.appeal("upheld")),
        "notices.draft_notice": lambda w, _: w.draft(),
        "notices.draft_reinstatement": lambda w, _: w.given_back(),
        "notices.translate_notice": lambda w, notice: notices.translate_notice(notice, texts={}, by=w.people.counsel),
        "notices.redraft_notice": lambda w, notice: notices.redraft_notice(
            notice, recipient=notice.recipient, by=w.people.counsel
        ),
        "notices.approve_notice": lambda w, notice: notices.approve_notice(notice, by=w.people.approver),
        "notices.return_notice": lambda w, notice: notices.return_notice(notice, reason="Date", by=w.people.approver),
        "notices.discard_notice": lambda w, notice: notices.discard_notice(notice, reason="No", by=w.people.counsel),
        "notices.issue_notice": lambda w, notice: notices.issue_notice(notice, by=w.people.counsel),
        "notices.render_notice": lambda w, notice: notices.render_notice(notice, by=WORKER),
        "notices.draft_part": lambda w, _: w.mailing("review").notices.first(),
        "notices.number_part": lambda w, notice: _number_all(w, notice.mailing.pieces.get()),
        "notices.render_part": lambda w, notice: notices.render_part(notice.mailing.pieces.get(), by=WORKER),
        "notices.leave_out": lambda w, notice: notices.leave_out(notice, reason="Left the case", by=WORKER),
    },
    "notices.Mailing": {
        "notices.start_mailing": lambda w, _: w.mailing("drafting"),
        "notices.carry_on_mailing": _finish,
        "notices.pause_mailing": lambda w, mailing: notices.pause_mailing(mailing, by=w.people.counsel),
        "notices.resume_mailing": _resume,
        "notices.cancel_mailing": lambda w, mailing: notices.cancel_mailing(mailing, reason="No", by=w.people.counsel),
        "notices.approve_mailing": _approve,
        "notices.release_mailing": lambda w, mailing: notices.release_mailing(
            mailing, typed=str(mailing.count), by=w.people.counsel
        ),
    },
    "notices.MailingPart": {
        "notices.start_mailing": lambda w, _: w.mailing_part(),
        "notices.draft_part": lambda w, part: notices.draft_part(part, by=WORKER),
        "notices.withdraw_part": lambda w, part: notices.withdraw_part(part, by=WORKER),
        "notices.number_part": _number_all,
        "notices.render_part": lambda w, part: notices.render_part(part, by=WORKER),
    },
    "service.Dispatch": {
        "service.start_dispatch": lambda w, _: w.dispatch(),
        "service.retry_dispatch": lambda w, _: service.retry_dispatch(
            w.dispatch("failed").mailing, by=w.people.counsel
        ),
        "service.carry_on_dispatch": lambda w, dispatch: service.carry_on_dispatch(dispatch, by=WORKER),
        "service.pause_dispatch": lambda w, dispatch: service.pause_dispatch(dispatch, by=w.people.counsel),
        "service.resume_dispatch": _resume_dispatch,
        "service.cancel_dispatch": lambda w, dispatch: service.cancel_dispatch(
            dispatch, reason="No", by=w.people.counsel
        ),
    },
    "service.DispatchPart": {
        "service.start_dispatch": lambda w, _: w.dispatch().pieces.get(),
        "service.retry_dispatch": lambda w, _: service.retry_dispatch(
            w.dispatch("failed").mailing, by=w.people.counsel
        ).pieces.get(),
        "service.carry_on_dispatch": lambda w, part: service.carry_on_dispatch(part.dispatch, by=WORKER),
        "service.withdraw_part": lambda w, part: service.withdraw_part(part, by=WORKER),
    },
    "service.Attempt": {
        "service.carry_on_dispatch": lambda w, _: _handed_over(w),
        "service.email_letter": lambda w, _: w.attempt(),
        "service.record_attempt": lambda w, _: w.attempt("sent"),
        "service.begin_sending": lambda w, attempt: service.begin_sending(attempt, by=WORKER) and None,
        "service.note_sent": lambda w, attempt: service.note_sent(attempt, says="250 OK", by=WORKER),
        "service.put_off": lambda w, attempt: service.put_off(attempt, says="451 Later", by=WORKER),
        "service.lose_track": lambda w, attempt: service.lose_track(attempt, says="It died.", by=WORKER),
        "service.note_delivered": lambda w, attempt: service.note_delivered(attempt, by=w.people.counsel),
        "service.acknowledge": lambda w, attempt: service.acknowledge(attempt, by=w.people.counsel),
        "service.note_bounced": lambda w, attempt: service.note_bounced(attempt, by=w.people.counsel),
        "service.note_refused": lambda w, attempt: service.note_refused(attempt, by=w.people.counsel),
        "service.give_up": lambda w, attempt: service.give_up(attempt, reason="Lost", by=w.people.counsel),
        "service.open_by_link": lambda w, attempt: _opened(service.open_by_link, w, attempt),
        "service.open_by_code": lambda w, attempt: service.open_by_code(attempt, by=Recipient(attempt.notice)),
    },
    "transparency.Export": {
        "transparency.start_export": lambda w, _: w.sor_export("collecting"),
        "transparency.collect_part": lambda w, export: transparency.collect_part(export, by=WORKER),
        "transparency.write_part": lambda w, export: transparency.write_part(export, by=WORKER),
        "transparency.send_export": lambda w, export: _send(w, export),
        "transparency.end_export": lambda w, export: transparency.end_export(export, by=WORKER),
        "transparency.pause_export": lambda w, export: transparency.pause_export(export, by=w.people.counsel),
        "transparency.resume_export": lambda w, export: _go_on(w, export),
        "transparency.retry_export": lambda w, export: _retry(w, export),
    },
    "transparency.Batch": {
        "transparency.write_part": lambda w, _: w.sor_export().batches.get(),
        "transparency.begin_sending": lambda w, batch: transparency.begin_sending(batch, by=WORKER) and None,
        "transparency.begin_asking": lambda w, batch: transparency.begin_asking(batch, by=WORKER),
        "transparency.retry_export": lambda w, batch: transparency.retry_export(batch.export, by=w.people.counsel),
    }
    | {
        f"transparency.{verb}": lambda w, batch, verb=verb: getattr(transparency, verb)(
            batch, attempt=batch.attempts, says="As it was", by=WORKER
        )
        for verb in ("note_taken", "set_apart", "put_off", "stop_sending", "lose_track", "give_up")
    },
    "disclosures.Report": {
        "disclosures.compile_report": lambda w, _: w.report(),
        "disclosures.return_report": lambda w, report: disclosures.return_report(
            report, reason="Say since when", by=w.people.approver
        ),
        "disclosures.discard_report": lambda w, report: disclosures.discard_report(
            report, reason="Not needed", by=w.people.counsel
        ),
        "disclosures.release_report": lambda w, report: disclosures.release_report(report, by=w.people.approver),
        "disclosures.render_report": lambda w, report: disclosures.render_report(report, by=WORKER),
    },
    "records.LegalHold": {
        "records.issue_hold": lambda w, _: w.hold(),
        "records.ask_release": lambda w, hold: records.ask_release(hold, reason="Settled", by=w.people.counsel),
        "records.refuse_release": lambda w, hold: records.refuse_release(hold, reason="No", by=w.people.approver),
        "records.release_hold": lambda w, hold: records.release_hold(hold, reason="It is", by=w.people.approver),
    },
    "records.Erasure": {
        "records.request_erasure": lambda w, _: w.erasure(),
        "records.erase_subject": lambda w, erasure: records.erase_subject(erasure, by=w.people.approver),
        "records.refuse_erasure": lambda w, erasure: records.refuse_erasure(
            erasure, reason="Not theirs", by=w.people.approver
        ),
        "records.withdraw_erasure": lambda w, erasure: records.withdraw_erasure(
            erasure, reason="Asked twice", by=w.people.counsel
        ),
    },
    "records.RetentionRun": {
        "records.start_run": lambda w, _: w.retention_run(),
        "records.carry_on": lambda w, run: records.carry_on(run, by=WORKER),
        "records.stop_run": lambda w, run: records.stop_run(run, reason="Wait", by=w.people.admin),
    },
    "disclosures.Bundle": {
        "disclosures.compile_bundle": lambda w, _: w.bundle("assembling"),
        "disclosures.assemble_bundle": lambda w, bundle: disclosures.assemble_bundle(bundle, by=WORKER),
        "disclosures.fail_bundle": lambda w, bundle: disclosures.fail_bundle(bundle, reason="Damaged", by=WORKER),
        "disclosures.release_bundle": lambda w, bundle: disclosures.release_bundle(
            bundle, reason="Ordered", by=w.people.approver
        ),
        "disclosures.discard_bundle": lambda w, bundle: disclosures.discard_bundle(
            bundle, reason="Wrong recipient", by=w.people.counsel
        ),
    },
}

# What a verb is done to, where not everything in that state will do: a letter of a mailing, and not one alone.
BEGUN_BY = {
    ("notices.Notice", verb): "notices.draft_part"
    for verb in ("notices.number_part", "notices.render_part", "notices.leave_out")
}

STEPS = [
    pytest.param(flow, old, verb, new, id=f"{flow.model.__name__}-{old or 'nothing'}-{verb.partition('.')[2]}")
    for flow in workflows()
    for old, verbs in flow.transitions.items()
    for verb, new in verbs.items()
]
STATES = [
    pytest.param(flow, str(state), id=f"{flow.model.__name__}-{state}")
    for flow in workflows()
    for state in flow.transitions
    if state
]


def way_to(flow: Workflow, state: str | None, first: str | None) -> list[str]:
    """The shortest chain of verbs from nothing to a state, which begins with `first` where that is said."""
    ways = deque([(flow.transitions[None][first], [first]) if first else (None, [])])
    while ways:
        here, way = ways.popleft()
        if here == state:
            return way
        ways.extend(
            (new, [*way, verb])
            for verb, new in flow.transitions[here].items()
            if len(way) < 8 and BEGUN_BY.get((flow.model._meta.label, verb)) == first
        )
    raise AssertionError(f"nothing leads to {state}")


def bring_to(world: World, flow: Workflow, state: str | None, first: str | None = None) -> Any:
    do, thing = DO[flow.model._meta.label], None
    for verb in way_to(flow, state, first):
        thing = _after(do[verb](world, thing), thing)
    return thing


def _after(made: Any, thing: Any) -> Any:
    if thing is None:
        return made
    thing.refresh_from_db()
    return thing


@pytest.mark.parametrize(("flow", "old", "verb", "new"), STEPS)
def test_a_step_is_taken_by_its_verb(world, flow, old, verb, new):
    thing = bring_to(world, flow, old, BEGUN_BY.get((flow.model._meta.label, verb)))
    before = timezone.now()
    thing = _after(DO[flow.model._meta.label][verb](world, thing), thing)
    assert getattr(thing, flow.field) == new
    assert Event.objects.filter(action=verb, occurred_at__gte=before, object_id=thing.pk).exists() or verb in {
        "alerts.receive",  # one entry for the whole batch, as for the other
        "policies.import_terms",
        "accounts.write_rings",
        "notices.start_mailing",  # of its parts
        "transparency.write_part",  # of its files
    }


@pytest.mark.parametrize(("flow", "state"), STATES)
def test_no_other_verb_is_possible_from_a_state(world, flow, state):
    thing = bring_to(world, flow, state)
    assert getattr(thing, flow.field) == state
    everybody = [*world.people.all(), WORKER]
    own = {verb for verbs in flow.transitions.values() for verb in verbs}
    for verb in own - set(flow.transitions[state]):
        assert [person for person in everybody if person.has_perm(verb, thing)] == [], verb


def test_nothing_is_written_down_that_no_workflow_has():
    verbs = {flow.model._meta.label: {v for vs in flow.transitions.values() for v in vs} for flow in workflows()}
    assert {label: set(done) for label, done in DO.items()} == verbs
