"""Drills: invented campaigns that are worked like real ones, and never leave the house (R18).

A case is a drill from its first day, and what is in it stays in drills: its alert groups, its exhibits, its accounts.
So nothing that was invented can come into a real case, and from there into a letter, a report or a bundle.
"""

from django.core.exceptions import ValidationError

from apps.alerts.models import Alert
from apps.cases.models import Case, Exhibit


def refuse_drill(case: Case) -> None:
    """Raise ValidationError where drill data would leave the house, and say by which way they came."""
    if found := traces(case):
        raise ValidationError([*found, LEAVES])


LEAVES = (
    "What was invented for a drill never enters a letter, a report or a bundle, because whoever reads it would act on "
    "it. Only a case that is real throughout is disclosed. (R18)"
)
MIXES = "Drills and real cases are kept apart, so that nothing invented can reach a disclosure. (R18)"


def traces(case: Case) -> list[str]:
    """Sentences on drill data in the case; empty where it is real throughout."""
    if case.drill:
        return [f"This case is the drill “{case.drill}”."]
    found = [
        f"The alert group “{row.group.title}” is of the drill “{row.group.drill}”: it does not belong into this case."
        for row in case.groups.exclude(group__drill="").select_related("group")[:3]
    ]
    shared = Exhibit.objects.filter(case=case).filter(item__exhibits__in=Exhibit.objects.exclude(case__drill=""))
    found += [f"{exhibit.label} is an exhibit of a drill, too." for exhibit in shared.distinct()[:3]]
    if invented := invented_accounts(case):
        found.append(f"{invented} of its accounts are known from a drill alone: take them out of the case first.")
    return found


def invented_accounts(case: Case) -> int:
    """Members that no record and no real alert speaks of, only alerts of a drill."""
    members = case.members.filter(excluded_at__isnull=True, account__opened_at__isnull=True)
    drilled = Alert.objects.exclude(drill="")
    real = Alert.objects.filter(drill="")
    return (
        members.filter(account__alerted__alert__in=drilled)
        .exclude(account__alerted__alert__in=real)
        .values("account")
        .distinct()
        .count()
    )


def refuse_mixing(case: Case, drill: str, what: str) -> None:
    """Raise ValidationError where something of a drill would come into a real case, or the other way round."""
    if bool(case.drill) == bool(drill):
        return
    if drill:
        raise ValidationError(f"{what} belongs to the drill “{drill}”, and {case.ref} is a real case. {MIXES}")
    raise ValidationError(f"{what} is real, and {case.ref} is the drill “{case.drill}”. {MIXES}")
