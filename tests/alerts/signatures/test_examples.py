"""The examples of docs/detectors.md, as they stand there, against a served site."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.alerts import actions
from apps.alerts.models import Alert, Batch
from tests.alerts.conftest import ALERT

DOCUMENT = (settings.BASE_DIR / "docs" / "detectors.md").read_text()
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL))


def run(name: str, folder: Path, **environment: str) -> str:
    """What an example prints."""
    script = folder / name
    script.write_text(EXAMPLES[name])
    by = [shutil.which("sh") or "sh", "-eu"] if name.endswith(".sh") else [sys.executable]
    done = subprocess.run(
        [*by, script],
        cwd=folder,
        env=os.environ | {"NO_PROXY": "*", "no_proxy": "*"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["by_hmac.sh", "by_hmac.py", "by_ed25519.py"])
def test_an_example_sends_a_signed_alert(committed_db: None, live_site: str, detector, people, tmp_path, name):
    from apps.staff.actions import issue_api_key

    if name.endswith(".sh") and not (shutil.which("openssl") and shutil.which("curl")):
        pytest.skip("this example needs openssl and curl on the PATH")
    given: dict[str, Any] = {"method": "hmac"}
    if name == "by_ed25519.py":
        secret, public_key = run("pair.py", tmp_path).split()
        given = {"method": "ed25519", "public_key": public_key}
    made = actions.add_signing_key(detector, reason="It signs", by=people.admin, **given)
    actions.require_signatures(detector, required=True, reason="It signs", by=people.admin)
    _, key = issue_api_key(detector.service_account, by=people.admin)
    (tmp_path / "alert.json").write_text(json.dumps(ALERT, indent=1) + "\n")
    answer = json.loads(run(name, tmp_path, SITE=live_site, KEY=key, SECRET=made or secret))
    assert answer["created"] == 1
    assert Alert.objects.count() == 1
    assert Batch.objects.get().message_id.startswith("msg_")


def test_no_example_is_left_untried():
    assert set(EXAMPLES) == {"by_hmac.sh", "by_hmac.py", "pair.py", "by_ed25519.py"}
