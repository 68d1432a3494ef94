from django.apps import AppConfig
from django.db.models.signals import pre_delete


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        from apps.audit import fence, tasks  # noqa: F401 - registers its jobs
        from apps.audit.models import audited_models

        for model in audited_models():  # a cascade deletes without asking the instance or its manager
            pre_delete.connect(fence.refuse_deletion, sender=model)
