from apps.core import workflow
from apps.notices.models import Mailing, MailingPart, Notice, NoticeTemplate

State, Wording, Stage, Piece = Notice.State, NoticeTemplate.State, Mailing.State, MailingPart.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "notices.draft_notice": State.DRAFT,
        "notices.draft_answer": State.DRAFT,
        "notices.draft_part": State.DRAFT,
        "notices.draft_reinstatement": State.DRAFT,
    },
    State.DRAFT: {
        "notices.approve_notice": State.APPROVED,
        "notices.redraft_notice": State.DRAFT,
        "notices.translate_notice": State.DRAFT,
        "notices.return_notice": State.DRAFT,
        "notices.discard_notice": State.DISCARDED,
        "notices.number_part": State.ISSUING,
        "notices.leave_out": State.DISCARDED,
    },
    State.APPROVED: {
        "notices.issue_notice": State.ISSUING,
        "notices.return_notice": State.DRAFT,
        "notices.discard_notice": State.DISCARDED,
    },
    State.ISSUING: {"notices.render_notice": State.ISSUED, "notices.render_part": State.ISSUED},
    State.ISSUED: {},
    State.DISCARDED: {},
}

MAILING_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"notices.start_mailing": Stage.DRAFTING},
    Stage.DRAFTING: {
        "notices.carry_on_mailing": Stage.REVIEW,
        "notices.pause_mailing": Stage.DRAFTING,
        "notices.resume_mailing": Stage.DRAFTING,
        "notices.cancel_mailing": Stage.CANCELLED,
    },
    Stage.REVIEW: {"notices.approve_mailing": Stage.APPROVED, "notices.cancel_mailing": Stage.CANCELLED},
    Stage.APPROVED: {"notices.release_mailing": Stage.ISSUING, "notices.cancel_mailing": Stage.CANCELLED},
    Stage.ISSUING: {
        "notices.carry_on_mailing": Stage.DONE,
        "notices.pause_mailing": Stage.ISSUING,
        "notices.resume_mailing": Stage.ISSUING,
        "notices.cancel_mailing": Stage.CANCELLED,
    },
    Stage.DONE: {},
    Stage.CANCELLED: {"notices.carry_on_mailing": Stage.CANCELLED},
}

PART_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"notices.start_mailing": Piece.WAITING},
    Piece.WAITING: {"notices.draft_part": Piece.DRAFTED, "notices.withdraw_part": Piece.WITHDRAWN},
    Piece.DRAFTED: {"notices.number_part": Piece.NUMBERED, "notices.withdraw_part": Piece.WITHDRAWN},
    Piece.NUMBERED: {"notices.render_part": Piece.DONE},
    Piece.DONE: {},
    Piece.WITHDRAWN: {},
}

# A draft may bring the wording that came with casemgr into the records; all others were proposed.
WORDINGS: dict[str | None, dict[str, str]] = {
    None: {
        "notices.propose_template": Wording.PROPOSED,
        "notices.draft_notice": Wording.APPROVED,
        "notices.draft_answer": Wording.APPROVED,
        "notices.draft_reinstatement": Wording.APPROVED,
        "notices.start_mailing": Wording.APPROVED,
    },
    Wording.PROPOSED: {
        "notices.approve_template": Wording.APPROVED,
        "notices.decline_template": Wording.DECLINED,
    },
    Wording.APPROVED: {},
    Wording.DECLINED: {},
}

TEMPLATE = workflow.register(NoticeTemplate, "state", WORDINGS)
NOTICE = workflow.register(Notice, "state", TRANSITIONS)
MAILING = workflow.register(Mailing, "state", MAILING_TRANSITIONS)
PART = workflow.register(MailingPart, "state", PART_TRANSITIONS)
