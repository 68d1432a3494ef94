from django.apps import AppConfig

from apps.core.vault import naming


class EvidenceConfig(AppConfig):
    name = "apps.evidence"
    label = "evidence"

    def ready(self) -> None:
        from apps.evidence import tasks, workflow  # noqa: F401 - registers jobs and transitions
        from apps.evidence.files import downloads  # noqa: F401 - registers links

        naming.names("an item of evidence", "SELECT sha256 FROM evidence_item WHERE state <> 'disposed'")
