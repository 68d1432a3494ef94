from django.apps import AppConfig

from apps.core.vault import naming


class ServiceConfig(AppConfig):
    name = "apps.service"
    label = "service"

    def ready(self) -> None:
        from apps.service import keeping, tasks, workflow  # noqa: F401 - registers what is held, jobs and transitions

        naming.names("what came back for a letter", "SELECT sha256 FROM service_return WHERE sha256 <> ''")
