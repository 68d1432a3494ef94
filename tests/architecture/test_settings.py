"""Every variable of the environment is where somebody looks for it, and none is there that does nothing."""

import re

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR


def read() -> set[str]:
    """Variables that settings.py reads, by whatever kind of call."""
    source = (ROOT / "casemgr" / "settings.py").read_text()
    return set(re.findall(r'(?:env\.\w+|secret)\(\s*"([A-Z][A-Z0-9_]+)"', source))


def of_example() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", text, flags=re.MULTILINE))


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
    for line in (ROOT / ".env.example").read_text().splitlines():
        if re.match(r"(SECRET_KEY|IDENTIFIER_PEPPER|EVENT_SEAL_KEY|PRIVATE_DATA_KEY)=", line):
            assert line.partition("=")[2].partition("#")[0].strip() == ""


def test_settings_come_from_one_file():
    """`os.environ` is read nowhere in the rooms: a variable that no list has would do something."""
    for path in (ROOT / "apps").rglob("*.py"):
        if path.name == "pdf_worker.py":  # a process of its own, which sets what its libraries read
            continue
        assert not re.search(r"os\.(environ|getenv)", path.read_text()), path
