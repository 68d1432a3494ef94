"""States of an authorisation. That its last day has passed is no state: the days say so."""

from apps.accounts.models import Authorisation
from apps.core import workflow

State = Authorisation.State

AUTHORISATION_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"accounts.record_authorisation": State.RECORDED},
    State.RECORDED: {
        "accounts.confirm_authorisation": State.ACTIVE,
        "accounts.refuse_authorisation": State.REFUSED,
    },
    State.ACTIVE: {"accounts.revoke_authorisation": State.REVOKED},
    State.REFUSED: {},
    State.REVOKED: {},
}

AUTHORISATION = workflow.register(Authorisation, "state", AUTHORISATION_TRANSITIONS)
