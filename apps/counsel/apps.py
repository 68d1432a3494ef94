from django.apps import AppConfig


class CounselConfig(AppConfig):
    name = "apps.counsel"
    label = "counsel"

    def ready(self) -> None:
        from apps.cases.findings import hearing
        from apps.counsel import keeping  # noqa: F401 - registers what is held and erased
        from apps.counsel.queries import acting_for

        hearing.ACTING.append(acting_for)
