from apps.core import workflow
from apps.evidence.models import BlindTrial, FixityRun, Item, Proposal, QueryLog, TestPlan

State = Item.State
Asked = Proposal.State

# Others may be made from it; it stays as it is.
DERIVED = ("evidence.derive", "evidence.normalise")

# Their files are items of their own.
COMPUTED = (
    *("evidence.run_test", "evidence.run_on_accounts", "evidence.measure_order", "evidence.open_order"),
    *("evidence.assemble_log", "evidence.profile_log"),
)

ITEM: dict[str | None, dict[str, str]] = {
    None: {
        "evidence.collect": State.KEPT,
        "evidence.derive": State.KEPT,
        "evidence.normalise": State.KEPT,
        "evidence.quarantine": State.QUARANTINED,
        **dict.fromkeys(COMPUTED, State.KEPT),
    },
    State.QUARANTINED: {"evidence.clear_item": State.KEPT, "evidence.dispose": State.DISPOSED},
    State.KEPT: {
        **dict.fromkeys(DERIVED, State.KEPT),
        "evidence.seal": State.SEALED,
        "evidence.release": State.RELEASED,
        "evidence.dispose": State.DISPOSED,
    },
    State.SEALED: {"evidence.unseal": State.KEPT},
    State.RELEASED: {**dict.fromkeys(DERIVED, State.RELEASED), "evidence.dispose": State.DISPOSED},
    State.DISPOSED: {},
}

NOT_DONE: dict[str, str] = {"evidence.refuse": Asked.REFUSED, "evidence.withdraw": Asked.WITHDRAWN}

PROPOSAL: dict[str | None, dict[str, str]] = {
    None: {
        "evidence.hand_over": Asked.TRANSFER,
        "evidence.propose_unsealing": Asked.UNSEAL,
        "evidence.propose_release": Asked.RELEASE,
        "evidence.propose_disposal": Asked.DISPOSE,
    },
    Asked.TRANSFER: {"evidence.accept_item": Asked.DONE, **NOT_DONE},
    Asked.UNSEAL: {"evidence.unseal": Asked.DONE, **NOT_DONE},
    Asked.RELEASE: {"evidence.release": Asked.DONE, **NOT_DONE},
    Asked.DISPOSE: {"evidence.dispose": Asked.DONE, **NOT_DONE},
    Asked.DONE: {},
    Asked.REFUSED: {},
    Asked.WITHDRAWN: {},
}

FIXITY: dict[str | None, dict[str, str]] = {
    None: {"evidence.start_fixity": FixityRun.State.RUNNING},
    FixityRun.State.RUNNING: {
        "evidence.measure_files": FixityRun.State.DONE,
        "evidence.stop_fixity": FixityRun.State.STOPPED,
    },
    FixityRun.State.STOPPED: {"evidence.resume_fixity": FixityRun.State.RUNNING},
    FixityRun.State.DONE: {},
}

Log = QueryLog.State

LOG: dict[str | None, dict[str, str]] = {
    None: {"evidence.open_log": Log.PROPOSED},
    Log.PROPOSED: {"evidence.map_log": Log.READING, "evidence.give_up_log": Log.GIVEN_UP},
    Log.READING: {
        "evidence.read_log": Log.ASSEMBLING,
        "evidence.fail_log": Log.FAILED,
        "evidence.give_up_log": Log.GIVEN_UP,
    },
    Log.ASSEMBLING: {
        "evidence.assemble_log": Log.PROFILING,
        "evidence.read_log": Log.READING,  # anew, where what was read lies on another machine
        "evidence.fail_log": Log.FAILED,
        "evidence.give_up_log": Log.GIVEN_UP,
    },
    Log.PROFILING: {
        "evidence.profile_log": Log.READY,
        "evidence.fail_log": Log.FAILED,
        "evidence.give_up_log": Log.GIVEN_UP,
    },
    Log.READY: {},
    Log.FAILED: {},
    Log.GIVEN_UP: {},
}

Planned = TestPlan.State

PLAN: dict[str | None, dict[str, str]] = {
    None: {"evidence.draft_plan": Planned.DRAFT},
    Planned.DRAFT: {
        "evidence.change_plan": Planned.DRAFT,
        "evidence.register_plan": Planned.REGISTERED,
        "evidence.withdraw_plan": Planned.WITHDRAWN,
    },
    Planned.REGISTERED: {"evidence.withdraw_plan": Planned.WITHDRAWN},
    Planned.WITHDRAWN: {},
}

Sealed = BlindTrial.State

TRIAL: dict[str | None, dict[str, str]] = {
    None: {"evidence.commit_order": Sealed.COMMITTED},
    Sealed.COMMITTED: {"evidence.measure_order": Sealed.MEASURED, "evidence.abandon_order": Sealed.ABANDONED},
    Sealed.MEASURED: {"evidence.open_order": Sealed.OPENED, "evidence.abandon_order": Sealed.ABANDONED},
    Sealed.OPENED: {},
    Sealed.ABANDONED: {},
}

ITEMS = workflow.register(Item, "state", ITEM)
PROPOSALS = workflow.register(Proposal, "state", PROPOSAL)
PLANS = workflow.register(TestPlan, "state", PLAN)
TRIALS = workflow.register(BlindTrial, "state", TRIAL)
FIXITY_RUNS = workflow.register(FixityRun, "state", FIXITY)
LOGS = workflow.register(QueryLog, "state", LOG)
