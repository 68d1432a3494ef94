from pathlib import Path

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import actions
from apps.accounts.models import Import
from apps.staff.models import User


class Command(BaseCommand):
    help = "Imports account records from an NDJSON or CSV file, as one of the people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=Import.Kind.values, help="what the rows of the file are")
        parser.add_argument("path", type=Path)
        parser.add_argument("--as", dest="email", required=True, help="e-mail address of the person who imports")

    def handle(self, *, kind: str, path: Path, email: str, **options) -> None:
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {email}.")
        try:
            with path.open("rb") as stream:
                done = actions.import_records(kind=kind, filename=path.name, stream=stream, by=person)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.rows:,} rows: {done.created:,} created, {done.updated:,} updated, {done.unchanged:,} unchanged,"
            f" {done.rejected:,} rejected"
        )
        for rejected in done.rejections.all()[:20]:
            self.stdout.write(f"  {rejected}")
        if done.rejected > 20:
            self.stdout.write(f"  and {done.rejected - 20:,} more, kept with the import")
