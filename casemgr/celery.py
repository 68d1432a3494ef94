"""Celery is the bell: it wakes workers, which claim rows. What must be done is in the rows, see apps/core/jobs.py."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casemgr.settings")

app = Celery("casemgr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "sweep": {"task": "core.work", "schedule": 15.0},  # finds what a lost ring left undone
    "send-letters": {"task": "service.send", "schedule": 15.0},
    "read-returns": {"task": "service.read_returns", "schedule": 60.0},
    "look-at-calendar": {"task": "service.look_at_calendar", "schedule": 60.0},
    "deliver": {"task": "alerts.deliver", "schedule": 15.0},
    "enforce": {"task": "enforcement.deliver", "schedule": 15.0},
    "enforcement-dates": {"task": "enforcement.keep_dates", "schedule": 15.0},
    "hand-in-statements": {"task": "transparency.send", "schedule": 15.0},
    "tell-late": {"task": "alerts.tell_late", "schedule": 60.0},
    "fixity": {"task": "evidence.nightly_fixity", "schedule": crontab(hour=2, minute=30)},
    "verify-trail": {"task": "audit.verify_nightly", "schedule": crontab(hour=2, minute=40)},
    "sweep-vault": {"task": "core.sweep_vault", "schedule": 3600.0},
    "link-all": {"task": "accounts.link_all", "schedule": crontab(hour=3, minute=10)},
    "link-new": {"task": "accounts.link_new", "schedule": 60.0},
    "retain": {"task": "records.retain", "schedule": crontab(hour=2, minute=20)},
}
