from django.apps import AppConfig

from apps.core.vault import naming


class DisclosuresConfig(AppConfig):
    name = "apps.disclosures"
    label = "disclosures"

    def ready(self) -> None:
        from apps.disclosures import tasks, workflow  # noqa: F401 - registers jobs and transitions

        naming.names("a report's facts", "SELECT snapshot_sha256 AS sha256 FROM disclosures_report")
        naming.names(
            "a released report",
            "SELECT file ->> 'sha256' AS sha256 FROM disclosures_report, jsonb_array_elements(files) AS file",
        )
