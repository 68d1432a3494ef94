"""Fields that several forms of the room have."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from apps.cases.models import Exhibit


def text(rows: int, **values: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **values)


def day(**values: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **values)


MOST = 9999  # no case has more exhibits


def numbers(labels: str) -> list[int]:
    """Exhibits as a lawyer cites them, "E1, E4-E6": 1, 4, 5, 6. Raises ValueError with what cannot be read."""
    found: list[int] = []
    for part in re.split(r"[\s,;]+", re.sub(r"\s*[-–—]\s*", "-", labels.strip())):
        if not part:
            continue
        match = re.fullmatch(r"[Ee]?(\d{1,4})(?:-[Ee]?(\d{1,4}))?", part)
        if not match:
            raise ValueError(part)
        first, last = int(match[1]), int(match[2] or match[1])
        found += range(first, min(last, MOST) + 1)
    return list(dict.fromkeys(found))


def labels(found: Iterable[int]) -> str:
    """The other way round, runs folded: "E1, E4–E6"."""
    runs: list[list[int]] = []
    for number in sorted(found):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"E{a}" if a == b else f"E{a}–E{b}" for a, b in runs)


class ExhibitsField(forms.CharField):
    """Exhibits of the case by their numbers; cleans to the exhibits. `offered` is set by the form."""

    offered: dict[int, Exhibit] = {}

    def clean(self, value: Any) -> list[Exhibit]:
        said = super().clean(value)
        try:
            wanted = numbers(said)
        except ValueError as error:
            raise forms.ValidationError(f"“{error}” is no exhibit: write E1, E2 or E1-E4.") from error
        if unknown := [number for number in wanted if number not in self.offered]:
            raise forms.ValidationError(f"E{unknown[0]} is no exhibit of this case.")
        return [self.offered[number] for number in wanted]


class CountriesField(forms.CharField):
    """Countries by their two letters, "DE, FR"; cleans to a list."""

    def clean(self, value: Any) -> list[str]:
        return [country for country in re.split(r"[\s,;]+", super().clean(value)) if country]
