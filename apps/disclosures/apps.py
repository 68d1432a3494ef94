from django.apps import AppConfig


class DisclosuresConfig(AppConfig):
    name = "apps.disclosures"
    label = "disclosures"

    def ready(self) -> None:
        from apps.disclosures import tasks, workflow  # noqa: F401 - registers jobs and transitions
