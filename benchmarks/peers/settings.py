"""casemgr's settings, with other people's audit trails beside ours."""

import sys

from casemgr.run.paths import BASE

sys.path.append(str(BASE / "var" / "peers"))

from casemgr.settings import *  # noqa: F403, TID251
from casemgr.settings import INSTALLED_APPS, MIDDLEWARE  # noqa: TID251

INSTALLED_APPS = [*INSTALLED_APPS, "pghistory", "simple_history", "auditlog", "benchmarks.peers"]
MIDDLEWARE = [*MIDDLEWARE]
MIGRATION_MODULES = {"peers": None}
