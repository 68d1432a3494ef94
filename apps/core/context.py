from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict:
    """What the frame around every page needs."""
    return {"provider": settings.PROVIDER, "drill": settings.DRILL}
