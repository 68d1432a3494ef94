"""Sets of accounts: frozen as they were shown, and samples of them for people to look at."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.action import action
from apps.cases import queries, sampling
from apps.cases.actions.members import HOW_LENGTH
from apps.cases.models import Case, MemberPart, MemberSet, Sample, SampleMark
from apps.cases.selection import Selection
from apps.core.arrays import plain

PART = 4000  # accounts in one transaction of a step: below what makes the ledger look at the whole table again

Pool = MemberSet.Pool


@action
def freeze_members(
    case: Case, *, pool: str, query: dict[str, Any], by, shown: str | None = None, unknown: Sequence[str] = ()
) -> MemberSet:
    """Keep the accounts that a query picks at this moment, for a step that meets these and no others.

    `shown` is the SHA-256 of the accounts that the person was shown (see `queries.fingerprint`). Raises
    ValidationError when it is by now of others, when nothing is picked, or when the query cannot be read.
    """
    selection = Selection.read(query)
    if selection.everyone and pool == Pool.NEW:
        raise ValidationError("Say which accounts: every account there is was not meant.")
    picked = queries.pool_of(case, pool, selection)
    ids = [str(pk) for pk in picked.order_by("pk").values_list("pk", flat=True)]
    if not ids:
        raise ValidationError(f"No account is picked by: {selection.words}.")
    digest = _digest(ids)
    if shown is not None and shown != digest:
        raise ValidationError(
            f"By now {len(ids):,} accounts are picked by “{selection.words}”, and not those that you were shown:"
            " look at them again before you go on."
        )
    number = (case.sets.aggregate(last=Max("number"))["last"] or 0) + 1
    members = ledger.create(
        MemberSet,
        case=case,
        number=number,
        pool=pool,
        how=_short(f"{Pool(pool).label}: {selection.words}"),
        query=selection.facts,
        count=len(ids),
        sha256=digest,
        unknown=list(unknown),
        frozen_by=by,
        frozen_at=timezone.now(),
    )
    _keep(members, ids)
    return members


def _digest(ids: Iterable[str]) -> str:
    """SHA-256 over the ids in order, 16 bytes each."""
    return hashlib.sha256(bytes.fromhex("".join(ids).replace("-", ""))).hexdigest()


def _keep(members: MemberSet, ids: list[str]) -> None:
    with ledger.batch(members, accounts=len(ids), sha256=members.sha256) as rows:
        for ordinal, start in enumerate(range(0, len(ids), PART)):
            rows.run(
                MemberPart,
                "INSERT INTO cases_memberpart (id, members_id, ordinal, account_ids)"
                " VALUES (core_uuid7(), %s, %s, %s::uuid[])",
                [members.pk, ordinal, plain(ids[start : start + PART])],
            )


def _short(text: str) -> str:
    return text if len(text) <= HOW_LENGTH else f"{text[: HOW_LENGTH - 1]}…"


@action
def draw_sample(members: MemberSet, *, at_most: float, by, seed: str = "") -> Sample:
    """Draw so many accounts that finding none wrong shows, with 95 % confidence, that at most this share is wrong.

    `at_most` is a share, 0.01 for 1 %. The seed is made here unless given; it is kept, so that anyone can draw again.
    """
    if not 0 < at_most < 1:
        raise ValidationError({"at_most": "Give a share above 0 % and below 100 %."})
    seed = seed or secrets.token_hex(16)
    ids = [str(pk) for pk in queries.accounts_of_set(members).values_list("pk", flat=True)]
    return ledger.create(
        Sample,
        case=members.case,
        members=members,
        seed=seed,
        at_most=at_most,
        account_ids=[UUID(key) for key in sampling.draw(ids, seed, sampling.size(len(ids), at_most))],
        drawn_by=by,
        drawn_at=timezone.now(),
    )


@action
def mark_sample(sample: Sample, *, account: Account, verdict: str, by, note: str = "") -> SampleMark:
    """Say of one drawn account whether it belongs here. Said again, it stands instead; the trail keeps both."""
    if account.pk not in sample.account_ids:
        raise ValidationError("This account was not drawn: mark one of the sample.")
    if verdict not in SampleMark.Verdict.values:
        raise ValidationError("Say whether it belongs here, does not, or whether that cannot be said.")
    now: datetime = timezone.now()
    values = {"verdict": verdict, "note": note.strip(), "marked_by": by, "marked_at": now}
    if mark := sample.marks.filter(account=account).first():
        ledger.change(mark, **values)
        return mark
    return ledger.create(SampleMark, sample=sample, account=account, **values)
