from django.apps import AppConfig

from apps.core.vault import naming


class AlertsConfig(AppConfig):
    name = "apps.alerts"
    label = "alerts"

    def ready(self) -> None:
        from apps.alerts import mending, workflow  # noqa: F401 - registers the job and the transitions

        naming.names("a request of a detector", "SELECT raw_sha256 AS sha256 FROM alerts_batch WHERE raw IS NULL")
