"""What a person may see of the people and machines that sign in."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.audit import private
from apps.audit.models import Event
from apps.staff.models import ApiKey, ServiceAccount, User


@dataclass(frozen=True)
class SignIn:
    """One sign-in, as the trail has it."""

    at: datetime
    methods: list[str]
    address: str = ""  # "" where it was erased, or is not the reader's business


def visible_people(user) -> QuerySet[User]:
    return User.objects.order_by("name", "id") if user.has_perm("staff.view") else User.objects.none()


def search(people: QuerySet[User], *, role: str = "", access: str = "", q: str = "") -> QuerySet[User]:
    """Those with a role, with or without access ("yes", "no"), whose name or address holds the words."""
    if role:
        people = people.filter(roles__contains=[role])
    if access:
        people = people.filter(is_active=access == "yes")
    if words := q.strip():
        people = people.filter(Q(name__icontains=words) | Q(email__icontains=words))
    return people


def sign_ins(person: User, *, reader: User, limit: int = 10) -> list[SignIn]:
    """The latest sign-ins of a person. The addresses are for nobody but themselves."""
    events = Event.objects.filter(actor=person.actor, action="staff.sign_in").order_by("-id")[:limit]
    return [
        SignIn(
            at=event.occurred_at,
            methods=json.loads(bytes(event.body)).get("details", {}).get("methods", []),
            address=str(private.reveal(event.event_uuid, "source_ip", "new") or "") if reader == person else "",
        )
        for event in events
    ]


def last_sign_ins(people: Iterable[User]) -> dict[UUID, datetime]:
    """When each was last signed in. One query."""
    actors = {person.actor: person.pk for person in people}
    latest = (
        Event.objects.filter(actor__in=actors, action="staff.sign_in")
        .order_by("actor", "-id")
        .distinct("actor")
        .values_list("actor", "occurred_at")
    )
    return {actors[actor]: at for actor, at in latest}


def visible_service_accounts(user) -> QuerySet[ServiceAccount]:
    return ServiceAccount.objects.order_by("slug") if user.has_perm("staff.view") else ServiceAccount.objects.none()


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Names for actors as the trail has them: `user:<uuid>`, `service:<slug>`, `recipient:<letter>`, `system:<name>`.
    One query."""
    wanted = set(actors)
    people = {UUID(actor.removeprefix("user:")) for actor in wanted if actor.startswith("user:")}
    names = {f"user:{pk}": name for pk, name in User.objects.filter(pk__in=people).values_list("pk", "name")}
    return {actor: names.get(actor, _plain(actor)) for actor in wanted}


def _plain(actor: str) -> str:
    kind, _, name = actor.partition(":")
    words = {"service": f"detector {name}", "recipient": f"the recipient of {name}", "system": "casemgr"}
    return words.get(kind, actor)


def keys_of(account: ServiceAccount) -> QuerySet[ApiKey]:
    return account.keys.select_related("created_by", "revoked_by").order_by("-created_at")
