"""What may be said of strength, in plain sentences: for pages, letters and reports alike.

A sentence says how much more probable a result is under one proposition than under another, never how probable a
proposition is (ENFSI Guideline for Evaluative Reporting, 2015). A ratio under 1 is turned round and said of the
alternative. The words are those of one scale, which is named.

Pure.
"""

import re
from collections.abc import Iterable, Sequence

from apps.cases.strength.corrected import Corrected, Verdict
from apps.cases.strength.weighing import Basis, Combined, Line, Weighed
from apps.core.ui.formats import GAP, counted, number
from apps.evidence.fingerprints import TESTS, scales, wording

NO_NUMBER = "no number"
ALTERNATIVE = "the best other explanation"
CAVEAT = (
    "A ratio compares how probable the findings are under two propositions. How probable a proposition is, it does "
    "not say: that also depends on everything else that is known."
)


def scale(name: str = "") -> scales.Scale:
    """The scale of that name, or the one in force."""
    return scales.scale(name or scales.LR_SCALE)


def words(log10_lr: float | None, name: str = "") -> str:
    """The words of the scale; below 1 the ratio is turned round, as the scale demands."""
    if log10_lr is None:
        return NO_NUMBER
    said = scale(name).words(abs(log10_lr))
    return f"{said} support" if log10_lr >= 0 or said == "no" else f"{said} support for the alternative"


def ratio(log10_lr: float | None) -> str:
    """The ratio in figures, never rounded towards more: "334", "1/4.0"."""
    if log10_lr is None:
        return ""
    return printed(log10_lr) if log10_lr >= 0 else f"1/{printed(-log10_lr)}"


def printed(log10_lr: float) -> str:
    """A ratio of at least 1; with a space that our typeface has."""
    return wording.ratio(log10_lr).replace("\N{NARROW NO-BREAK SPACE}", GAP)


def definitions(name: str = "") -> list[tuple[str, str]]:
    """The scale as a table: words, and the ratios they stand for."""
    return [
        (f"{said} support", f"{start:,g} to {end:,g}" if end else f"over {start:,g}")
        for start, end, said in steps(name)
    ]


def steps(name: str = "") -> list[tuple[float, float | None, str]]:
    """The scale's steps: from, to (None for the last), words."""
    found = [(step.from_ or 1.0, step.words) for step in scale(name).steps]
    ends: list[float | None] = [start for start, _ in found[1:]]
    return [(start, end, said) for (start, said), end in zip(found, [*ends, None], strict=True)]


# --- one exhibit ------------------------------------------------------------------------------------------------------


def of_exhibit(one: Weighed, name: str = "") -> str:
    """What the exhibit carries, and why not more."""
    if one.counted is None:
        return f"{one.label} has no number; it is read for what it shows."
    parts = [f"{one.label} {_is_more_probable(one.said or 0.0, *_propositions(one), name)}."]
    if one.basis is Basis.P_ONLY:
        parts.append(
            f"Only a p-value is known: it allows a ratio of at most {printed(one.at_most or 0.0)}, and counts as "
            f"{ratio(one.counted)} (an e-value)."
        )
    if one.rerun and one.basis is Basis.RERUN:
        parts.append(
            f"Its test was run {one.rerun.count} times on {one.suspect}; it counts with the mean of all these runs "
            "(e-values), whichever of them is in the file."
        )
    if one.is_capped and one.cap is not None:
        parts.append(f"It is held at {ratio(one.cap)}, the most that the validation of its method carries.")
    return " ".join(parts)


def _propositions(one: Weighed) -> tuple[str, str]:
    """What the exhibit speaks for, and what otherwise: those of its test, or what people say that it shows."""
    if test := TESTS.get(one.test):
        return test.proposition, test.alternative
    return "what it is meant to show is true", "it is not"


def _is_more_probable(log10_lr: float, true: str, otherwise: str, name: str) -> str:
    said = words(log10_lr, name)
    if said.startswith("no "):
        return f"is about as probable if {true} as if {otherwise}: {said}"
    under, other = (true, otherwise) if log10_lr > 0 else (otherwise, true)
    return f"is about {printed(abs(log10_lr))} times more probable if {under} than if {other}: {said}"


# --- one group --------------------------------------------------------------------------------------------------------


def of_line(line: Line, name: str = "") -> str:
    """What the group carries, and how that came about."""
    who = counted(len(line.members), "exhibit")
    if line.log10_lr is None:
        return f"{line.group}: {who} without a number."
    if len(line.members) == 1:
        how = f"{line.members[0].label} alone"
    elif line.spoken_for_by:
        how = f"{line.how} (of {who})"
    else:
        how = (
            f"mean of {counted(sum(m.counted is not None for m in line.members), 'exhibit')}, never the best of several"
        )
    return f"{line.group}: {ratio(line.log10_lr)}, {words(line.log10_lr, name)}; {how}."


# --- the whole --------------------------------------------------------------------------------------------------------


def of_whole(whole: Combined, name: str = "") -> str:
    """All that is in the file, together."""
    if whole.log10_lr is None:
        return whole.how
    said = words(whole.log10_lr, name)
    if said.startswith("no "):
        found = f"is about as probable under what is alleged as under {ALTERNATIVE}: {said}"
    else:
        under, other = ("what is alleged", ALTERNATIVE) if whole.log10_lr > 0 else (ALTERNATIVE, "what is alleged")
        found = f"is about {printed(abs(whole.log10_lr))} times more probable under {under} than under {other}: {said}"
    return f"Together the evidence {found}. {whole.how}"


# --- everything tested ------------------------------------------------------------------------------------------------


def of_corrected(found: Corrected) -> list[str]:
    """How many runs there were, and which exhibits stand when all of them are counted."""
    said = [
        f"{counted(len(found.runs), 'run')} on {found.suspect} {_be(len(found.runs))} on record, failed and negative "
        f"ones included; {number(len(found.in_file))} of them {_be(len(found.in_file))} in this file."
    ]
    if found.compared:
        said[0] += f" Each p-value is held against all {number(found.compared)}."
    stands, leads = found.labels(Verdict.STANDS), found.labels(Verdict.LEAD)
    falls, cannot = found.labels(Verdict.FALLS), found.labels(Verdict.CANNOT)
    if stands:
        said.append(
            f"{_list(stands)} {_verb(stands, 'stands', 'stand')} when everything tested is counted (Holm, 1 %)."
        )
    if leads:
        held = [run.exhibit for run in found.in_file if run.run in found.whatever_dependence and run.exhibit in leads]
        more = "" if set(held) == set(leads) else " if the runs do not depend on one another"
        said.append(
            f"{_list(leads)} {_verb(leads, 'is', 'are')} good for a lead only (Benjamini-Hochberg, 5 %){more}: "
            "not for a measure that harms somebody by itself."
        )
    if falls:
        said.append(
            f"{_list(falls)} {_verb(falls, 'does', 'do')} not stand: among {number(found.compared)} runs a result like "
            f"{_verb(falls, 'it', 'them')} is to be expected by chance."
        )
    if cannot:
        said.append(
            f"{_list(cannot)} could not have stood whatever came out: the smallest p-value that "
            f"{_verb(cannot, 'its', 'their')} method can give is too large for {number(found.compared)} runs."
        )
    return said


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


def _verb(labels: Sequence[str], one: str, many: str) -> str:
    return one if len(labels) == 1 else many


def _list(labels: Iterable[str]) -> str:
    """E1, E2, E3 and E7 as "E1 to E3 and E7"."""
    parts = runs_of(labels)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def runs_of(labels: Iterable[str]) -> list[str]:
    """Numbered labels, with three or more in a row as one part."""
    numbers = sorted({int(found[0]) for label in labels if (found := re.findall(r"\d+$", label))})
    parts: list[str] = []
    start = 0
    for index in range(1, len(numbers) + 1):
        if index < len(numbers) and numbers[index] == numbers[index - 1] + 1:
            continue
        row = numbers[start:index]
        parts += [f"E{row[0]} to E{row[-1]}"] if len(row) > 2 else [f"E{n}" for n in row]
        start = index
    return parts
