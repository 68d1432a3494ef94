from django.apps import AppConfig

from apps.core.vault import naming


class TransparencyConfig(AppConfig):
    name = "apps.transparency"
    label = "transparency"

    def ready(self) -> None:
        from apps.transparency import keeping, tasks, workflow  # noqa: F401 - registers what is held, jobs, transitions

        naming.names("statements of reasons", "SELECT sha256 FROM transparency_batch")
