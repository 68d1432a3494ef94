"""Files of other people, read where they lie and never copied: the project's tests run without them too."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("CASEMGR_DATA", "../shared/data"))


def bodies(folder: str, pattern: str = "*.json") -> list[pytest.param]:  # type: ignore[valid-type]
    """A parameter for each file below the folder; one that is skipped where there are none."""
    root = Path(__file__).parents[3] / DATA / folder
    found = sorted(root.rglob(pattern))
    if not found:
        why = f"the sample files of {folder} are not on this machine"
        return [pytest.param(None, marks=pytest.mark.skip(reason=why))]
    return [pytest.param(path, id=path.name[:40]) for path in found]
