from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.staff import actions
from apps.staff.models import MACHINE_ROLES, User


class Command(BaseCommand):
    help = "Registers a program that is no detector, and prints its API key once, as one of the administrators."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its name in the trail")
        parser.add_argument("--role", required=True, choices=[role for role in MACHINE_ROLES if role != "detector"])
        parser.add_argument("--as", dest="email", required=True, help="e-mail address of the administrator")

    def handle(self, *, slug: str, role: str, email: str, **options) -> None:
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {email}.")
        try:
            with transaction.atomic():
                account = actions.create_service_account(slug=slug, name=slug, roles=[role], by=person)
                _key, text = actions.issue_api_key(account, by=person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
