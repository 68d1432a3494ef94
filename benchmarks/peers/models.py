"""One table, five times."""

import pghistory
from auditlog.registry import auditlog
from django.db import models
from simple_history.models import HistoricalRecords

from apps.audit.models import AuditedModel
from apps.core.ids import uuid7


class Columns(models.Model):
    """What a case's own row is made of, roughly."""

    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20)
    summary = models.TextField(blank=True)
    severity = models.PositiveSmallIntegerField(default=2)
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True


class Keyed(Columns):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Plain(Keyed):
    """No trail."""

    def __str__(self) -> str:
        return self.title


class Ours(Columns, AuditedModel):
    """casemgr's."""

    class Meta(AuditedModel.Meta):
        pass

    def __str__(self) -> str:
        return self.title


@pghistory.track()
class Triggered(Keyed):
    """django-pghistory: triggers copy each row."""

    def __str__(self) -> str:
        return self.title


class Historical(Keyed):
    """django-simple-history: signals copy each row."""

    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.title


class Logged(Keyed):
    """django-auditlog: signals write what changed."""

    def __str__(self) -> str:
        return self.title


auditlog.register(Logged)
