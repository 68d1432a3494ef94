from apps.core import workflow
from apps.disclosures.models import Report

State = Report.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"disclosures.compile_report": State.DRAFT},
    State.DRAFT: {
        "disclosures.release_report": State.RELEASING,
        "disclosures.return_report": State.DRAFT,
        "disclosures.discard_report": State.DISCARDED,
    },
    State.RELEASING: {"disclosures.render_report": State.RELEASED},
    State.RELEASED: {},
    State.DISCARDED: {},
}

REPORT = workflow.register(Report, "state", TRANSITIONS)
