from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class RecordsConfig(AppConfig):
    name = "apps.records"
    label = "records"

    def ready(self) -> None:
        from apps.records import guards, tasks, workflow  # noqa: F401 - register jobs and transitions

        autodiscover_modules("keeping")  # what each room has to hold, erase and retain
        guards.announce()
        post_migrate.connect(guards.install, sender=self)
