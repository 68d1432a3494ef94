"""Set-up under the system's own Python: what it cannot do itself it asks for in one sentence."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "casemgr" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module of its own, with its directories in an empty place."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOG", tmp_path / "setup.log")
    monkeypatch.setattr(module, "STAMPS", tmp_path / "stamps.json")
    return module


def test_it_needs_nothing_that_is_not_in_the_standard_library() -> None:
    code = f"import runpy; runpy.run_path({str(SCRIPT)!r}, run_name='elsewhere')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_python_is_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (3, 99))
    assert bootstrap.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert "Python 3.99 or newer is needed" in said
    assert "PYTHON=" in said
    assert len(said.splitlines()) == 1


def test_an_ordinary_user_gets_exactly_one_command(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = (
        bootstrap.Need("libnowhere0", library="libnowhere.so.0"),
        bootstrap.Need("nowhere-tools", program="nowhere-tool"),
        bootstrap.Need("nowhere-data", file="/nowhere/data"),
    )
    monkeypatch.setattr(bootstrap, "NEEDS", missing)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.install_system_packages("demo")
    commands = re.findall(r"sudo sh -c '(.*)'", str(caught.value))
    assert len(commands) == 1
    assert commands[0].endswith("install -y --no-install-recommends libnowhere0 nowhere-tools nowhere-data")


def test_nothing_is_asked_for_when_nothing_is_missing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEEDS", (bootstrap.Need("this", file=str(SCRIPT)),))
    monkeypatch.setattr(bootstrap, "run", lambda *_, **__: pytest.fail("ran a command"))
    bootstrap.install_system_packages("demo")


def test_a_browser_that_does_not_start_is_no_browser(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ubuntu's package is a script that asks for a snap."""
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'Command requires the chromium snap to be installed.'\nexit 10\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not bootstrap.browser_starts("chromium")
    monkeypatch.setattr(bootstrap, "distribution", lambda: "ubuntu")
    with pytest.raises(bootstrap.SetupError, match="snap install chromium"):
        bootstrap.browser_package()
    monkeypatch.setattr(bootstrap, "distribution", lambda: "debian")
    assert bootstrap.browser_package() == ["chromium"]
    stub.write_text("#!/bin/sh\necho 'Chromium 150.0'\n")
    assert bootstrap.browser_package() == []


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_without_a_home_the_caches_stay_in_the_project(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    if home is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", home)
    assert bootstrap.usable_environment()["HOME"] == str(tmp_path / "var" / "home")


def test_a_failing_step_shows_the_end_of_its_log(bootstrap: ModuleType, tmp_path: Path) -> None:
    command = ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo line $i; done; exit 3"]
    with pytest.raises(bootstrap.SetupError, match=r"Doing it failed; setup.log ends with:") as caught:
        bootstrap.run(command, dict(os.environ), "Doing it")
    assert "line 8" in str(caught.value)
    assert "line 1" not in str(caught.value)


def test_a_broken_stamp_file_means_set_up_again(bootstrap: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "stamps.json").write_text("{ half")
    assert bootstrap.stamps() == {}
    bootstrap.stamp(venv="3.11")
    bootstrap.stamp(other="x")
    assert bootstrap.stamps() == {"venv": "3.11", "other": "x"}
