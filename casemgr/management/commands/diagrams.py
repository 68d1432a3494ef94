"""`manage.py diagrams`: the states of everything that has states, as the README shows them."""

from django.core.management.base import BaseCommand

from apps.core.workflow import Workflow, workflows


def diagrams() -> str:
    """Markdown: a heading and a Mermaid diagram per workflow, in the order of the rooms."""
    return "\n\n".join(_diagram(flow) for flow in workflows())


def _diagram(flow: Workflow) -> str:
    return f"### {flow.model._meta.verbose_name.capitalize()}\n\n```mermaid\n{flow.mermaid()}\n```"


class Command(BaseCommand):
    help = "Print the state diagrams of the README, drawn from the rooms' workflow.py"

    def handle(self, *args, **options) -> None:
        self.stdout.write(diagrams())
