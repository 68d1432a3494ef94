from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import actions, intake
from apps.accounts.models import Import
from apps.audit.principals import System
from apps.staff.models import User

STEP = 1024 * 1024  # bytes


class Command(BaseCommand):
    help = "Imports account records from an NDJSON, CSV or Parquet file, as one of the people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=Import.Kind.values, help="what the rows of the file are")
        parser.add_argument("path", type=Path)
        parser.add_argument("--as", dest="email", required=True, help="e-mail address of the person who imports")

    def handle(self, *, kind: str, path: Path, email: str, **options) -> None:
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {email}.")
        try:
            done = self._imported(kind, path, person)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        if done.failure:
            raise CommandError(f"{done.failure} ({done.rows:,} rows before that were read)")
        self.stdout.write(
            f"{done.rows:,} rows: {done.created:,} created, {done.updated:,} updated, {done.unchanged:,} unchanged,"
            f" {done.rejected:,} rejected"
        )
        for rejected in done.rejections.all()[:20]:
            self.stdout.write(f"  {rejected}")
        if done.rejected > 20:
            self.stdout.write(f"  and {done.rejected - 20:,} more, kept with the import")

    def _imported(self, kind: str, path: Path, person: User) -> Import:
        """A large file goes part by part. Whoever stops this leaves the rest to the workers."""
        with path.open("rb") as file:
            done = intake.take(kind=kind, filename=path.name, chunks=_chunks(file), by=person).record
        while done.finished_at is None:
            actions.carry_on_import(done, by=System("worker", on_behalf_of=person.actor))
            self.stderr.write(f"{done.rows:,} rows so far")
        return done


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(STEP):
        yield chunk
