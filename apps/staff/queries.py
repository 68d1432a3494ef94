from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.staff.models import ApiKey, ServiceAccount, User


def visible_people(user) -> QuerySet[User]:
    return User.objects.order_by("name") if user.has_perm("staff.view") else User.objects.none()


def visible_service_accounts(user) -> QuerySet[ServiceAccount]:
    return ServiceAccount.objects.order_by("slug") if user.has_perm("staff.view") else ServiceAccount.objects.none()


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Names for actors as the trail has them: `user:<uuid>`, `service:<slug>`, `system:<name>`. One query."""
    wanted = set(actors)
    people = {UUID(actor.removeprefix("user:")) for actor in wanted if actor.startswith("user:")}
    names = {f"user:{pk}": name for pk, name in User.objects.filter(pk__in=people).values_list("pk", "name")}
    return {actor: names.get(actor, _plain(actor)) for actor in wanted}


def _plain(actor: str) -> str:
    kind, _, name = actor.partition(":")
    return {"service": f"detector {name}", "system": "casemgr"}.get(kind, actor)


def keys_of(account: ServiceAccount) -> QuerySet[ApiKey]:
    return account.keys.select_related("created_by", "revoked_by").order_by("-created_at")
