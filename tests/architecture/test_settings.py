"""Every variable of the environment is where somebody looks for it, and none is there that does nothing."""

import re
import subprocess
import sys

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR


def read() -> set[str]:
    """Variables that settings.py reads, by whatever kind of call."""
    source = (ROOT / "casemgr" / "settings.py").read_text()
    return set(re.findall(r'(?:env\.\w+|secret)\(\s*"([A-Z][A-Z0-9_]+)"', source))


def example() -> dict[str, str]:
    """As systemd and others read such a file: a value is all that follows on its line."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))


def of_example() -> set[str]:
    return set(example())


def of_readme() -> set[str]:
    text = (ROOT / "README.md").read_text()
    return set(re.findall(r"^\|\s*`([A-Z][A-Z0-9_]+)`", text, flags=re.MULTILINE))


def test_some_are_found():
    assert {"DATABASE_URL", "SECRET_KEY", "DEBUG", "VAULT_DIR"} <= read()


@pytest.mark.parametrize(("place", "listed"), [(".env.example", of_example), ("README.md", of_readme)])
def test_the_lists_are_complete_and_hold_nothing_else(place, listed):
    assert read() - listed() == set(), f"missing in {place}"
    assert listed() - read() == set(), f"{place} lists what nothing reads"


def test_the_example_gives_no_secret_away():
    secrets = ("SECRET_KEY", "IDENTIFIER_PEPPER", "EVENT_SEAL_KEY", "PRIVATE_DATA_KEY")
    assert {example()[name] for name in secrets} == {""}


def test_the_example_is_an_environment_with_which_casemgr_starts(tmp_path):
    """No comment stands behind a value, or it would be part of it."""
    assert [name for name, value in example().items() if "#" in value or value != value.strip()] == []
    given = example() | {"VAR_DIR": str(tmp_path), "DATABASE_URL": "postgres://casemgr:x@127.0.0.1/casemgr"}
    show = "from casemgr.settings import *; print(HTTPS, TRUSTED_PROXIES, CSRF_TRUSTED_ORIGINS, PROVIDER['name'])"
    started = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )
    assert started.stdout == "False 0 [] Northlight AI\n", started.stderr


def test_settings_come_from_one_file():
    """`os.environ` is read nowhere in the rooms: a variable that no list has would do something."""
    for path in (ROOT / "apps").rglob("*.py"):
        if path.name in ("pdf_worker.py", "spark.py"):  # they set what their libraries read
            continue
        assert not re.search(r"os\.(environ|getenv)", path.read_text()), path
