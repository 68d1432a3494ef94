"""What commands say about the whole project: no drift between code, tables, contracts and papers."""

import io
import re
import shutil
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_socket import SocketConnectBlockedError

from casemgr.management.commands.diagrams import diagrams

ROOT = settings.BASE_DIR


def test_the_tables_are_as_the_models_say(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_rooms_import_only_what_is_above_them():
    tool = shutil.which("lint-imports", path=f"{sys.prefix}/bin")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_api_is_described_as_it_is():
    """`manage.py spectacular --file docs/openapi.yaml` writes it anew."""
    fresh = io.StringIO()
    call_command("spectacular", stdout=fresh, validate=True, fail_on_warn=True)
    assert fresh.getvalue() == (ROOT / "docs" / "openapi.yaml").read_text()


def test_the_readme_shows_the_states_as_they_are():
    """`manage.py diagrams` prints what stands between the marks."""
    shown = re.search(
        r"<!-- diagrams -->\n(.*?)\n?<!-- /diagrams -->", (ROOT / "README.md").read_text(), flags=re.DOTALL
    )
    assert shown
    assert shown[1].strip() == diagrams().strip()


def test_no_test_reaches_further_than_this_machine():
    with pytest.raises((SocketConnectBlockedError, UserWarning)):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_every_link_of_htmx_works_without_it():
    for path in (ROOT / "templates").rglob("*.html"):
        for tag in re.findall(r"<a\b[^>]*hx-get[^>]*>", path.read_text()):
            assert "href=" in tag, f"{path}: {tag}"
