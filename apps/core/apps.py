import gc

from django.apps import AppConfig

from apps.core import triggers

triggers.install()
gc.disable()  # until all models are there: they stay, and to look through them for garbage takes a tenth of the start


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        gc.freeze()
        gc.enable()
