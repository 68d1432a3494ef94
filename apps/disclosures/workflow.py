from apps.core import workflow
from apps.disclosures.models import Bundle, Report

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

Making = Bundle.State

BUNDLES: dict[str | None, dict[str, str]] = {
    None: {"disclosures.compile_bundle": Making.ASSEMBLING},
    Making.ASSEMBLING: {
        "disclosures.assemble_bundle": Making.READY,
        "disclosures.fail_bundle": Making.FAILED,
        "disclosures.discard_bundle": Making.DISCARDED,
    },
    Making.READY: {
        "disclosures.release_bundle": Making.RELEASED,
        "disclosures.discard_bundle": Making.DISCARDED,
    },
    Making.FAILED: {"disclosures.discard_bundle": Making.DISCARDED},
    Making.RELEASED: {},
    Making.DISCARDED: {},
}

BUNDLE = workflow.register(Bundle, "state", BUNDLES)
