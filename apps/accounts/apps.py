from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts import tasks, workflow  # noqa: F401 - registers jobs and transitions
        from apps.core.vault import naming

        naming.names("records that are being imported", "SELECT sha256 FROM accounts_import WHERE finished_at IS NULL")
