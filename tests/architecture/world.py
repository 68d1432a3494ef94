"""A house in which everything has happened once, so that every page has something to show.

`World` makes what is asked for on first use, through the same actions as in life, each case at one stage.
"""

import tempfile
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.models import Account, Authorisation, Identifier, Link, LinkageRun, Ring, Tie
from apps.alerts import actions as alerts
from apps.alerts import deliveries, intake, verdicts
from apps.alerts.models import Alert, AlertGroup, Delivery, Rejection, SigningKey, Suppression
from apps.appeals import actions as appeals
from apps.appeals.models import Appeal
from apps.appeals.recipients import Recipient
from apps.audit import ledger
from apps.audit.models import Event, Verification
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases import queries
from apps.cases.models import Case, Decision, Explanation, Finding
from apps.counsel import actions as counsel
from apps.counsel.models import Counsel, Theory
from apps.disclosures import actions as disclosures
from apps.disclosures.models import Bundle, Report
from apps.enforcement import actions as enforcement
from apps.enforcement.models import Order, Receiver
from apps.evidence import actions as evidence
from apps.evidence.runs import sealing
from apps.notices import actions as notices
from apps.notices import letter as letters
from apps.notices.models import Mailing, MailingPart, Notice, NoticeTemplate
from apps.policies import actions as policies
from apps.policies.models import Clause, Document, Succession, Tagging, Version
from apps.records import actions as records
from apps.records.models import Confirmation, Erasure, LegalHold, RetentionRun
from apps.service import actions as service
from apps.service.models import Attempt, Dispatch, Return
from apps.staff import actions as staff
from apps.transparency import actions as transparency
from apps.transparency.models import Export
from tests.accounts.ringed import linked, share, work
from tests.alerts.conftest import alert
from tests.audit.sequencing import sequence_here
from tests.cases.conftest import CLAUSE, END, START, TERMS, make_accounts, make_activity
from tests.conftest import PASSWORD, People
from tests.evidence.conftest import COUNTS, DECLARED, key_named, ran, suspect_named
from tests.policies.conftest import HistoryWriter

WORKER = System("worker")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


# What a worker does with a query log, by the state it is in.
STEPS = {"reading": evidence.read_log, "assembling": evidence.assemble_log, "profiling": evidence.profile_log}


class World:
    def __init__(self) -> None:
        self.people = People()
        self._number = 0
        self._kept: dict[tuple[str, ...], Any] = {}

    def once(self, what: str, *args: str) -> Any:
        """What the method makes, made once."""
        if (what, *args) not in self._kept:
            self._kept[what, *args] = getattr(self, what)(*args)
        return self._kept[what, *args]

    def _next(self) -> int:
        self._number += 1
        return self._number

    def alarm(self) -> int:
        """The number of a verification that found something."""
        now = timezone.now()
        report = {"size": 0, "key": "", "verdicts": [], "skipped": [], "remark": ""}
        found = Verification(number=1, started_at=now, told_at=now, finished_at=now, actor=WORKER.actor, is_full=True)
        found.holds, found.state = False, {"report": report, "base": None}
        found.seal = ledger.seal(found.sealed_text)
        found.save()
        return found.number

    # --- what comes in

    @cached_property
    def detector(self) -> Any:
        return alerts.register_detector(
            slug="tidegauge", name="Tide gauge", kind="volume", owner="Abuse research", by=self.people.admin
        )

    @cached_property
    def key(self) -> tuple[Any, str]:
        return staff.issue_api_key(self.detector.service_account, by=self.people.admin)

    def receive(self, *items: dict[str, Any]) -> Any:
        import json

        body = json.dumps(list(items)).encode()
        return intake.take(self.detector, [body], by=self.detector.service_account).batches[0]

    def group(self, state: str = "open") -> AlertGroup:
        """A group of its own in a state; claimed means by the analyst."""
        name = f"acct_g{self._next()}"
        self.receive(alert(source_ref=f"volume/{name}", subject={"type": "account", "accounts": [name]}))
        found = AlertGroup.objects.get(key__endswith=name)
        if state == "claimed":
            alerts.claim(found, by=self.people.analyst)
        elif state == "dismissed":
            alerts.dismiss(found, dismissal="benign", by=self.people.analyst)
        elif state == "merged":
            alerts.merge(found, into=self.group(), by=self.people.analyst)
        elif state == "snoozed":
            alerts.snooze(found, until=timezone.now() + timedelta(days=1), by=self.people.analyst)
        elif state == "escalated":
            alerts.escalate(found, reason="Seen by hand", by=self.people.analyst)
        return found

    @cached_property
    def alert(self) -> Alert:
        return self.group().alerts.get()

    @cached_property
    def delivery(self) -> Delivery:
        """A message to the detector's webhook about a group that was dismissed."""
        settings.WEBHOOK_HOSTS = ["hooks.example.org"]
        alerts.set_webhook(self.detector, url="https://hooks.example.org/casemgr", by=self.people.admin)
        self.group("dismissed")
        deliveries.ask_for(verdicts.publish())
        return Delivery.objects.latest("id")

    @cached_property
    def signing_key(self) -> SigningKey:
        alerts.add_signing_key(self.detector, method="hmac", reason="It signs from now on", by=self.people.admin)
        return SigningKey.objects.get(detector=self.detector)

    def demoted(self) -> Any:
        """The detector, with a record that is worse than it declares."""
        for _ in range(3):
            self.group("dismissed")
        alerts.change_detector(self.detector, declared_rate=0.1, by=self.people.admin)
        alerts.demote_detector(self.detector, by=WORKER)
        return self.detector

    def suppression(self) -> Suppression:
        return alerts.suppress(
            scope="key",
            key=f"account:noise{self._next()}",
            reason="Our own load test",
            expires_at=timezone.now() + timedelta(days=7),
            by=self.people.lead,
        )

    def splittable(self) -> AlertGroup:
        """A group of two alerts."""
        name = f"acct_s{self._next()}"
        about = {"type": "account", "accounts": [name]}
        self.receive(alert(source_ref=f"one/{name}", subject=about), alert(source_ref=f"two/{name}", subject=about))
        return AlertGroup.objects.get(key__endswith=name)

    @cached_property
    def rejection(self) -> Rejection:
        self.receive({"title": "not an alert"})
        return Rejection.objects.latest("received_at")

    @cached_property
    def replay(self) -> Any:
        self.receive({"title": "not an alert either"})
        newest = Rejection.objects.latest("received_at")
        return alerts.replay(rejections=[newest], about="all rejections", by=self.people.analyst)

    @cached_property
    def account(self) -> Account:
        make_accounts(4)
        make_activity()
        return Account.objects.get(ref="acct_00000")

    # --- rings

    def ring(self, state: str = "found") -> Ring:
        """A ring of its own, of ten accounts with one card among forty with one each."""
        name = f"acct_r{self._next()}"
        share(
            self.people,
            *((f"{name}_{n}", "payment", f"card of {name}") for n in range(10)),
            *((f"{name}_{n}", "payment", f"card of {name}_{n}") for n in range(10, 50)),
        )
        work()  # another run may be under way
        linked(self.people)
        found = Ring.objects.get(members__account__ref=f"{name}_0", members__until_run=None)
        if state == "suspected":
            accounts.suspect_ring(found, why="Seen by hand", by=self.people.analyst)
        return found

    def ring_link(self) -> Link:
        return Link.objects.filter(ring=self.once("ring"), until_run=None).earliest("id")

    def ring_identifier(self) -> Identifier:
        return Identifier.objects.filter(account=self.once("ring_link").account_id).earliest("id")

    def ring_pair(self) -> list[Any]:
        """Two accounts of a ring."""
        members = self.once("ring").members.order_by("id")
        return list(members.values_list("account_id", flat=True)[:2])

    def tie(self) -> Tie:
        return accounts.cut_link(self.ring_link(), why="The card was stolen", by=self.people.analyst)

    def cut_up(self, ring: Ring) -> None:
        """Nothing holds it together any more."""
        link = Link.objects.filter(ring=ring, until_run=None).earliest("id")
        accounts.cut_link(link, why="Sold in a shop", whole=True, by=self.people.analyst)
        work()

    def linkage_run(self) -> LinkageRun:
        """One that is under way."""
        return accounts.start_linkage(by=self.people.analyst)

    @cached_property
    def imported(self) -> Any:
        return accounts.import_records(
            kind="accounts", filename="a.csv", stream=_stream(b"ref\nacct_imported\n"), by=self.people.analyst
        )

    @cached_property
    def clause(self) -> tuple[Version, Clause]:
        with tempfile.TemporaryDirectory() as directory:
            history = HistoryWriter(Path(directory))
            history.add(TERMS)
            policies.import_terms(path=history.write(), by=System())
        return Version.objects.get(), Clause.objects.get(content__contains=CLAUSE)

    def tagging(self) -> Tagging:
        """A tag that the words of the terms propose."""
        assert self.clause
        return Tagging.objects.filter(state="proposed").earliest("id")

    def two_clauses(self) -> list[Any]:
        """A document, and a clause of each of its two versions, as an address of the pair has them."""
        assert self.clause  # the only version so far
        with tempfile.TemporaryDirectory() as directory:
            history = HistoryWriter(Path(directory))
            for month, text in enumerate([TERMS, TERMS.replace("may", "might")], start=1):
                history.add(text, f"2025-0{month}-01T00:00:00Z", service="Quay")
            policies.import_terms(path=history.write(), by=System())
        document = Document.objects.get(service="Quay")
        first, second = document.versions.order_by("seen_at")
        return [
            document.slug,
            *(Clause.objects.filter(text=one.text_id).latest("ordinal").pk for one in (first, second)),
        ]

    def decide_succession(self, verb: str, **why: str) -> Succession:
        slug, earlier, later = self.once("two_clauses")
        found = [Clause.objects.get(pk=key) for key in (earlier, later)]
        document = Document.objects.get(slug=slug)
        decide = getattr(policies, verb)
        return decide(document, earlier=found[0], later=found[1], by=self.people.counsel, **why)

    def authorisation(self, state: str = "recorded") -> Authorisation:
        """Recorded by the lead, and confirmed by counsel."""
        made = accounts.record_authorisation(
            party="Quarry Lane Models Ltd",
            basis="contract",
            conduct=["extraction"],
            scope="Up to a million requests a month.",
            starts_on=date(2026, 1, 1),
            document_ref="EV-2026-0001",
            refs=[self.account.ref],
            by=self.people.lead,
        )
        if state == "active":
            accounts.confirm_authorisation(made, by=self.people.counsel)
        return made

    # --- evidence

    def collect(self, filename: str = "log.txt") -> Any:
        return evidence.collect(
            kind="query_log",
            title="Query log",
            origin="Request log of the gateway",
            filename=filename,
            chunks=f"log\n{self._next()}\n".encode(),
            by=self.people.analyst,
        )

    @cached_property
    def item(self) -> Any:
        return self.collect()

    def kept_item(self, state: str) -> Any:
        """An item of its own, collected by the analyst, in a state that one person brings it to."""
        found = self.collect("log.pdf" if state == "quarantined" else "log.txt")
        if state == "sealed":
            evidence.seal(found, reason="For the court", by=self.people.analyst)
        return found

    def proposal(self, kind: str) -> Any:
        """What the analyst asked for an item."""
        ask: dict[str, Any] = {"by": self.people.analyst, "reason": "For the court"}
        if kind == "transfer":
            return evidence.hand_over(self.collect(), to=self.people.counsel, **ask)
        if kind == "unseal":
            return evidence.propose_unsealing(self.kept_item("sealed"), **ask)
        if kind == "release":
            return evidence.propose_release(self.collect(), recipient="The court", **ask)
        return evidence.propose_disposal(self.collect(), **ask)

    def collect_log(self) -> Any:
        return evidence.collect(
            kind="query_log",
            title="Query log",
            origin="Request log of the gateway",
            filename="requests.csv",
            chunks=f"time,account\n2026-01-01T00:00:00Z,acct_{self._next()}\n".encode(),
            by=self.people.analyst,
        )

    def query_log(self, state: str = "proposed") -> Any:
        """A log, opened and worked on until it is in the state."""
        found = evidence.open_log(self.collect_log(), by=self.people.analyst)
        if state == "proposed":
            return found
        evidence.map_log(found, columns=found.columns, time_form="iso", by=self.people.analyst)
        for before, step in STEPS.items():
            if found.state == before and state != before:
                step(found, by=System("worker"))
        return found

    @cached_property
    def profiled_log(self) -> Any:
        return self.query_log("ready")

    def fixity(self, state: str) -> Any:
        self.collect()
        run = evidence.start_fixity(kind="full", by=self.people.lead)
        if state == "stopped":
            evidence.stop_fixity(run, by=self.people.lead)
        return run

    @cached_property
    def run(self) -> Any:
        return ran(self.people)

    @cached_property
    def accounts_run(self) -> Any:
        """A run over a few accounts."""
        key_named("wm-2026-a", self.people.lead)
        shared = {name: COUNTS[name] for name in ("gamma", "distinct", "key_id", "validation")}
        rows = [{"account": f"acct_r{n}", "scored": 1000, "green": 250 + n} for n in range(5)]
        return evidence.run_on_accounts(
            test_id="green-list", inputs=shared, rows=rows, declared=DECLARED | {"n": 5}, by=self.people.analyst
        )

    def plan(self, state: str = "draft") -> Any:
        """A plan of the analyst's."""
        found = evidence.draft_plan(
            test_id="green-list",
            suspect=suspect_named("Lantern 7B", self.people.analyst),
            question="Did it train on our answers?",
            collection="40,000 tokens by its endpoint",
            planned_n=40_000,
            alpha=0.01,
            effect=0.02,
            controls=["Control 1"],
            by=self.people.analyst,
        )
        if state == "registered":
            evidence.register_plan(found, by=self.people.analyst)
        return found

    def trial(self, state: str = "committed") -> Any:
        """A blind trial that the analyst sealed and the other analyst scored."""
        names = ["Lantern 7B", *(f"Control {n}" for n in range(19))]
        self.order, self.secret = sealing.draw(names)
        key_named("wm-2026-a", self.people.lead)
        found = evidence.commit_order(
            test_id="green-list",
            suspect=suspect_named("Lantern 7B", self.people.analyst),
            labels=list(self.order),
            commitment=sealing.commitment(self.order, self.secret),
            by=self.people.analyst,
        )
        if state == "measured":
            self.score(found)
        return found

    def opened(self) -> Any:
        """The run of a blind trial."""
        trial = self.trial("measured")
        return evidence.open_order(trial, order=self.order, secret=self.secret, by=self.people.analyst)

    def score(self, trial: Any) -> None:
        chance = COUNTS | {"green": 10_000}  # a control of which the key says nothing
        found = {label: COUNTS if name == trial.suspect.name else chance for label, name in self.order.items()}
        scored = {label: {"n": 40_000, "inputs": inputs} for label, inputs in found.items()}
        evidence.measure_order(trial, scores={"test_version": "", "scored": scored}, by=self.people.analyst2)

    # --- the register

    @cached_property
    def model(self) -> Any:
        return evidence.register_model(name="Harbour", owner="Model desk", by=self.people.lead)

    @cached_property
    def version(self) -> Any:
        return evidence.register_version(
            self.model, version="2", weights=f"sha256:{'ab' * 32}  w.bin", by=self.people.analyst
        )

    @cached_property
    def suspect(self) -> Any:
        return evidence.register_suspect(name="Lantern 9B", publisher="Quarry Lane", by=self.people.analyst)

    @cached_property
    def scheme(self) -> Any:
        return evidence.register_scheme(
            name="green",
            version="1",
            method="Green list",
            parameters={"gamma": 0.25},
            detector="greenlist",
            detector_version="1",
            by=self.people.lead,
        )

    @cached_property
    def watermark_key(self) -> Any:
        return evidence.register_key(
            self.scheme, key_id="wm-world", holder="Service", storage="HSM", held_from=LONG_AGO, by=self.people.lead
        )

    @cached_property
    def deployment(self) -> Any:
        return evidence.deploy_key(
            self.watermark_key, version=self.version, deployed_from=LONG_AGO, by=self.people.lead
        )

    @cached_property
    def canary(self) -> Any:
        return evidence.plant_canary(
            self.account, placed="In one answer", planted_at=LONG_AGO, text="Seven herrings.", by=self.people.analyst
        )

    # --- cases

    def claim(self, case: Case | None = None) -> Any:
        number = self._next()
        return cases.record_claim(
            case or self.case("investigation"),
            topic="What was taken",
            speaker=f"Paper {number}",
            role="press",
            source="Front page",
            text=f"About {number} accounts.",
            origin=f"Wire {number}",
            why_no_capture="Printed on paper.",
            by=self.people.analyst,
        )

    def claim_link(self) -> Any:
        claim = self.claim()
        return cases.link_claims(
            claim, other=self.claim(claim.case), kind="repeats", on="The number", by=self.people.analyst
        )

    def case(self, state: str = "triage") -> Case:
        """A case of its own, assigned to nobody, in a state."""
        case = cases.open_case(title=f"Case {self._next()}", severity=3, by=self.people.analyst)
        if state != "triage":
            self.investigate(case)
        if state in ("finding", "decision", "notice"):
            return getattr(self, {"finding": "finding", "decision": "confirmed", "notice": "approved"}[state])(
                case
            ).case
        if state == "closed":
            cases.close_case(case, closure="benign", note="It was ordinary use.", by=self.people.lead)
        return case

    def member_set(self) -> Any:
        return cases.freeze_members(
            self.case("investigation"), pool="present", query={"everyone": True}, by=self.people.analyst
        )

    def step(self, state: str = "done") -> Any:
        """A dry run on three accounts in three parts, of which two are dealt with while it is under way."""
        prefix, case = f"step_{self._next()}", self.case()
        make_accounts(3, prefix=prefix, product=prefix, country="NL")
        cases.add_accounts(case, query={"product": prefix}, by=self.people.analyst)
        with patch("apps.cases.actions.sets.PART", 1):
            members = cases.freeze_members(case, pool="present", query={"everyone": True}, by=self.people.analyst)
        found = cases.start_step(members, kind="suspend", why="They harvest.", by=self.people.analyst)
        cases.carry_on_step(found, by=WORKER)
        if state == "done":
            cases.carry_on_step(found, by=WORKER)
        return found

    def sample(self) -> Any:
        return cases.draw_sample(self.member_set(), at_most=0.5, by=self.people.analyst)

    def investigate(self, case: Case) -> None:
        assert self.account
        cases.add_accounts(case, query={"country": "DE"}, by=self.people.analyst)
        cases.start_investigation(case, by=self.people.analyst)

    def explanation(self, case: Case | None = None) -> Explanation:
        case = case or self.case("investigation")
        return cases.raise_explanation(case, hypothesis="heavy_user", by=self.people.analyst)

    def exhibit(self, case: Case, group: str = "log") -> Any:
        return cases.add_exhibit(
            case,
            item=self.collect(),
            shows=f"What the {group} shows.",
            element="harvesting",
            dependency_group=group,
            family={"log": "traffic", "canaries": "canary"}.get(group, ""),
            log10_lr=3.0,
            log10_lr_cap=4.0,
            by=self.people.analyst,
        )

    def task(self) -> Any:
        case = self.case("investigation")
        return cases.add_task(case, title="Ask", assignee=self.people.counsel, due_on=None, by=self.people.analyst)

    def party(self) -> Any:
        return cases.add_party(
            self.case("investigation"),
            name="Quarry Lane Models Ltd",
            role="beneficiary",
            basis="The accounts were paid with its card.",
            by=self.people.analyst,
        )

    def weighed(self) -> Any:
        return self.exhibit(self.case("investigation"))

    def invitation(self, state: str = "awaiting") -> Any:
        """A party that was invited to respond, so long ago that it should have."""
        party, today = self.party(), timezone.now().date()
        if state == "not_invited":
            return cases.waive_invitation(party, reason="It would destroy the logs.", by=self.people.counsel)
        found = cases.invite_party(
            party,
            channel="post",
            invited_on=today - timedelta(days=30),
            respond_by=today - timedelta(days=1),
            by=self.people.counsel,
        )
        if state == "no_response":
            cases.record_silence(found, by=self.people.counsel)
        if state == "responded":
            cases.record_response(found, response="No.", responded_on=today, by=self.people.counsel)
        return found

    def independence(self) -> Any:
        """An argument that two lines of evidence err apart, waiting for another person."""
        case = self.case("investigation")
        self.exhibit(case)
        self.exhibit(case, "canaries")
        return cases.argue_independence(
            case, groups=["log", "canaries"], argument="One is counted, one was planted.", by=self.people.analyst
        )

    def ground(self, case: Case) -> None:
        """Everything that a finding needs beside accounts."""
        self.exhibit(case)
        self.exhibit(case, "canaries")
        cases.assess_explanation(
            self.explanation(case),
            status="refuted",
            conclusion="Nobody works around the clock.",
            by=self.people.analyst,
        )

    def propose(self, case: Case) -> Finding:
        version, clause = self.clause
        return cases.propose_finding(
            case,
            conduct="The accounts collected output by automatic means.",
            conduct_from=START,
            conduct_to=END,
            confidence="very_likely",
            limits="What the output was used for is not known.",
            clauses=[(version, clause)],
            exhibits=list(case.exhibits.all()),
            explanations=list(case.explanations.all()),
            by=self.people.analyst,
        )

    def finding(self, case: Case | None = None) -> Finding:
        case = case or self.case("investigation")
        self.ground(case)
        return self.propose(case)

    def confirmed(self, case: Case | None = None) -> Finding:
        finding = self.finding(case)
        cases.confirm_finding(finding, by=self.people.lead)
        return finding

    def decide(self, finding: Finding, **values: Any) -> Decision:
        today = timezone.now().date()
        return cases.propose_decision(
            finding,
            **{"action": "suspend", "scope": "All use of the service"} | values,
            starts_on=today,
            ends_on=today + timedelta(days=90),
            reasoning="Nothing milder ends it.",
            acknowledged=queries.wrongful_of(finding).value,
            by=self.people.counsel,
        )

    def decision(self) -> Decision:
        return self.decide(self.confirmed())

    def approved(self, case: Case | None = None) -> Decision:
        decision = self.decide(self.confirmed(case))
        cases.approve_decision(decision, by=self.people.approver)
        return decision

    def held(self) -> Decision:
        return self.held_on(self.confirmed())

    def held_on(self, finding: Finding) -> Decision:
        decision = self.decide(finding, action="degrade")
        cases.approve_decision(decision, by=self.people.approver)
        return decision

    # --- counsel

    def counsel(self) -> Counsel:
        """Who acts for a party of a case."""
        party = self.party()
        return counsel.record_counsel(
            party.case,
            party=party,
            role="lead",
            name="Ruth Opposing",
            firm="Gray & Fell LLP",
            address="3 Inner Court\n1010 Vienna",
            acts_from=date(2026, 3, 1),
            by=self.people.counsel,
        )

    def theory(self, state: str = "pursued") -> Theory:
        case = self.case("investigation")
        found = counsel.adopt_theory(case, theory="cfaa", jurisdiction="United States", by=self.people.counsel)
        counsel.add_note(found, body="Plead it second.", by=self.people.counsel)
        if state == "withdrawn":
            counsel.withdraw_theory(found, why="There is no loss to show.", by=self.people.counsel)
        return found

    # --- enforcement

    @cached_property
    def receiver(self) -> Receiver:
        settings.WEBHOOK_HOSTS = ["gate.example.org"]
        enforcement.set_receiver(url="https://gate.example.org/orders", by=self.people.admin)
        return Receiver.objects.get()

    def to_carry_out(self) -> Decision:
        assert self.receiver
        return self.approved()

    def measure_order(self) -> Order:
        return enforcement.carry_out(self.to_carry_out(), by=self.people.lead)

    def failed_order(self) -> Order:
        order = self.measure_order()
        enforcement.give_up(order, message=order.messages.get(), problem="Answered 500.", by=WORKER)
        return order

    # --- papers

    def draft(self, decision: Decision | None = None) -> Notice:
        assert self.account
        decision = decision or self.approved()
        return notices.draft_notice(decision, kind="suspension", account=self.account, by=self.people.counsel)

    def listing(self) -> Notice:
        """The draft of a demand that tells a party which accounts are concerned."""
        finding = self.confirmed()
        decision = self.decide(finding, action="preserve")
        cases.approve_decision(decision, by=self.people.approver)
        party = cases.add_party(finding.case, name="Tollgate", role="reseller", basis="Keys.", by=self.people.analyst)
        return notices.draft_notice(decision, kind="preservation", party=party, by=self.people.counsel)

    def proposed_wording(self) -> NoticeTemplate:
        content = letters.built_in("suspension").replace("Dear account holder,", "Good day,")
        return notices.propose_template(kind="suspension", content=content, by=self.people.counsel)

    def tried_wording(self) -> str:
        """What counsel typed into the editor and looks at."""
        kept = ["suspension", "en", letters.built_in("suspension"), "eu", False]
        cache.set(f"wording:{self.people.counsel.pk}:typed", kept, 600)
        return "typed"

    def given_back(self) -> Notice:
        """The draft of a letter that gives an account back, after its appeal was right."""
        measure = self.appeal("reversed").notice
        return notices.draft_reinstatement(
            measure=measure, lifted_on=timezone.now().date(), reasons="The appeal was right.", by=self.people.counsel
        )

    def notice(self, state: str = "draft") -> Notice:
        found = self.draft()
        if state == "issued":
            return self.issued(found)
        if state in ("approved", "issuing"):
            notices.approve_notice(found, by=self.people.approver)
        if state == "issuing":
            notices.issue_notice(found, by=self.people.counsel)
        if state == "discarded":
            notices.discard_notice(found, reason="Wrong account", by=self.people.counsel)
        return found

    def issued(self, draft: Notice) -> Notice:
        notices.approve_notice(draft, by=self.people.approver)
        notices.issue_notice(draft, by=self.people.counsel)
        notices.render_notice(draft, by=WORKER)
        return draft

    def mailing(self, state: str = "review") -> Mailing:
        """With one part; letters of it are issued once it is `done`."""
        found = notices.start_mailing(self.approved(), kind="suspension", by=self.people.counsel)
        if state == "drafting":
            return found
        if state == "cancelled":
            notices.cancel_mailing(found, reason="Wrong decision", by=self.people.counsel)
            return found
        part = found.pieces.get()
        notices.draft_part(part, by=WORKER)
        notices.carry_on_mailing(found, by=WORKER)
        if state == "review":
            return found
        for sampled in found.sample.all():
            notices.mark_letter(sampled, mark="right", by=self.people.approver)
        if state == "read":
            return found
        notices.approve_mailing(found, by=self.people.approver)
        if state == "approved":
            return found
        notices.release_mailing(found, typed=str(found.count), by=self.people.counsel)
        if state == "done":
            notices.number_part(part, by=WORKER)
            notices.render_part(part, by=WORKER)
            notices.carry_on_mailing(found, by=WORKER)
        return found

    def paused_mailing(self) -> Mailing:
        found = self.mailing("drafting")
        notices.pause_mailing(found, by=self.people.counsel)
        return found

    def stuck_mailing(self) -> Mailing:
        """The one part of it cannot be numbered."""
        found = self.mailing("issuing")
        with patch("apps.notices.actions.mailings.refuse_if_missing", side_effect=ValidationError(["Not confirmed."])):
            notices.number_part(found.pieces.get(), by=WORKER)
        return found

    def mailing_part(self, state: str = "waiting") -> MailingPart:
        before = {"waiting": "drafting", "drafted": "issuing", "numbered": "issuing"}[state]
        part = self.mailing(before).pieces.get()
        if state == "numbered":
            notices.number_part(part, by=WORKER)
        return part

    def dispatch(self, state: str = "running") -> Dispatch:
        """Of the letters of a mailing: with one part, paused, or with what the mail server never took."""
        settings.EMAIL_HOST = "mail.example.org"
        mailing, counsel = self.mailing("done"), self.people.counsel
        to = dict.fromkeys(mailing.notices.values_list("pk", flat=True), "holder@example.org")
        found = service.start_dispatch(mailing, addresses=to, by=counsel)
        if state == "paused":
            service.pause_dispatch(found, by=counsel)
        elif state == "failed":
            service.carry_on_dispatch(found, by=WORKER)
            for attempt in found.attempts.all():
                service.give_up(attempt, reason="It never answered.", by=WORKER)
        return found

    def sor_export(self, state: str = "ready") -> Export:
        """Of one letter. `collecting` it has no statement yet, `writing` no file; the file of a `failed` one was given
        up."""
        self.notice("issued")
        today, counsel = timezone.now().date(), self.people.counsel
        found = transparency.start_export(first_day=today, last_day=today, by=counsel)
        if state == "collecting":
            return found
        transparency.collect_part(found, by=WORKER)
        if state == "writing":
            return found
        transparency.write_part(found, by=WORKER)
        if state in ("sending", "paused", "failed"):
            settings.TRANSPARENCY_URL, settings.TRANSPARENCY_TOKEN = "https://dsa.example.org", "token"
            transparency.send_export(found, by=counsel)
        if state == "paused":
            transparency.pause_export(found, by=counsel)
        if state == "failed":
            self.give_up_file(found)
        return found

    def give_up_file(self, export: Export) -> None:
        batch = export.batches.get()
        transparency.begin_sending(batch, by=WORKER)
        transparency.lose_track(batch, attempt=batch.attempts, says="It died.", by=WORKER)
        transparency.give_up(batch, attempt=batch.attempts, says="Answered 503.", by=WORKER)

    def attempt(self, state: str = "prepared") -> Attempt:
        """To serve an issued letter: by e-mail as long as it waits, and else by a courier."""
        letter, counsel = self.notice("issued"), self.people.counsel
        if state in ("prepared", "unknown"):
            settings.EMAIL_HOST = "mail.example.org"
            found = service.email_letter(letter, address="holder@example.org", by=counsel)
        else:
            now = timezone.now()
            found = service.record_attempt(letter, method="courier", address="1 Quay", sent_at=now, by=counsel)
        if state == "unknown":
            service.begin_sending(found, by=WORKER)
            service.lose_track(found, says="It died.", by=WORKER)
        return found

    def give_link(self, attempt: Attempt) -> None:
        """As if it had left by e-mail."""
        as_email = {"method": "email", "message_id": f"<{attempt.pk.hex}@northlight.example>"}
        with ledger.act("service.begin_sending", WORKER):
            ledger.change(attempt, secret_sha256=attempt.pk.hex * 2, link_until=timezone.now(), **as_email)

    def deadlines(self) -> Notice:
        """A letter whose days are in the calendar."""
        letter = self.notice("issued")
        service.set_deadlines(notices=[letter], by=WORKER)
        return letter

    def returned(self) -> Return:
        """Words that came back and name no letter."""
        raw = f"Subject: Message {self._next()}\r\n\r\nHello".encode()
        return service.take_return(raw=raw, by=WORKER)

    def appeal(self, state: str = "waiting") -> Appeal:
        """Of an issued letter; `unanswered` is upheld, and the draft of its answer was discarded."""
        letter = self.notice("issued")
        holder, reviewer = Recipient(letter), self.people.reviewer
        found = appeals.file_appeal(letter, words="I ran a benchmark.", by=holder)
        if state in ("in_review", "upheld", "reversed", "unanswered"):
            appeals.take_appeal(found, by=reviewer)
        if state == "reversed":
            appeals.reverse_decision(found, reasons="You did.", by=reviewer)
        if state in ("upheld", "unanswered"):
            answer = appeals.uphold_decision(found, reasons="You did not.", by=reviewer)
            if state == "unanswered":
                notices.discard_notice(answer, reason="Another wording", by=self.people.counsel)
        if state == "withdrawn":
            appeals.withdraw_appeal(found, by=holder)
        return found

    def compile(self, case: Case) -> Report:
        return disclosures.compile_report(
            case,
            audience="regulator",
            recipient="The authority",
            legal_basis="Article 33",
            title=f"Report {self._next()}",
            by=self.people.counsel,
        )

    def report(self, state: str = "draft") -> Report:
        found = self.compile(self.confirmed().case)
        if state in ("releasing", "released"):
            disclosures.release_report(found, by=self.people.approver)
        if state == "released":
            disclosures.render_report(found, by=WORKER)
        return found

    # --- what stays and what goes

    def hold(self, state: str = "in_force") -> LegalHold:
        found = records.issue_hold(
            matter="Northlight v. Quarry Lane",
            reason="Counsel expects a claim.",
            scope=[self.case()],
            custodians=[self.people.analyst],
            by=self.people.counsel,
        )
        if state == "release_requested":
            records.ask_release(found, reason="Settled", by=self.people.counsel)
        return found

    def erasure(self, state: str = "requested") -> Erasure:
        found = records.request_erasure(
            subject=self.party(),
            basis="objection",
            reason="Letter of 3 March",
            received_on=date(2026, 3, 3),
            by=self.people.counsel,
        )
        if state == "carried_out":
            records.erase_subject(found, by=self.people.approver)
        return found

    def confirmation(self) -> Confirmation:
        return records.confirm_rule(rule="jobs", by=self.people.admin)

    def retention_run(self) -> RetentionRun:
        self.once("confirmation")
        return records.start_run(rule="jobs", by=self.people.admin)

    # --- bundles

    def bundle(self, state: str = "ready") -> Bundle:
        case = self.confirmed().case
        found = disclosures.compile_bundle(
            case,
            audience="court",
            recipient=f"Expert {self._next()}",
            legal_basis="Order of the court",
            purpose="Expert opinion",
            exhibits=case.exhibits.all(),
            by=self.people.counsel,
        )
        sequence_here()
        if state in ("ready", "released"):
            disclosures.assemble_bundle(found, by=WORKER)
        if state == "released":
            disclosures.release_bundle(found, reason="Ordered", by=self.people.approver)
            sequence_here()
        return found

    # --- people

    def leaver(self) -> Any:
        number = self._next()
        person = staff.invite(
            email=f"p{number}@northlight.example", name=f"P{number}", roles=[], password=PASSWORD, by=self.people.admin
        )
        staff.deactivate(person, by=self.people.admin, reason="Left")
        return person

    @cached_property
    def event(self) -> Event:
        assert self.item
        return Event.objects.earliest("id")


def _stream(data: bytes) -> Any:
    import io

    return io.BytesIO(data)
