"""PostgreSQL and Valkey for a machine that has neither: the demo's and the tests' own servers.

Nothing here serves production: `DATABASE_URL` and `CELERY_BROKER_URL`, when set, are used as they are and nothing is
started.

    services = Services(Path("var"))
    environment = services.start()      # {"DATABASE_URL": ..., "CELERY_BROKER_URL": ...}
    services.stop()
"""

from casemgr.supervisor.errors import ServiceError
from casemgr.supervisor.services import Services

__all__ = ["ServiceError", "Services"]
