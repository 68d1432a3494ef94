"""`manage.py read_returns`: reads what came back for letters that went out by e-mail."""

import imaplib

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.service.tasks import take_returns


class Command(BaseCommand):
    help = "Read delivery reports, receipts and answers from the mailbox that RETURNS_URL names"

    def handle(self, *args, **options) -> None:
        if not settings.RETURNS_URL:
            raise CommandError("RETURNS_URL names no mailbox: maildir:///path or imaps://user:password@host/INBOX")
        try:
            taken = take_returns()
        except (OSError, imaplib.IMAP4.error) as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from error
        self.stdout.write(f"{taken} messages read.")
