"""The cache that all processes of casemgr share, without a service of its own: rows of PostgreSQL, JSON values.

It holds what must be the same for every web process, such as how often a sign-in was refused and which one-time codes
were used. Django's own cache in the database keeps pickles, and whoever could write such a row would run programs in
every web process; besides, two of its writers may both be told that they were first when an old row has run out.
"""

from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.utils import timezone

from apps.core.models import CacheEntry

FOR_EVER = datetime.max.replace(tzinfo=UTC)


class SharedCache(BaseCache):
    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        key = self.make_and_validate_key(key, version)
        entry = CacheEntry.objects.filter(pk=key, expires_at__gt=timezone.now()).first()
        return entry.value if entry else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        key = self.make_and_validate_key(key, version)
        CacheEntry.objects.bulk_create(
            [CacheEntry(key=key, value=value, expires_at=self._expiry(timeout))],
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["value", "expires_at"],
        )

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Whether this call stored the value; of several at a time exactly one is told so. Takes out what ran out."""
        key = self.make_and_validate_key(key, version)
        CacheEntry.objects.filter(expires_at__lte=timezone.now()).delete()
        entry = {"value": value, "expires_at": self._expiry(timeout)}
        return CacheEntry.objects.get_or_create(key=key, defaults=entry)[1]

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        key = self.make_and_validate_key(key, version)
        alive = CacheEntry.objects.filter(pk=key, expires_at__gt=timezone.now())
        return bool(alive.update(expires_at=self._expiry(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        key = self.make_and_validate_key(key, version)
        return bool(CacheEntry.objects.filter(pk=key).delete()[0])

    def clear(self) -> None:
        CacheEntry.objects.all().delete()

    def _expiry(self, timeout: Any) -> datetime:
        seconds = self.get_backend_timeout(timeout)  # since 1970
        return FOR_EVER if seconds is None else datetime.fromtimestamp(seconds, UTC)
