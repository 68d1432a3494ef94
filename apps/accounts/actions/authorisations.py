"""Permissions that the provider gave: recorded by one person, in force once another confirmed them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Account, Authorisation, AuthorisedAccount
from apps.audit import ledger
from apps.audit.action import action

State = Authorisation.State
SHOWN = 5


@action
def record_authorisation(
    *,
    party: str,
    basis: str,
    conduct: Iterable[str],
    scope: str,
    starts_on: date,
    document_ref: str,
    by,
    ends_on: date | None = None,
    document_sha256: str = "",
    organisation: str = "",
    contract: str = "",
    refs: Iterable[str] = (),
) -> Authorisation:
    """Record that a party may do what the terms forbid others. It covers nobody before another person confirms it.

    It covers the accounts it names (`refs`), those of an organisation, or those under a contract. Raises
    ValidationError when it would cover none, or names an account that is not on record.
    """
    named = _known(sorted({ref.strip() for ref in refs} - {""}))
    if not (named or organisation.strip() or contract.strip()):
        raise ValidationError("Say whom it covers: accounts by their references, an organisation, or a contract.")
    authorisation = ledger.create(
        Authorisation,
        party=party.strip(),
        basis=basis,
        conduct=sorted(set(conduct)),
        scope=scope.strip(),
        organisation=organisation.strip(),
        contract=contract.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        document_ref=document_ref.strip(),
        document_sha256=document_sha256.strip().lower(),
        recorded_by=by,
        recorded_at=timezone.now(),
    )
    if named:
        with ledger.batch(authorisation) as rows:
            keys = ({"authorisation_id": str(authorisation.pk), "account_id": str(key)} for key in named.values())
            rows.details["accounts"] = rows.insert(AuthorisedAccount, keys)
    return authorisation


def _known(refs: list[str]) -> dict[str, UUID]:
    named = dict(Account.objects.filter(ref__in=refs).values_list("ref", "pk"))
    if unknown := [ref for ref in refs if ref not in named]:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise ValidationError({"refs": f"No account on record is called {', '.join(unknown[:SHOWN])}{more}."})
    return named


@action
def confirm_authorisation(authorisation: Authorisation, *, by, note: str = "") -> None:
    """Agree that it was given and says this: from now on it is checked before any finding."""
    _review(authorisation, State.ACTIVE, note, by)


@action
def refuse_authorisation(authorisation: Authorisation, *, reason: str, by) -> None:
    """Do not agree that it was given, or that it says this."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what the document does not show."})
    _review(authorisation, State.REFUSED, reason, by)


def _review(authorisation: Authorisation, state: str, note: str, by) -> None:
    ledger.change(authorisation, state=state, reviewed_by=by, reviewed_at=timezone.now(), review_note=note.strip())


@action
def revoke_authorisation(authorisation: Authorisation, *, revoked_from: date, reason: str, by) -> None:
    """End it from a day on. What was allowed before that day stays allowed, so the day cannot lie in the past."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it ends."})
    if revoked_from < timezone.now().date():
        raise ValidationError(
            {"revoked_from": "An authorisation ends today or later: what its holder did under it was allowed."}
        )
    ledger.change(
        authorisation,
        state=State.REVOKED,
        revoked_from=revoked_from,
        revoked_by=by,
        revoked_at=timezone.now(),
        revocation_reason=reason.strip(),
    )
