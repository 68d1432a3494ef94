from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.insights import queries


def rail(request: HttpRequest) -> dict:
    """Numbers for the rail, asked for only where the rail is drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"rail_counts": SimpleLazyObject(lambda: queries.counts(user))}
