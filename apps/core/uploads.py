"""Several files at once, from a form to an action."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms


@dataclass(frozen=True)
class Upload:
    """A file as it comes in."""

    name: str
    chunks: Iterable[bytes]


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, or none."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        files = [file for file in (data or []) if file]
        for file in files:
            super().clean(file, initial)
        return [Upload(file.name, file.chunks()) for file in files]
