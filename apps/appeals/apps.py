from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "apps.appeals"
    label = "appeals"

    def ready(self) -> None:
        from apps.appeals import keeping, workflow  # noqa: F401 - registers what is held and erased, and transitions
