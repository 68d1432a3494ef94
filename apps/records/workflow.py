from apps.core import workflow
from apps.records.models import Erasure, LegalHold, RetentionRun

Hold = LegalHold.State

HOLD = workflow.register(
    LegalHold,
    "state",
    {
        None: {"records.issue_hold": Hold.IN_FORCE},
        Hold.IN_FORCE: {"records.ask_release": Hold.RELEASE_REQUESTED},
        Hold.RELEASE_REQUESTED: {
            "records.release_hold": Hold.RELEASED,
            "records.refuse_release": Hold.IN_FORCE,
        },
        Hold.RELEASED: {},
    },
)

ERASURE = workflow.register(
    Erasure,
    "state",
    {
        None: {"records.request_erasure": Erasure.State.REQUESTED},
        Erasure.State.REQUESTED: {
            "records.erase_subject": Erasure.State.CARRIED_OUT,
            "records.refuse_erasure": Erasure.State.REFUSED,
            "records.withdraw_erasure": Erasure.State.WITHDRAWN,
        },
        Erasure.State.CARRIED_OUT: {},
        Erasure.State.REFUSED: {},
        Erasure.State.WITHDRAWN: {},
    },
)

RUN = workflow.register(
    RetentionRun,
    "state",
    {
        None: {"records.start_run": RetentionRun.State.RUNNING},
        RetentionRun.State.RUNNING: {
            "records.carry_on": RetentionRun.State.DONE,
            "records.stop_run": RetentionRun.State.STOPPED,
        },
        RetentionRun.State.DONE: {},
        RetentionRun.State.STOPPED: {},
    },
)
