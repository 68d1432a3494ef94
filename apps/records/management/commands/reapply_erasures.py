"""`manage.py reapply_erasures`: after a restore, erase once more what was erased since the backup was made."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.audit.principals import System
from apps.records import actions, journal


class Command(BaseCommand):
    help = "Erase once more what the journal of erasures names; to be run after every restore, before anybody signs in"

    def handle(self, *args, **options) -> None:
        try:
            entries = list(journal.entries())
        except ValueError as error:
            raise CommandError(f"The journal cannot be read: {error}") from error
        kept = 0
        for entry in entries:
            try:
                found = actions.reapply_erasure(**entry, by=System("restore"))
            except ValidationError as error:
                kept += 1
                self.stdout.write(f"{entry['ref']}: not erased. {' '.join(error.messages)}")
            else:
                self.stdout.write(f"{entry['ref']}: {'erased' if found else 'not in this database'}")
        spare = actions.drop_spare_keys(by=System("restore"))
        self.stdout.write(f"{spare} keys of subjects that are newer than the backup were dropped.")
        self.stdout.write(f"{len(entries)} erasures in the journal, {kept} not erased.")
        journal.write_missing()
        if kept:
            raise CommandError("Some were kept by a legal hold; release the hold or leave them, and say so on record.")
