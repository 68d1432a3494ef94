from django.apps import AppConfig


class EnforcementConfig(AppConfig):
    name = "apps.enforcement"
    label = "enforcement"

    def ready(self) -> None:
        from apps.enforcement import keeping, tasks  # noqa: F401 - registers what is held, and the worker's tasks
