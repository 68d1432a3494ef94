from django.apps import AppConfig

from apps.core.vault import naming


class NoticesConfig(AppConfig):
    name = "apps.notices"
    label = "notices"

    def ready(self) -> None:
        from apps.notices import tasks, workflow  # noqa: F401 - registers jobs and transitions

        naming.names("a letter", "SELECT pdf_sha256 AS sha256 FROM notices_notice WHERE pdf_sha256 <> ''")
