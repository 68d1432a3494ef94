"""A lock says which bytes are installed, and nothing about where they come from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
LOCKS = ["base", "demo", "dev", "setup", "clients", "clients-thehive4", "spark", "s3"]
PIN = re.compile(r"(?m)^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==([^ ;\\]+)")
URL = re.compile(r"[a-z+]+://\S+")


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((REQUIREMENTS / f"{name}.txt").read_text()))


def names(lines: list[str]) -> set[str]:
    """Requirement names without extras, bounds and comments."""
    return {re.split(r"[\[<>=;# ]", line)[0].lower() for line in lines if line and not line.startswith(("-", "#"))}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (REQUIREMENTS / f"{name}.txt").read_text().strip())
    assert [entry for entry in entries if not (PIN.match(entry) and "--hash=sha256:" in entry)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_place_to_download_from(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    assert URL.findall(text) == []
    assert not re.search(r"(?m)^\s*-(i|f)\b|index-url|find-links", text)


def test_the_locks_agree_with_each_other() -> None:
    assert pins("base").items() <= pins("demo").items() <= pins("dev").items()
    assert pins("setup").items() <= pins("dev").items()


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_what_was_asked_for(name: str) -> None:
    assert names((REQUIREMENTS / f"{name}.in").read_text().splitlines()) <= pins(name).keys()


def test_every_requirement_has_its_reason_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = {"base": project["dependencies"], **project["optional-dependencies"]}
    for name, wanted in reasons.items():
        assert names((REQUIREMENTS / f"{name}.in").read_text().splitlines()) == names(wanted), name


def test_the_npm_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
        assert "resolved" not in package
    assert URL.findall(json.dumps(lock)) == []
    assert all("integrity" in package for path, package in lock["packages"].items() if path)


def test_npm_settings_keep_it_that_way() -> None:
    settings = (ROOT / ".npmrc").read_text()
    assert "omit-lockfile-registry-resolved=true" in settings
    assert "registry=" not in settings.replace("omit-lockfile-registry-resolved=", "")
