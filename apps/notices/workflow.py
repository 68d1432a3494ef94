from apps.core import workflow
from apps.notices.models import Notice

State = Notice.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"notices.draft_notice": State.DRAFT, "notices.draft_answer": State.DRAFT},
    State.DRAFT: {
        "notices.approve_notice": State.APPROVED,
        "notices.redraft_notice": State.DRAFT,
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
