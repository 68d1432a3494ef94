from django.apps import AppConfig

from apps.core import triggers

triggers.install()


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"
