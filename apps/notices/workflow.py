from apps.core import workflow
from apps.notices.models import Notice, NoticeTemplate

State = Notice.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "notices.draft_notice": State.DRAFT,
        "notices.draft_answer": State.DRAFT,
        "notices.draft_reinstatement": State.DRAFT,
    },
    State.DRAFT: {
        "notices.approve_notice": State.APPROVED,
        "notices.redraft_notice": State.DRAFT,
        "notices.translate_notice": State.DRAFT,
        "notices.return_notice": State.DRAFT,
        "notices.discard_notice": State.DISCARDED,
    },
    State.APPROVED: {
        "notices.issue_notice": State.ISSUING,
        "notices.return_notice": State.DRAFT,
        "notices.discard_notice": State.DISCARDED,
    },
    State.ISSUING: {"notices.render_notice": State.ISSUED},
    State.ISSUED: {},
    State.DISCARDED: {},
}

NOTICE = workflow.register(Notice, "state", TRANSITIONS)

Wording = NoticeTemplate.State

# A draft may bring the wording that came with casemgr into the records; all others were proposed.
WORDINGS: dict[str | None, dict[str, str]] = {
    None: {
        "notices.propose_template": Wording.PROPOSED,
        "notices.draft_notice": Wording.APPROVED,
        "notices.draft_answer": Wording.APPROVED,
        "notices.draft_reinstatement": Wording.APPROVED,
    },
    Wording.PROPOSED: {
        "notices.approve_template": Wording.APPROVED,
        "notices.decline_template": Wording.DECLINED,
    },
    Wording.APPROVED: {},
    Wording.DECLINED: {},
}

TEMPLATE = workflow.register(NoticeTemplate, "state", WORDINGS)
