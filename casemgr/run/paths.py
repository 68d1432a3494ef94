"""Where the demo keeps its things."""

import os
import sys
from pathlib import Path

from casemgr.supervisor import processes

BASE = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("VAR_DIR") or BASE / "var").resolve()
LOGS = VAR / "log"
RECORD = VAR / "run.json"
HOST = processes.LOOPBACK
MANAGE = [sys.executable, str(BASE / "manage.py")]
