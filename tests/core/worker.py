"""A worker of its own process: `python -m tests.core.worker hang|work FILE`. It does the jobs of kind `test.count`.

One that hangs writes the file when it is in the middle of the job, and then waits to be killed.
"""

import os
import sys
import time
from pathlib import Path


def main(how: str, file: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casemgr.settings")
    import django

    django.setup()
    from apps.core import jobs
    from apps.core.ids import next_reference

    @jobs.handles("test.count")
    def count(job) -> None:
        next_reference("DONE", 2026)
        if how == "hang":
            Path(file).write_text("in the middle")
            time.sleep(60)
        time.sleep(0.1)

    jobs.work_off()


if __name__ == "__main__":
    main(*sys.argv[1:])
