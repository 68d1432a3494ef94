from django.apps import AppConfig

from apps.core.vault import naming


class ServiceConfig(AppConfig):
    name = "apps.service"
    label = "service"

    def ready(self) -> None:
        from apps.service import keeping, workflow  # noqa: F401 - registers what is held and erased, and transitions

        naming.names("what came back for a letter", "SELECT sha256 FROM service_return WHERE sha256 <> ''")
