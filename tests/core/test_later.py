"""What a process loads when it starts, and what it leaves for later."""

import os
import subprocess
import sys

from apps.core.later import Later

START = """
import gc, sys
import django
django.setup()
print(sorted({"scipy", "holidays"} & set(sys.modules)), gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_a_process_starts_without_what_few_need_and_collects_garbage_afterwards():
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "casemgr.settings"}
    started = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=True)
    assert started.stdout.split("\n")[0] == "[] True True"


def test_what_is_asked_of_it_is_the_modules_own():
    assert Later("json").dumps([1]) == "[1]"
