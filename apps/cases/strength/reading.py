"""Reads what the strength of a case is made of: its exhibits, and every run on the suspects they are about.

Three statements, however many exhibits and runs there are.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.functional import cached_property  # that of Python 3.11 locks, and there are thousands

from apps.cases.models import Case, Independence
from apps.cases.strength import sentences
from apps.cases.strength.corrected import Attempt, Corrected, Verdict, correct
from apps.cases.strength.weighing import Combined, Reruns, Weighed, combine
from apps.evidence.models import TestRun

BOUND = "at_most"  # the route whose number is no more than a bound

# Suspect, test, key, and whether only planned runs are counted.
Again = dict[tuple[Any, str, Any, bool], Reruns | None]
Whole = tuple[tuple[Weighed, ...], Combined, tuple[Corrected, ...]]


@dataclass(frozen=True)
class Strength:
    """The evidence of a case, weighed. `suspects` holds what was tested on each suspect, whoever asked for it."""

    exhibits: tuple[Weighed, ...]
    combined: Combined
    suspects: tuple[Corrected, ...]
    argument: Independence | None
    scale: str

    @property
    def words(self) -> str:
        return sentences.words(self.combined.log10_lr, self.scale)

    @property
    def sentence(self) -> str:
        return sentences.of_whole(self.combined, self.scale)

    @property
    def corrections(self) -> list[str]:
        return [sentence for found in self.suspects for sentence in sentences.of_corrected(found)]

    def verdict(self, exhibit: Weighed) -> Verdict | None:
        """What became of the exhibit when everything tested on its suspect was counted."""
        return self.verdicts.get(exhibit.run)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Of the exhibits, by the run that each is."""
        return {exhibit.run: exhibit.label for exhibit in self.exhibits if exhibit.run}

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        return {run: verdict for found in self.suspects for run, verdict in found.verdicts.items()}

    @cached_property
    def by_number(self) -> dict[int, Weighed]:
        return {exhibit.number: exhibit for exhibit in self.exhibits}


# What was weighed last: by the case, the state of the rows it was weighed from, and the lines held to be independent.
_known: dict[tuple[Any, ...], Whole] = {}
MOST = 16  # cases that a process remembers

# Every write of a row gives it another place or another transaction.
STATE = "SELECT count(*), coalesce(sum(hashtext(e.ctid::text || ' ' || e.xmin::text)), 0) FROM cases_exhibit e"


def of(case: Case, *, only: Collection[Any] | None = None) -> Strength:
    """The strength of the case's exhibits; of those whose keys are in `only`, where that is given."""
    argument = _argument(case)
    exhibits = _exhibits(case) if only is None else _exhibits(case).filter(pk__in=list(only))
    return Strength(*_weigh(exhibits, _runs(case), _accepted(argument)), argument, sentences.scale().id)


def known(case: Case) -> Strength:
    """The same for a page: what has not changed since it was weighed last is not weighed again."""
    argument = _argument(case)
    accepted = _accepted(argument)
    state = (case.pk, _state(case), _runs(case).order_by().count(), accepted)
    found = _known.get(state)
    if found is None:
        if len(_known) >= MOST:
            _known.clear()
        found = _known[state] = _weigh(_exhibits(case), _runs(case), accepted)
    return Strength(*found, argument, sentences.scale().id)


def _state(case: Case) -> tuple[int, int]:
    """Another one after any change of the case's exhibits. Runs are written once, so that their number says enough."""
    with connection.cursor() as cursor:
        cursor.execute(f"{STATE} WHERE e.case_id = %s", [case.pk])
        return cursor.fetchone()


def _weigh(exhibits: QuerySet, found: QuerySet, accepted: Collection[str]) -> Whole:
    runs = list(found)
    own, again = {run["ref"]: run for run in runs}, _again(runs)
    weighed = tuple(_weighed(row, own.get(row["run"]), again) for row in exhibits)
    suspects = _suspects(runs, {one.run: one.label for one in weighed if one.run})
    return weighed, combine(weighed, accepted), suspects


def _exhibits(case: Case) -> QuerySet:
    columns = ("number", "dependency_group", "element", "log10_lr", "log10_lr_cap")
    return case.exhibits.order_by("number").annotate(run=F("item__test_run__ref")).values("run", *columns)


def _runs(case: Case) -> QuerySet:
    """The runs that are exhibits, and every other run on their suspects, oldest first: nobody chooses which count."""
    items = case.exhibits.order_by().values("item")
    about = TestRun.objects.filter(item__in=items, suspect__isnull=False).order_by().values("suspect")
    found = TestRun.objects.filter(Q(item__in=items) | Q(suspect__in=about)).order_by("run_at", "id")
    columns = ("ref", "suspect", "test_id", "key", "is_exploratory", "is_primary", "lr_route")
    figures = ("p_value", "log10_p", "p_floor", "log10_lr")
    return found.annotate(about=F("suspect__name")).values("about", *columns, *figures)


def _suspects(runs: Sequence[dict[str, Any]], labels: dict[str, str]) -> tuple[Corrected, ...]:
    """What was tested on each suspect of which a run is in the file; a run over accounts is about none."""
    in_file = {run["suspect"]: run["about"] for run in runs if run["suspect"] and run["ref"] in labels}
    tested: dict[Any, list[Attempt]] = {suspect: [] for suspect in in_file}
    for run in runs:
        if run["suspect"] in tested:
            tested[run["suspect"]].append(_tested(run, labels))
    return tuple(correct(in_file[key], tested[key], key) for key in sorted(tested, key=lambda key: (in_file[key], key)))


def _weighed(row: dict[str, Any], run: dict[str, Any] | None, again: Again) -> Weighed:
    shown = (f"E{row['number']}", row["dependency_group"], row["log10_lr"], row["log10_lr_cap"])
    if run is None:
        return Weighed(*shown, element=row["element"], number=row["number"])
    planned = not run["is_exploratory"]
    return Weighed(
        *shown,
        element=row["element"],
        number=row["number"],
        planned=planned,
        primary=run["is_primary"],
        log10_p=run["log10_p"],
        is_bound=run["lr_route"] == BOUND,
        rerun=again.get((run["suspect"], run["test_id"], run["key"], planned)),
        run=run["ref"],
        suspect=run["about"] or "",
        test=run["test_id"],
        computed=run["log10_lr"],
    )


def _again(runs: Sequence[dict[str, Any]]) -> Again:
    """How often each test was run on each suspect. Beside a planned run only other planned ones count: an exploration
    before the plan does not take away from it."""
    found: dict[tuple[Any, str, Any, bool], list[float]] = defaultdict(list)
    for run in runs:
        if run["suspect"] and run["log10_p"] is not None:
            found[run["suspect"], run["test_id"], run["key"], False].append(run["log10_p"])
            if not run["is_exploratory"]:
                found[run["suspect"], run["test_id"], run["key"], True].append(run["log10_p"])
    return {about: Reruns.of(values) for about, values in found.items()}


def _tested(run: dict[str, Any], labels: dict[str, str]) -> Attempt:
    return Attempt(
        run=run["ref"],
        suspect=run["about"],
        p=run["p_value"],
        p_floor=run["p_floor"] or 0.0,
        exhibit=labels.get(run["ref"], ""),
        planned=not run["is_exploratory"],
    )


def _accepted(argument: Independence | None) -> tuple[str, ...]:
    return tuple(argument.groups) if argument and argument.state == Independence.State.ACCEPTED else ()


def _argument(case: Case) -> Independence | None:
    """The argument that stands, accepted or still to be reviewed."""
    standing = case.independences.exclude(state=Independence.State.REFUSED)
    return standing.select_related("argued_by", "reviewed_by").first()
