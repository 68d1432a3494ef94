from django.apps import AppConfig


class CounselConfig(AppConfig):
    name = "apps.counsel"
    label = "counsel"

    def ready(self) -> None:
        from apps.counsel import keeping  # noqa: F401 - registers what is held and erased
