"""Copies of items, sent by links that work once. The custody event belongs to the moment in which the bytes leave."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from apps.core import downloads, vault
from apps.core.http import OCTETS, file_response
from apps.evidence import actions, queries
from apps.evidence.models import Item

KIND = "evidence.copy"


def link(item: Item, person: Any, **facts: str) -> str:
    """Where the person gets their copy, once."""
    return downloads.link(KIND, item.pk, person=person, **facts)


@downloads.sends(KIND)
def send(person: Any, key: str, **facts: str) -> HttpResponseBase:
    item = get_object_or_404(queries.visible_items(person), pk=key)
    event = actions.export_item(item, by=person, **facts)
    if not event.intact:
        words = "The file in the vault is not what was collected. No copy was made; the item's page says more."
        return HttpResponse(words, status=409, content_type="text/plain; charset=utf-8")
    return file_response(_Leaving(item, person), filename=item.filename, media_type=OCTETS, size=item.byte_size)


class _Leaving:
    """The bytes on their way; where they do not all leave, the chain says so when the response is closed."""

    def __init__(self, item: Item, person: Any) -> None:
        self.item, self.person, self.sent = item, person, 0
        self.parts = vault.chunks(item.sha256)

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            yield part
            self.sent += len(part)

    def close(self) -> None:
        if self.sent < self.item.byte_size:
            actions.break_off(self.item, sent=self.sent, by=self.person)
