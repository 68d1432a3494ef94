"""What all watermark tests share: the key's name, its custody, and what may go wrong with any of them."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from apps.evidence.fingerprints.schema import Inputs, Name, Rate, Status

CUSTODY: dict[str, str] = {
    "key_secret": "The key was known to nobody outside, so nobody could imitate the watermark.",
    "not_prompted": "The suspect's prompts did not contain keyed text that it could repeat.",
}
DISTINCT = {"distinct": "Only distinct (context, token) tuples were scored, so the scores are independent."}
ERROR_RATE = "One-sided 95 % bounds from the controls and positives of the run; they cap the reported strength."
VALIDATION = "Named with each run: control models that never saw keyed text, and models that did."
LIMITS = (
    "Paraphrase and neutralisation at inference remove the trace, and watermarks can be imitated: absence does not "
    "clear anyone, presence does not show the scale."
)


class Watermark(Inputs, frozen=True, kw_only=True):
    """What every watermark test takes; nothing of the key but its name."""

    key_id: Annotated[Name, Meta(description="name of the key in the register; never the key")]
    key_secret: Annotated[
        bool | None, Meta(description="whether a custody record shows that the key never left; empty where not known")
    ] = None
    alpha: Annotated[Rate, Meta(description="level of the test, for which the power is stated")] = 1e-5


def custody(inputs: Watermark) -> dict[str, Status]:
    """What the inputs say of the key."""
    if inputs.key_secret is None:
        return {}
    return {"key_secret": "held" if inputs.key_secret else "violated"}


WORDS: Mapping[str, Any] = {
    "family": "watermark",
    "proposition": "the suspect trained on keyed text",
    "alternative": "the suspect never trained on keyed text",
    "watermark": True,
    "validation_study": VALIDATION,
    "error_rate": ERROR_RATE,
    "acceptance": "Published and reproduced; no court is known to have ruled on it.",
    "limits": LIMITS,
}
