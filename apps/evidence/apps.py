from django.apps import AppConfig

from apps.core.vault import naming


class EvidenceConfig(AppConfig):
    name = "apps.evidence"
    label = "evidence"

    def ready(self) -> None:
        from apps.evidence import downloads, tasks, workflow  # noqa: F401 - registers links, jobs and transitions

        naming.names("an item of evidence", "SELECT sha256 FROM evidence_item WHERE state <> 'disposed'")
